import type { Command, Transport } from '../../transport/transport.ts'
import { runCommand, runOrFail } from '../oci/commands.ts'
import type { Asking, ToolNode } from './tool.ts'

/** The program's commands, each in the place that is this root's. */
export function askers(
  transport: Transport,
  command: (args: readonly string[], more?: Omit<Command, 'argv'>) => Command,
): Pick<ToolNode, 'ask' | 'command' | 'tell'> {
  const asking =
    (run: typeof runCommand) =>
    async (args: readonly string[], { doing, reason, signal, ...more }: Asking) =>
      await run(transport, command(args, more), { doing, reason }, signal)
  return { command, ask: asking(runCommand), tell: asking(runOrFail) }
}
