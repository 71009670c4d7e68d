import type { Command, CommandResult, Transport } from '../../../transport/transport.ts'
import { TransportError } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'

/** A failed step after the registry has answered: the disk, a program, a damaged layer. */
export async function runOrFail(
  transport: Transport,
  command: Command,
  doing: string,
  signal: AbortSignal,
): Promise<CommandResult> {
  const result = await runCommand(transport, command, doing, signal)
  if (result.exitCode === 0 && !result.timedOut) return result
  throw commandFailure(command, result, doing)
}

/** As the transport's, but what keeps a command from running at all is the world's failure too. */
export async function runCommand(
  transport: Transport,
  command: Command,
  doing: string,
  signal: AbortSignal,
): Promise<CommandResult> {
  try {
    const result = await transport.run(command, signal)
    signal.throwIfAborted()
    return result
  } catch (cause) {
    signal.throwIfAborted()
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new RuntimeFailure('ErrImagePull', `${doing}: ${command.argv[0]} could not be run: ${message}`, {
      cause,
    })
  }
}

export function commandFailure(command: Command, result: CommandResult, doing: string): RuntimeFailure {
  const said = result.stderr.trim().slice(0, 1000)
  const end = result.timedOut ? 'took too long' : `ended with ${result.exitCode}`
  return new RuntimeFailure('ErrImagePull', `${doing}${fullDisk(said)}: ${command.argv[0]} ${end}: ${said}`)
}

export function isDiskFull(said: string): boolean {
  return /no space left on device|disk quota exceeded/i.test(said)
}

function fullDisk(said: string): string {
  return isDiskFull(said) ? ': the disk is full; free some space' : ''
}

/** What the transport could not do with the node's files is the world's failure too. */
export async function worldly<T>(doing: string, reason: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof TransportError || isSystemError(cause))) throw cause
    throw new RuntimeFailure(reason, `${doing}${fullDisk(cause.message)}: ${cause.message}`, { cause })
  }
}

/** An answer of the kernel: ENOSPC, EROFS, EIO ... */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'errno' in error
}
