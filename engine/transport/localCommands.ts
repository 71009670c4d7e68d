import { execa } from 'execa'
import type { Readable } from 'node:stream'
import { type Ended, Lane, NoLane, OUTPUT_BYTES_MAX, PATH, send, type Started } from './localLane.ts'
import type { Command, CommandResult } from './transport.ts'
import { TransportError } from './transport.ts'

const TIMEOUT_MS = 60_000
/** From the polite signal to the certain one, once a command has run out of time or is not wanted any more. */
const KILL_AFTER_MS = 5_000
/** From the certain one to going on without its end: what has a session of its own may keep the output open for ever. */
const LET_GO_AFTER_MS = 1_000

/**
 * In a session of its own: Ctrl-C on the engine's terminal must not reach a half-made pod, nor may the engine's own
 * end. What was begun either ends by itself or is found and done again. Out of time, or not wanted any more, the command
 * is ended with all that it has begun, but for what has made itself a session of its own, as monitors do.
 */
export async function runCommand(command: Command, signal?: AbortSignal): Promise<CommandResult> {
  signal?.throwIfAborted()
  try {
    return await resultOf(command, beginInLane(command), signal)
  } catch (error) {
    if (!(error instanceof NoLane)) throw error
    return await resultOf(command, beginDirectly(command), signal)
  }
}

async function resultOf(command: Command, started: Started, signal?: AbortSignal): Promise<CommandResult> {
  const ending = new Ending(started)
  const timer = setTimeout(() => ending.outOfTime(), command.timeoutMs ?? TIMEOUT_MS)
  const notWanted = () => ending.begin()
  signal?.addEventListener('abort', notWanted)
  try {
    const { exitCode, signal: by, stderr, stdout } = await Promise.race([started.ended, ending.letGo])
    signal?.throwIfAborted()
    return {
      exitCode: exitCode ?? exitCodeOf(by),
      ...(by === undefined ? {} : { signal: by }),
      stdout,
      stderr,
      timedOut: ending.timedOut,
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof NoLane ? error : notRun(command.argv[0], error)
  } finally {
    clearTimeout(timer)
    ending.over()
    signal?.removeEventListener('abort', notWanted)
  }
}

let lane: Lane | undefined

function beginInLane(command: Command): Started {
  if (lane === undefined || lane.isOver) lane = new Lane()
  return lane.begin(command.argv, environment(command), command.stdin)
}

/** Where there is no Perl, and for what does not fit a pipe. */
function beginDirectly(command: Command): Started {
  const [program, ...args] = command.argv
  const child = execa(program, args, {
    env: environment(command),
    extendEnv: false,
    ...(command.stdin === undefined ? { stdin: 'ignore' as const } : { input: command.stdin }),
    maxBuffer: OUTPUT_BYTES_MAX,
    reject: false,
    stripFinalNewline: false,
    detached: true,
    cleanup: false,
  })
  const { pid } = child
  return {
    kill: (signal) => {
      if (pid !== undefined) send(pid, signal)
    },
    letGo: () => {
      child.stdout.destroy()
      child.stderr.destroy()
    },
    ended: child.then((result) => {
      const { exitCode, signal, stderr, stdout } = result
      if (exitCode === undefined && signal === undefined) throw asError(result.cause ?? result)
      return { ...(exitCode === undefined ? {} : { exitCode }), ...(signal && { signal }), stdout, stderr }
    }),
  }
}

/** From the polite signal to the certain one, to a whole process group, and on to nobody waiting any more. */
class Ending {
  timedOut = false
  readonly #started: Started
  readonly #letGo = Promise.withResolvers<Ended>()
  #timer: NodeJS.Timeout | undefined

  constructor(started: Started) {
    this.#started = started
  }

  outOfTime(): void {
    this.timedOut = true
    this.begin()
  }

  begin(): void {
    if (this.#timer !== undefined) return
    this.#started.kill('SIGTERM')
    this.#timer = setTimeout(() => this.#kill(), KILL_AFTER_MS)
  }

  #kill(): void {
    this.#started.kill('SIGKILL')
    this.#timer = setTimeout(() => {
      this.#letGo.resolve({ signal: 'SIGKILL', stdout: '', stderr: '' })
      this.#started.letGo()
    }, LET_GO_AFTER_MS)
  }

  /** As the end of what was killed, and has not been seen to end. */
  get letGo(): Promise<Ended> {
    return this.#letGo.promise
  }

  over(): void {
    clearTimeout(this.#timer)
  }
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause))
}

/** A shell's convention; which signal it was stands beside it. */
function exitCodeOf(signal: string | undefined): number {
  return signal === 'SIGKILL' ? 137 : signal === 'SIGTERM' ? 143 : 128
}

function notRun(program: string, cause: unknown): TransportError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new TransportError(`running ${program} on this machine: ${why}`, { cause })
}

function environment(command: Command): Record<string, string> {
  return { PATH, ...command.env }
}

export async function runInteractive(command: Command): Promise<number> {
  const [program, ...args] = command.argv
  const result = await execa(program, args, {
    env: environment(command),
    extendEnv: false,
    stdio: [command.stdin === undefined ? 'inherit' : 'ignore', 'inherit', 'inherit'],
    reject: false,
    // Ctrl-C belongs to the command: its terminal passes it on.
    cleanup: true,
  })
  if (result.exitCode === undefined && result.signal === undefined)
    throw notRun(program, result.cause ?? result)
  return result.exitCode ?? exitCodeOf(result.signal)
}

export async function* streamCommand(command: Command, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (signal.aborted) return
  const [program, ...args] = command.argv
  const child = execa(program, args, {
    env: environment(command),
    extendEnv: false,
    stdin: 'ignore',
    stderr: 'ignore',
    forceKillAfterDelay: KILL_AFTER_MS,
    reject: false,
    buffer: false,
    encoding: 'buffer',
  })
  // What the command has begun may keep the pipe open, and is waited for no longer.
  const end = () => {
    child.kill()
    child.stdout.destroy()
  }
  signal.addEventListener('abort', end)
  try {
    yield* chunksOf(child.stdout, signal)
    const result = await child
    const started = result.exitCode !== undefined || result.signal !== undefined
    if (!started) throw notRun(program, result.cause ?? result)
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

async function* chunksOf(stream: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
