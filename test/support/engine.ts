import { execa } from 'execa'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { disposedAfterTest } from './cutOff.ts'
import { Dockerd } from './dockerd.ts'
import { type OwnRanges, ownRanges } from './ranges.ts'
import { nodeFiles, RUNTIME } from './runtimes.ts'

const MAIN = new URL('../../engine/main.ts', import.meta.url).pathname

export interface EngineRun {
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

export interface ShownContainer {
  readonly name: string
  readonly restartCount: number
  readonly ready: boolean
  readonly started?: boolean
  readonly image: string
  readonly state: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly lastState?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export interface ShownObject {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: Readonly<Record<string, unknown>>
  readonly status?: Readonly<Record<string, unknown>>
}

export interface ShownPod {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string }
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] }
  readonly status: {
    readonly phase: string
    readonly reason?: string
    readonly message?: string
    readonly podIP?: string
    readonly hostIP?: string
    readonly initContainerStatuses?: readonly ShownContainer[]
    readonly containerStatuses?: readonly ShownContainer[]
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly reason?: string
      readonly message?: string
      readonly lastTransitionTime?: string
    }[]
  }
}

/**
 * A repository, a root and the engine between them, as a user has them: everything goes through the command line.
 * Disposing takes the root down and deletes both.
 */
