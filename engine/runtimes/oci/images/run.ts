import type { Command, CommandResult, Transport } from '../../../transport/transport.ts'
import { TransportError } from '../../../transport/transport.ts'
import type { RuntimeFailure } from '../../runtime.ts'
import type { Failing } from '../commands.ts'
import { commandFailure as failureOf, failure, runCommand as run, runOrFail as mustRun } from '../commands.ts'

/** A failed step after the registry has answered: the disk, a program, a damaged layer. */
export async function runOrFail(
  transport: Transport,
  command: Command,
  doing: string,
  signal: AbortSignal,
): Promise<CommandResult> {
  return await mustRun(transport, command, pulling(doing), signal)
}

export async function runCommand(
  transport: Transport,
  command: Command,
  doing: string,
  signal: AbortSignal,
): Promise<CommandResult> {
  return await run(transport, command, pulling(doing), signal)
}

export function commandFailure(command: Command, result: CommandResult, doing: string): RuntimeFailure {
  return failureOf(command, result, pulling(doing))
}

function pulling(doing: string): Failing {
  return { reason: 'ErrImagePull', doing }
}

/** What the transport could not do with the node's files is the world's failure too. */
export async function worldly<T>(doing: string, reason: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof TransportError || isSystemError(cause))) throw cause
    throw failure({ reason, doing }, cause)
  }
}

/** An answer of the kernel: ENOSPC, EROFS, EIO ... */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'errno' in error
}
