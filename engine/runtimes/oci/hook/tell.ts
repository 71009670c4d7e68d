import type { PodUid } from '../../../api/names.ts'
import { runOrFail } from '../commands.ts'
import type { SandboxContext } from '../pods/sandbox.ts'
import { hookToldCommand } from './hookCommands.ts'

export async function tell(
  { facts, paths, transport }: Pick<SandboxContext, 'facts' | 'paths' | 'transport'>,
  uid: PodUid,
  signal?: AbortSignal,
): Promise<void> {
  const failing = { reason: 'TellError', doing: 'telling of a change' }
  await runOrFail(transport, hookToldCommand(facts.hook, paths.events, uid), failing, signal)
}