export class World implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'reconcile-e2e-'))
  readonly repo: string
  readonly root: string
  readonly ranges: WorldRanges
  /** Whose commands are run: another copy's, for tests of one version after the other. */
  engine = MAIN
  /** Where the vitest project says that docker runs the containers. */
  dockerd: Dockerd | undefined
  readonly #clusterYaml: string
  readonly #within: readonly string[]
  #disposed = false
  readonly #running = new Set<Promise<unknown> & { kill(signal: 'SIGINT'): boolean }>()

  private constructor(options: WorldOptions, ranges: WorldRanges) {
    this.ranges = ranges
    this.repo = join(this.folder, 'repo')
    this.root = options.root ?? join(this.folder, 'root')
    this.#clusterYaml = clusterYaml(options, ranges)
    this.#within = options.within ?? []
    disposedAfterTest(this)
  }

  static async create(options: WorldOptions): Promise<World> {
    const world = new World(options, options.ranges ?? (await ownRanges()))
    mkdirSync(world.repo)
    await world.git('init', '--quiet', '--initial-branch=main')
    if (RUNTIME === 'docker') world.dockerd = await Dockerd.create(join(world.folder, 'docker'))
    return world
  }

  /** The repository's one new commit holds exactly these files, and the Cluster. Resolves to its id. */
  async commit(files: Readonly<Record<string, string>>): Promise<string> {
    await this.git('rm', '-r', '--quiet', '--force', '--ignore-unmatch', '.')
    for (const [path, text] of Object.entries({
      'cluster.yaml': this.#clusterYaml,
      ...nodeFiles(),
      ...files,
    })) {
      mkdirSync(dirname(join(this.repo, path)), { recursive: true })
      writeFileSync(join(this.repo, path), text)
    }
    await this.git('add', '--all')
    await this.git('commit', '--quiet', '--allow-empty', '--message', 'test')
    return (await this.git('rev-parse', 'HEAD')).trim()
  }

  async git(...args: readonly string[]): Promise<string> {
    const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.invalid']
    return (await execa('git', [...author, ...args], { cwd: this.repo })).stdout
  }

  /** Begins a command of the engine; the caller may kill it. */
  start(...args: readonly string[]) {
    // As it is installed: from one file where scripts/setup has made that, which starts in half the time.
    const [program = this.engine, ...command] = [...this.#within, this.engine, '--root', this.root, ...args]
    const env = this.dockerd === undefined ? {} : { DOCKER_HOST: this.dockerd.host }
    const started = execa(program, command, { reject: false, stdin: 'ignore', env })
    this.#running.add(started)
    void started.finally(() => this.#running.delete(started))
    return started
  }

  async run(...args: readonly string[]): Promise<EngineRun> {
    const { exitCode, stdout, stderr } = await this.start(...args)
    return { exitCode, stdout, stderr }
  }

  /** With `--approve`: a test's next commit often has nothing of the one before. */
  async once(...args: readonly string[]): Promise<EngineRun> {
    return this.run('--once', '--approve', '--repo', this.repo, ...args)
  }

  /** `exec POD -- COMMAND`; the output without its last line end. */
  async exec(pod: string, ...command: readonly string[]): Promise<string> {
    const result = await this.run('exec', pod, '--', ...command)
    if (result.exitCode !== 0)
      throw new Error(`exec in ${pod} ended with ${result.exitCode}: ${result.stderr}`)
    return result.stdout
  }

  /** The official objects of one kind that `status -o json` shows, here or beside another world's repository. */
  async objects(kind: string, repo = this.repo): Promise<readonly ShownObject[]> {
    const { stdout, stderr, exitCode } = await this.run('status', '-o', 'json', '--repo', repo)
    if (exitCode !== 0) throw new Error(`status ended with ${exitCode}: ${stderr}`)
    const list = JSON.parse(stdout) as { readonly items: readonly ShownObject[] }
    return list.items.filter((item) => item.kind === kind)
  }

  async pods(repo = this.repo): Promise<readonly ShownPod[]> {
    return (await this.objects('Pod', repo)) as readonly ShownPod[]
  }

  async pod(name: string): Promise<ShownPod> {
    const pods = await this.pods()
    const found = pods.find((pod) => pod.metadata.name === name)
    if (found === undefined)
      throw new Error(`no pod ${name} among ${pods.map((pod) => pod.metadata.name).join(', ')}`)
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    // Of a test that was cut off.
    for (const engine of this.#running) engine.kill('SIGINT')
    await Promise.allSettled(this.#running)
    const down = await this.run('down')
    await this.dockerd?.[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
    if (down.exitCode !== 0) throw new Error(`down ended with ${down.exitCode}: ${down.stderr}`)
  }
}

type WorldRanges = Pick<OwnRanges, 'podCIDR' | 'serviceCIDR'>

export interface WorldOptions {
  /** For whoever must know them before; else the world takes some of its own. */
  readonly ranges?: WorldRanges
  /** `http://127.0.0.1:port`, which stands for docker.io. */
  readonly registry: string
  readonly cluster?: string
  readonly root?: string
  /** What the engine's command line is appended to, such as `nsenter` and where to. */
  readonly within?: readonly string[]
  /** Besides docker.io's: registries by their hosts, with the URLs that stand for them. */
  readonly mirrors?: Readonly<Record<string, string>>
  /** More of the Cluster's `spec`. */
  readonly spec?: Readonly<Record<string, unknown>>
  /** The Cluster's `spec.sync`. */
  readonly sync?: Readonly<Record<string, string | number | boolean>>
}

function clusterYaml(options: WorldOptions, ranges: WorldRanges): string {
  const all = Object.entries({ 'docker.io': options.registry, ...options.mirrors })
  const mirrors = Object.fromEntries(all.map(([host, url]) => [host, [url]]))
  return `apiVersion: reconcile.dev/v1
kind: Cluster
metadata: {name: ${options.cluster ?? 'e2e'}}
spec:
  podCIDR: ${ranges.podCIDR}
  serviceCIDR: ${ranges.serviceCIDR}
  registries: {mirrors: ${JSON.stringify(mirrors)}}
${Object.entries(options.spec ?? {})
  .map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`)
  .join('')}${options.sync === undefined ? '' : `  sync: ${JSON.stringify(options.sync)}\n`}`
}

/** Asks again until the answer satisfies; fails with the last answer. For what no event tells of from outside. */
export async function eventually<T>(
  ask: () => Promise<T>,
  satisfies: (answer: T) => boolean,
  limitMs = 60_000,
): Promise<T> {
  const until = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (satisfies(answer)) return answer
    if (performance.now() > until)
      throw new Error(`not within ${limitMs} ms; last: ${JSON.stringify(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
