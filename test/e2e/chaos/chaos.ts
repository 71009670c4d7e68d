import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runningContainers } from '../../support/containers.ts'
import { DaemonProcess, lineText, type LogLine } from '../../support/daemon.ts'
import type { World } from '../../support/engine.ts'
import type { Random } from '../../support/random.ts'
import type { Registry } from '../../support/registry.ts'
import type { Done } from './steps.ts'
import { FIRST, manifests, type Wanted, WITNESS_COMMAND } from './wanted.ts'

const LINES_SHOWN = 40

interface Told extends Done {
  /** How many lines the log had when it was done. */
  readonly from: number
}

/** A daemon on a world of its own, and what is done to both. */
export class Chaos {
  readonly world: World
  readonly random: Random
  readonly registry: Registry
  /** What the last valid commit asks for. */
  wanted: Wanted = FIRST
  daemon: DaemonProcess
  readonly told: Told[] = []
  /** All that were made, valid or not, in their order. */
  readonly commits: string[] = []
  /** Of the daemons before this one, then of this one. */
  readonly #past: LogLine[] = []
  readonly #names = new Map<string, string>()

  constructor(world: World, random: Random, registry: Registry) {
    this.world = world
    this.random = random
    this.registry = registry
    this.daemon = new DaemonProcess(world)
  }

  get lines(): readonly LogLine[] {
    return [...this.#past, ...this.daemon.lines]
  }

  /** Keeps the log of the one before. */
  async restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const status = await this.daemon.end(signal)
    // Before it has begun, the signal ends it as it ends any program.
    const hasBegun = this.daemon.lines.length > 0
    if (signal === 'SIGTERM' && hasBegun && status !== 0)
      throw new Error(`the daemon ended with ${status} when it was told to`)
    this.#past.push(...this.daemon.lines)
    this.daemon = new DaemonProcess(this.world)
  }

  note(done: Done, from: number): void {
    this.told.push({ ...done, from })
  }

  /** What no line of the log from then on tells of, with the lines that came next. */
  unexplained(): readonly string[] {
    const { lines } = this
    return this.told
      .filter(({ explainedBy, from }) => !lines.slice(from).some(explainedBy))
      .map(({ from, what }) => [what, ...lines.slice(from, from + LINES_SHOWN).map(lineText)].join('\n'))
  }

  /** Valid manifests, which become what is wanted. */
  async commit(wanted: Wanted): Promise<string> {
    const commit = await this.commitFiles(manifests(wanted))
    this.wanted = wanted
    return commit
  }

  async commitFiles(files: Readonly<Record<string, string>>): Promise<string> {
    const commit = await this.world.commit(files)
    this.commits.push(commit)
    return commit
  }

  /** `namespace/name` of no pod: its name, from the record as it was when it was last there. */
  podName(uid: string): string | undefined {
    try {
      const record = JSON.parse(readFileSync(join(this.world.root, 'pods', uid, 'pod.json'), 'utf8')) as {
        readonly pod: { readonly metadata: { readonly name: string } }
      }
      this.#names.set(uid, record.pod.metadata.name)
    } catch {
      // gone, or damaged: as it was known before
    }
    return this.#names.get(uid)
  }

  async pause(milliseconds: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
  }

  async withoutRegistry(milliseconds: number): Promise<void> {
    process.kill(this.registry.pid, 'SIGSTOP')
    await this.pause(milliseconds)
    process.kill(this.registry.pid, 'SIGCONT')
  }

  /** The process that nothing is done to. */
  async witness(): Promise<number> {
    const all = await runningContainers(this.world.root)
    const found = all.find(({ command }) => command === WITNESS_COMMAND)
    if (found === undefined) throw new Error('the witness does not run')
    return found.pid
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]()
  }
}
