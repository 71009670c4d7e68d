import type { Command, CommandResult, Transport } from '../../transport/transport.ts'
import { RuntimeFailure } from '../runtime.ts'

export interface Failing {
  /** Kubernetes' reason. */
  readonly reason: string
  /** What was being done, to which object. */
  readonly doing: string
}

/** Runs a command that must succeed; what it said is in the failure. */
export async function runOrFail(
  transport: Transport,
  command: Command,
  failing: Failing,
  signal?: AbortSignal,
): Promise<CommandResult> {
  const result = await runCommand(transport, command, failing, signal)
  if (result.exitCode === 0 && !result.timedOut) return result
  throw commandFailure(command, result, failing)
}

/** A program that cannot be run at all is the world's failure, too. */
export async function runCommand(
  transport: Transport,
  command: Command,
  failing: Failing,
  signal?: AbortSignal,
): Promise<CommandResult> {
  try {
    return await transport.run(command, signal)
  } catch (cause) {
    signal?.throwIfAborted()
    throw failure(failing, cause)
  }
}

export function commandFailure(command: Command, result: CommandResult, failing: Failing): RuntimeFailure {
  const said = (result.stderr.trim() || result.stdout.trim()).slice(0, SAID_MAX)
  const end = result.timedOut ? 'took too long' : `ended with ${result.exitCode}`
  return new RuntimeFailure(
    failing.reason,
    `${failing.doing}: ${programOf(command)} ${end}${said === '' ? '' : `: ${said}`}${hintFor(said)}`,
  )
}

const SAID_MAX = 2000

/** Behind `flock`, which only holds the pod's lock, stands what is really run. */
function programOf(command: Command): string {
  const [program, ...args] = command.argv
  const inner = program === 'flock' ? args[2] : undefined
  return (inner ?? program).split('/').at(-1) ?? program
}

export function isDiskFull(said: string): boolean {
  return /no space left on device|disk quota exceeded/i.test(said)
}

function hintFor(said: string): string {
  return isDiskFull(said) ? '; the disk is full: free some space' : ''
}

/** Wraps what a file operation or a process threw. */
export function failure(failing: Failing, cause: unknown): RuntimeFailure {
  if (cause instanceof RuntimeFailure) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  return new RuntimeFailure(failing.reason, `${failing.doing}: ${message}${hintFor(message)}`, { cause })
}
