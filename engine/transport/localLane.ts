import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** How a process ended, or that it could not be begun. */
export interface Ended {
  readonly exitCode?: number
  readonly signal?: string
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  /** Rejects when it could not be begun, or when nobody can tell any more how it ended. */
  readonly ended: Promise<Ended>
  /** To the process and all that it has begun in its group. */
  kill(signal: NodeJS.Signals): void
  /** Nobody waits for `ended` any more, which may never come. */
  letGo(): void
}

/** What the lane cannot be given has to be started in another way: nothing was begun. */
export class NoLane extends Error {
  override readonly name = 'NoLane'
}

interface Run {
  readonly stdout: Buffer[]
  readonly stderr: Buffer[]
  readonly end: PromiseWithResolvers<Ended>
  bytes: number
  group: number | undefined
  /** Asked for before the process had begun. */
  signal: NodeJS.Signals | undefined
}

/** Beside this file, also when it is bundled. */
const SOURCE = new URL('lane.pl', import.meta.url)
/** A pipe holds 65,536. */
const INPUT_BYTES_MAX = 60_000
/** More than any command here says; what is beyond is cut off. */
export const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

/** One small process that starts commands for this large one: lane.pl says why and how. */
export class Lane {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #runs = new Map<number, Run>()
  #count = 0
  #unread: Buffer = Buffer.alloc(0)
  #over: Error | undefined

  constructor() {
    this.#child = spawn('perl', [fileURLToPath(SOURCE)], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH, LC_ALL: 'C' },
      // Ctrl-C on the engine's terminal must reach neither it nor what it has begun.
      detached: true,
    })
    this.#child.on('error', (error) => this.#end(new NoLane(error.message)))
    this.#child.on('exit', () => this.#end(ended()))
    // Told by its end.
    this.#child.stdin.on('error', () => undefined)
    this.#child.stdout.on('data', (bytes: Buffer) => this.#read(bytes))
    this.#child.unref()
    hold(this.#child.stdin, false)
    hold(this.#child.stdout, false)
  }

  get isOver(): boolean {
    return this.#over !== undefined
  }

  begin(
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    input: string | Uint8Array | undefined,
  ): Started {
    if (this.#over !== undefined) throw this.#over
    const id = (this.#count += 1)
    const frame = frameOf(id, argv, env, input)
    const run: Run = {
      stdout: [],
      stderr: [],
      end: Promise.withResolvers(),
      bytes: 0,
      group: undefined,
      signal: undefined,
    }
    this.#runs.set(id, run)
    hold(this.#child.stdout, true)
    this.#child.stdin.write(frame)
    return {
      ended: run.end.promise,
      kill: (signal) => {
        if (run.group === undefined) run.signal = signal
        else send(run.group, signal)
      },
      letGo: () => {
        // Not even begun: somebody has stopped this process. The next command is given to another one.
        if (run.group === undefined) this.#kill()
        else this.#forget(id)
      },
    }
  }

  #kill(): void {
    this.#over = ended()
    this.#child.kill('SIGKILL')
  }

  #forget(id: number): void {
    this.#runs.delete(id)
    if (this.#runs.size === 0) hold(this.#child.stdout, false)
  }

  #end(error: Error): void {
    this.#over ??= error
    for (const run of this.#runs.values()) run.end.reject(error)
    this.#runs.clear()
  }

  #read(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes])
    for (;;) {
      const line = this.#unread.indexOf(0x0a)
      if (line === -1) return
      const [kind = '', id, length] = this.#unread.toString('latin1', 0, line).split(' ')
      const end = line + 1 + Number(length)
      if (this.#unread.length < end) return
      const body = this.#unread.subarray(line + 1, end)
      this.#unread = this.#unread.subarray(end)
      this.#told(kind, Number(id), body)
    }
  }

  #told(kind: string, id: number, body: Buffer): void {
    const run = this.#runs.get(id)
    if (run === undefined) return
    if (kind === 'o' || kind === 'e') {
      run.bytes += body.length
      if (run.bytes <= OUTPUT_BYTES_MAX) (kind === 'o' ? run.stdout : run.stderr).push(body)
      return
    }
    if (kind === 'p') {
      run.group = Number(body.toString('latin1'))
      if (run.signal !== undefined) send(run.group, run.signal)
      return
    }
    this.#forget(id)
    if (kind === 'x') run.end.resolve(endOf(run, Number(body.toString('latin1'))))
    else run.end.reject(new Error(body.toString()))
  }
}

function ended(): Error {
  return new Error('the process that starts commands was ended')
}

/** Only what is under way keeps this process from ending. */
function hold(stream: Readable | Writable, held: boolean): void {
  if (!(stream instanceof Socket)) return
  if (held) stream.ref()
  else stream.unref()
}

/** The status as waitpid tells it. */
function endOf({ stderr, stdout }: Run, status: number): Ended {
  const number = status & 0x7f
  return {
    ...(number === 0 ? { exitCode: status >> 8 } : { signal: SIGNALS.get(number) ?? `signal ${number}` }),
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  }
}

function frameOf(
  id: number,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  input: string | Uint8Array | undefined,
): Buffer {
  const variables = Object.entries(env)
  const parts = [...argv, ...variables.flat()]
  // The kernel takes none either; here it would begin another argument.
  if (parts.some((part) => part.includes('\0'))) throw new NoLane('an argument holds a NUL')
  const body = Buffer.concat([
    Buffer.from(parts.map((part) => `${part}\0`).join('')),
    Buffer.from(input ?? ''),
  ])
  if (input !== undefined && Buffer.byteLength(input) > INPUT_BYTES_MAX)
    throw new NoLane('the input is large')
  const none = input === undefined ? '-' : ''
  return Buffer.concat([
    Buffer.from(`${id} ${body.length} ${argv.length} ${variables.length} ${none}\n`),
    body,
  ])
}

/** What is gone needs no signal. */
export function send(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
