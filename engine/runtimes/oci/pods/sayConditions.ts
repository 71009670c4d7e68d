import type { PodUid } from '../../../api/names.ts'
import { type ConditionStatus, conditionsText, saidConditions } from '../../../api/podConditions.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { tell } from '../hook/tell.ts'
import { readText } from '../node/node.ts'
import { podPaths } from '../paths.ts'
import type { SandboxContext } from './sandbox.ts'

/** On record first; then whoever watches the node is told. */
export async function sayConditions(
  context: SandboxContext,
  uid: PodUid,
  said: ReadonlyMap<string, ConditionStatus>,
  signal?: AbortSignal,
): Promise<void> {
  const { paths, transport } = context
  const pod = podPaths(paths, uid)
  if ((await transport.stat(pod.record)) === undefined) {
    throw new RuntimeFailure('NotFound', `pod ${uid} is not on this node`)
  }
  const all = new Map([...saidConditions(await readText(transport, pod.conditions)), ...said])
  await transport.writeFile(pod.conditions, conditionsText(all), 0o600)
  await tell(context, uid, signal)
}
