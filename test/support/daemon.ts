import { createInterface } from 'node:readline'
import type { World } from './engine.ts'

/** A line of the daemon's log, as `--log-format json` writes it. */
export interface LogLine {
  readonly time: string
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly commit?: string
  readonly object?: string
  readonly pod?: string
  readonly node?: string
  readonly action?: string
  readonly reason?: string
}

/** `reconcile` without `--once`, as a process of its own on a world's root; its log is read as it comes. */
export class DaemonProcess implements AsyncDisposable {
  /** All of them, oldest first. What is no JSON is a line of level error, for a test to stumble over. */
  readonly lines: LogLine[] = []
  readonly #process: ReturnType<World['start']>
  readonly #waiting = new Set<() => void>()
  #ended = false

  constructor(world: World, args: readonly string[] = [], repo = world.repo) {
    this.#process = world.start('--repo', repo, '--log-format', 'json', ...args)
    const { stderr } = this.#process
    createInterface({ input: stderr }).on('line', (text) => {
      this.lines.push(parseLine(text))
      for (const wake of this.#waiting) wake()
    })
    void this.#process.finally(() => {
      this.#ended = true
      for (const wake of this.#waiting) wake()
    })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get isRunning(): boolean {
    return !this.#ended
  }

  /** The first line from `from` on that satisfies; waits for it. Fails when the daemon ends before, with the last lines. */
  async until(satisfies: (line: LogLine) => boolean, { from = 0, limitMs = 40_000 } = {}): Promise<LogLine> {
    const deadline = AbortSignal.timeout(limitMs)
    for (;;) {
      const found = this.lines.slice(from).find(satisfies)
      if (found !== undefined) return found
      if (this.#ended || deadline.aborted) {
        const why = this.#ended ? 'the daemon has ended' : `not within ${limitMs} ms`
        throw new Error(`${why}; its last lines:\n${this.lines.slice(-20).map(lineText).join('\n')}`)
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake)
          deadline.removeEventListener('abort', wake)
          resolve()
        }
        this.#waiting.add(wake)
        deadline.addEventListener('abort', wake)
      })
    }
  }

  signal(signal: 'SIGHUP' | 'SIGTERM' | 'SIGKILL'): void {
    this.#process.kill(signal)
  }

  /** Resolves to the exit status; undefined where a signal ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | undefined> {
    this.signal(signal)
    return (await this.#process).exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) await this.end()
  }
}

export function lineText({ level, message, time, ...about }: LogLine): string {
  return `${time} ${level} ${message} ${JSON.stringify(about)}`
}

function parseLine(text: string): LogLine {
  try {
    const line = JSON.parse(text) as LogLine
    if (typeof line.message === 'string') return line
  } catch {
    // told below
  }
  return { time: '', level: 'error', message: `no line of JSON: ${text}` }
}
