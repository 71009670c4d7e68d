import type { Readable } from 'node:stream'
import { exitCodeOf, KILL_AFTER_MS, resultOf } from './commandEnd.ts'
import { type Lane, localLane, NoLane, OUTPUT_BYTES_MAX, PATH, send, type Started } from './lane.ts'
import type { Command, CommandResult } from './transport.ts'
import { TransportError } from './transport.ts'

/**
 * In a session of its own: Ctrl-C on the engine's terminal must not reach a half-made pod, nor may the engine's own
 * end. What was begun either ends by itself or is found and done again. Out of time, or not wanted any more, the command
 * is ended with all that it has begun, but for what has made itself a session of its own, as monitors do.
 */
export async function runCommand(command: Command, signal?: AbortSignal): Promise<CommandResult> {
  signal?.throwIfAborted()
  try {
    return await resultOf(command, beginInLane(command), signal, notRun)
  } catch (error) {
    if (!(error instanceof NoLane)) throw error
    return await resultOf(command, await beginDirectly(command), signal, notRun)
  }
}

let lane: Lane | undefined

function beginInLane(command: Command): Started {
  if (lane === undefined || lane.isOver) lane = localLane()
  return lane.begin(command.argv, environment(command), command.stdin)
}

/** Where there is no Perl. */
async function beginDirectly(command: Command): Promise<Started> {
  const { execa } = await import('execa')
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

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause))
}

function notRun(program: string, cause: unknown): TransportError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new TransportError(`running ${program} on this machine: ${why}`, { cause })
}

function environment(command: Command): Record<string, string> {
  return { PATH, ...command.env }
}

export async function runInteractive(command: Command): Promise<number> {
  const { execa } = await import('execa')
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
  const { execa } = await import('execa')
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
