import { execa } from 'execa'
import type { Command, CommandResult } from './transport.ts'
import { TransportError } from './transport.ts'

const TIMEOUT_MS = 60_000
/** More than any command here says; what is beyond is cut off. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** From the polite signal to the certain one, once a command has run out of time or is not wanted any more. */
const KILL_AFTER_MS = 5_000

/**
 * In a session of its own: Ctrl-C on the engine's terminal must not reach a half-made pod, nor may the engine's own
 * end. What was begun either ends by itself or is found and done again.
 */
export async function runCommand(command: Command, signal?: AbortSignal): Promise<CommandResult> {
  signal?.throwIfAborted()
  const [program, ...args] = command.argv
  const result = await execa(program, args, {
    env: environment(command),
    extendEnv: false,
    ...(command.stdin === undefined ? { stdin: 'ignore' as const } : { input: command.stdin }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    timeout: command.timeoutMs ?? TIMEOUT_MS,
    forceKillAfterDelay: KILL_AFTER_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    reject: false,
    stripFinalNewline: false,
    detached: true,
    cleanup: false,
  })
  if (result.isCanceled) signal?.throwIfAborted()
  const ended = result.exitCode !== undefined || result.signal !== undefined || result.timedOut
  if (!ended) throw notRun(program, result.cause ?? result)
  return {
    exitCode: result.exitCode ?? exitCodeOf(result.signal),
    ...(result.signal === undefined ? {} : { signal: result.signal }),
    stdout: result.stdout,
    stderr: result.stderr,
    timedOut: result.timedOut,
  }
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
    cancelSignal: signal,
    forceKillAfterDelay: KILL_AFTER_MS,
    reject: false,
    buffer: false,
    encoding: 'buffer',
  })
  for await (const chunk of child.iterable({ from: 'stdout', binary: true })) yield chunk
  const result = await child
  if (result.exitCode === undefined && result.signal === undefined && !result.isCanceled) {
    throw notRun(program, result.cause ?? result)
  }
}
