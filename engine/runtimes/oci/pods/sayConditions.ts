import type { PodUid } from '../../../api/names.ts'
import { type ConditionStatus, conditionsText, saidConditions } from '../../../api/podConditions.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { runOrFail } from '../commands.ts'
import { hookToldCommand } from '../hook/hookCommands.ts'
import { readText } from '../node/node.ts'
import { podPaths } from '../paths.ts'
import type { SandboxContext } from './sandbox.ts'

/** On record first; then whoever watches the node is told. */
export async function sayConditions(
  { facts, paths, transport }: SandboxContext,
  uid: PodUid,
  said: ReadonlyMap<string, ConditionStatus>,
  signal?: AbortSignal,
): Promise<void> {
  const pod = podPaths(paths, uid)
  if ((await transport.stat(pod.record)) === undefined) {
    throw new RuntimeFailure('NotFound', `pod ${uid} is not on this node`)
  }
  const all = new Map([...saidConditions(await readText(transport, pod.conditions)), ...said])
  await transport.writeFile(pod.conditions, conditionsText(all), 0o600)
  const failing = { reason: 'SayConditionsError', doing: 'telling of the conditions' }
  await runOrFail(transport, hookToldCommand(facts.hook, paths.events, uid), failing, signal)
}
