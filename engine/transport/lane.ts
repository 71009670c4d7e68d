import { type ChildProcess, spawn } from 'node:child_process'
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

/** Who is told what has the number that it asked with. */
export interface Listener {
  /** True: that was the last of it. */
  told(kind: string, body: Buffer): boolean
  /** The other end is gone. */
  lost(error: Error): void
}

/** The process at the other end, and how it is dealt with. */
export interface LaneProcess {
  readonly child: ChildProcess & { readonly stdin: Writable; readonly stdout: Readable }
  /** To a process group where the commands run. */
  readonly send: (group: number, signal: NodeJS.Signals) => void
  /** What those who wait are told when it ends. */
  readonly gone: () => Error
}

/** More than any command here says; what is beyond is cut off. */
export const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

/** The engine's end of lane.pl, which says why it is there and in which words it is spoken to. */
export class Lane {
  readonly #process: LaneProcess
  readonly #listeners = new Map<number, Listener>()
  #count = 0
  #unread: Buffer[] = []
  #unreadBytes = 0
  #readBytes = 0
  /** Of what is unread, so many bytes at least make a frame. */
  #frameBytes = 1
  #over: Error | undefined

  constructor(process: LaneProcess) {
    const { child, gone } = process
    this.#process = process
    child.on('error', (error) => this.end(new NoLane(error.message)))
    child.on('exit', () => this.end(gone()))
    // Told by its end.
    child.stdin.on('error', () => undefined)
    child.stdout.on('data', (bytes: Buffer) => this.#read(bytes))
    child.unref()
    hold(child.stdin, false)
    hold(child.stdout, false)
  }

  get isOver(): boolean {
    return this.#over !== undefined
  }

  /** Another one than before: more of a question has left, or of an answer arrived. Undefined: none is on its way. */
  get transferred(): number | undefined {
    const left = this.#process.child.stdin.writableLength
    return left === 0 && this.#unreadBytes === 0 ? undefined : this.#readBytes - left
  }

  /** A question; the answers come to the listener. The question's number. */
  ask(frame: (id: number) => Buffer, listener: Listener): number {
    if (this.#over !== undefined) throw this.#over
    const id = (this.#count += 1)
    const bytes = frame(id)
    this.#listeners.set(id, listener)
    hold(this.#process.child.stdout, true)
    this.#process.child.stdin.write(bytes)
    return id
  }

  /** `heard` has what the command says as it comes, in the stead of `ended`. */
  begin(
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    input?: string | Uint8Array,
    heard?: (kind: 'o' | 'e', bytes: Buffer) => void,
  ): Started & { readonly id: number } {
    const run = new Run(this.#process.send, heard)
    const id = this.ask((number) => commandFrame(number, argv, env, input), run)
    return {
      id,
      ended: run.ended,
      kill: (signal) => run.kill(signal),
      letGo: () => {
        // Not even begun: somebody has stopped this process. The next command is given to another one.
        if (run.group === undefined) this.#kill()
        else this.forget(id)
      },
    }
  }

  forget(id: number): void {
    this.#listeners.delete(id)
    if (this.#listeners.size === 0) hold(this.#process.child.stdout, false)
  }

  end(error: Error): void {
    this.#over ??= error
    for (const listener of this.#listeners.values()) listener.lost(error)
    this.#listeners.clear()
  }

  #kill(): void {
    this.#over = this.#process.gone()
    this.#process.child.kill('SIGKILL')
  }

  #read(bytes: Buffer): void {
    this.#unread.push(bytes)
    this.#readBytes += bytes.length
    this.#unreadBytes += bytes.length
    // A large frame comes in a thousand parts, and is put together once.
    if (this.#unreadBytes < this.#frameBytes) return
    const rest = this.#frames(this.#unread.length === 1 ? bytes : Buffer.concat(this.#unread))
    this.#unread = rest.length === 0 ? [] : [rest]
    this.#unreadBytes = rest.length
  }

  /** What is left when all whole frames have been told. */
  #frames(bytes: Buffer): Buffer {
    let rest = bytes
    for (;;) {
      const line = rest.indexOf(0x0a)
      this.#frameBytes = rest.length + 1
      if (line === -1) return rest
      const [kind = '', id, length] = rest.toString('latin1', 0, line).split(' ')
      const end = line + 1 + Number(length)
      this.#frameBytes = end
      if (rest.length < end) return rest
      const body = rest.subarray(line + 1, end)
      rest = rest.subarray(end)
      this.#told(kind, Number(id), body)
    }
  }

  #told(kind: string, id: number, body: Buffer): void {
    if (this.#listeners.get(id)?.told(kind, body) === true) this.forget(id)
  }
}

/** One command, from its beginning to its end. */
class Run implements Listener {
  readonly #send: LaneProcess['send']
  readonly #heard: ((kind: 'o' | 'e', bytes: Buffer) => void) | undefined
  readonly #end = Promise.withResolvers<Ended>()
  readonly #said: Record<'o' | 'e', Buffer[]> = { o: [], e: [] }
  #bytes = 0
  group: number | undefined
  /** Asked for before the process had begun. */
  #signal: NodeJS.Signals | undefined

  constructor(send: LaneProcess['send'], heard: ((kind: 'o' | 'e', bytes: Buffer) => void) | undefined) {
    this.#send = send
    this.#heard = heard
  }

  get ended(): Promise<Ended> {
    return this.#end.promise
  }

  kill(signal: NodeJS.Signals): void {
    if (this.group === undefined) this.#signal = signal
    else this.#send(this.group, signal)
  }

  lost(error: Error): void {
    this.#end.reject(error)
  }

  told(kind: string, body: Buffer): boolean {
    switch (kind) {
      case 'o':
      case 'e':
        this.#hear(kind, body)
        return false
      case 'p':
        this.group = Number(body.toString('latin1'))
        if (this.#signal !== undefined) this.#send(this.group, this.#signal)
        return false
      case 'x':
        this.#end.resolve(endOf(this.#said, Number(body.toString('latin1'))))
        return true
      default:
        this.#end.reject(new Error(body.toString()))
        return true
    }
  }

  #hear(kind: 'o' | 'e', body: Buffer): void {
    if (this.#heard !== undefined) return this.#heard(kind, body)
    this.#bytes += body.length
    if (this.#bytes <= OUTPUT_BYTES_MAX) this.#said[kind].push(body)
  }
}

/** Only what is under way keeps this process from ending. */
function hold(stream: Readable | Writable, held: boolean): void {
  if (!(stream instanceof Socket)) return
  if (held) stream.ref()
  else stream.unref()
}

/** The status as waitpid tells it. */
function endOf({ e, o }: Readonly<Record<'o' | 'e', readonly Buffer[]>>, status: number): Ended {
  const number = status & 0x7f
  return {
    ...(number === 0 ? { exitCode: status >> 8 } : { signal: SIGNALS.get(number) ?? `signal ${number}` }),
    stdout: Buffer.concat(o).toString(),
    stderr: Buffer.concat(e).toString(),
  }
}

function commandFrame(
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
  const none = input === undefined ? '-' : ''
  return Buffer.concat([
    Buffer.from(`${id} ${body.length} ${argv.length} ${variables.length} ${none}\n`),
    body,
  ])
}

/** Beside this file, also when it is bundled. */
export const LANE_SOURCE = new URL('lane.pl', import.meta.url)

/** One small process of this machine that starts commands for this large one. */
export function localLane(): Lane {
  const child = spawn('perl', [fileURLToPath(LANE_SOURCE)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH, LC_ALL: 'C' },
    // Ctrl-C on the engine's terminal must reach neither it nor what it has begun.
    detached: true,
  })
  return new Lane({ child, send, gone: () => new Error('the process that starts commands was ended') })
}

/** What is gone needs no signal. */
export function send(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
