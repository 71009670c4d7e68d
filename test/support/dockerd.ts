import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { disposedAfterTest } from './cutOff.ts'

export interface DockerdPlace {
  /** With a daemon.json. */
  readonly folder: string
  /** What is of no use after it has ended. */
  readonly run: string
  readonly socket: string
}

/** What a daemon that is nobody else's is started with: it makes no network. */
export function dockerdArgs({ folder, run, socket }: DockerdPlace): readonly string[] {
  return [
    ...['--config-file', join(folder, 'daemon.json'), '--data-root', join(folder, 'data')],
    ...['--exec-root', join(run, 'exec'), '--pidfile', join(run, 'pid'), '--host', `unix://${socket}`],
    ...['--bridge', 'none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'],
    ...['--storage-driver', 'overlay2', '--exec-opt', 'native.cgroupdriver=cgroupfs'],
  ]
}

function socketIn(folder: string): string {
  return join(folder, 'docker.sock')
}

/** As DOCKER_HOST has it. */
export function hostIn(folder: string): string {
  return `unix://${socketIn(folder)}`
}

/** A docker of a test's own. Disposing ends it with all that it runs. */
export class Dockerd implements AsyncDisposable {
  readonly folder: string
  readonly #socket: string
  #process: ChildProcess | undefined

  private constructor(folder: string) {
    this.folder = folder
    this.#socket = socketIn(folder)
    disposedAfterTest(this)
  }

  static async create(folder = mkdtempSync(join(tmpdir(), 'reconcile-docker-'))): Promise<Dockerd> {
    mkdirSync(folder, { recursive: true })
    const dockerd = new Dockerd(folder)
    writeFileSync(join(dockerd.folder, 'daemon.json'), '{}')
    await dockerd.start()
    return dockerd
  }

  get host(): string {
    return hostIn(this.folder)
  }

  async start(): Promise<void> {
    const started = spawn(
      'dockerd',
      dockerdArgs({ folder: this.folder, run: this.folder, socket: this.#socket }),
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    this.#process = started
    await listening(started)
  }

  async stop(): Promise<void> {
    const running = this.#process
    this.#process = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const ended = once(running, 'exit')
    running.kill('SIGTERM')
    await ended
  }

  run(...args: readonly string[]): string {
    return execFileSync('docker', args, {
      encoding: 'utf8',
      env: { ...process.env, DOCKER_HOST: this.host },
    }).trim()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    for (const path of mounts.match(new RegExp(`${this.folder}/\\S+`, 'g')) ?? [])
      execFileSync('umount', ['--lazy', path])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Resolves once it answers. */
export async function listening(started: ChildProcess): Promise<void> {
  const { promise, reject, resolve } = Promise.withResolvers<void>()
  let said = ''
  started.stderr?.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-4000)
    if (said.includes('API listen on')) resolve()
  })
  started.once('error', reject)
  started.once('exit', (code) => reject(new Error(`dockerd ended with ${code}: ${said}`)))
  await promise
}
