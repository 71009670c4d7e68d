import type { PodUid } from '../../../api/names.ts'
import { type ConditionStatus, conditionsText, saidConditions } from '../../../api/podConditions.ts'
import { tell } from '../hook/tell.ts'
import { readText } from '../node/node.ts'
import { podPaths } from '../paths.ts'
import { requirePod } from './requirePod.ts'
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
  await requirePod(transport, pod, uid)
  const all = new Map([...saidConditions(await readText(transport, pod.conditions)), ...said])
  await transport.writeFile(pod.conditions, conditionsText(all), 0o600)
  await tell(context, uid, signal)
}
