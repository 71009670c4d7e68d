import { execa } from 'execa'
import { createServer } from 'node:net'
import { readFileSync } from 'node:fs'
import { engine } from '../measure.ts'

const READY_WITHIN_MS = 60_000
const LOOK_AGAIN_MS = 20

/** `reconcile` without `--once`, as a process of its own that follows a repository. Disposing ends it; its pods stay. */
export class EngineProcess implements AsyncDisposable {
  readonly #child
  readonly #address: string
  #hasEnded = false

  private constructor(repo: string, root: string, port: number) {
    this.#address = `http://127.0.0.1:${port}`
    const [program, ...args] = engine('--repo', repo, '--root', root, '--listen', String(port))
    this.#child = execa(program, args, { reject: false, all: true, stdin: 'ignore' })
    void this.#child.then(() => (this.#hasEnded = true))
  }

  /** Resolves when it has a commit in force and has looked at the node. */
  static async start(repo: string, root: string): Promise<EngineProcess> {
    const daemon = new EngineProcess(repo, root, await freePort())
    await daemon.#untilReady()
    return daemon
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the daemon was not started')
    return this.#child.pid
  }

  /** The value of a metric without labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.#address}/metrics`)).text()
    const line = text.split('\n').find((each) => each.startsWith(`${name} `))
    if (line === undefined) throw new Error(`/metrics has no ${name}`)
    return Number(line.slice(name.length + 1))
  }

  async #untilReady(): Promise<void> {
    const until = performance.now() + READY_WITHIN_MS
    while (performance.now() < until) {
      const answer = await fetch(`${this.#address}/readyz`).catch(() => undefined)
      await answer?.body?.cancel()
      if (answer?.ok === true) return
      if (this.#hasEnded) break
      await new Promise((resolve) => {
        setTimeout(resolve, LOOK_AGAIN_MS)
      })
    }
    this.#child.kill()
    throw new Error(`the daemon did not become ready:\n${(await this.#child).all}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#child
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  const { promise, resolve } = Promise.withResolvers<void>()
  server.once('listening', resolve)
  await promise
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export interface Usage {
  readonly cpuMs: number
  readonly residentBytes: number
}

/** Clock ticks a second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100
const PAGE_BYTES = 4096

/** Of a process and all that it has begun and that has not left it, as containers' monitors have. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // proc(5): utime, stime and those of children that were waited for are 14 to 17, rss is 24, counted from the number; the state is 3.
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0)
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  const theirs = children.map((child) => usageOf(Number(child)))
  return {
    cpuMs: theirs.reduce((sum, { cpuMs }) => sum + cpuMs, (ticks * 1000) / TICKS),
    residentBytes: theirs.reduce(
      (sum, { residentBytes }) => sum + residentBytes,
      Number(fields[21]) * PAGE_BYTES,
    ),
  }
}
