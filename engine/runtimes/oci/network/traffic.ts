import type { PodUid } from '../../../api/names.ts'
import type { NodeTraffic, TrafficProblem } from '../../../api/traffic.ts'
import { readText } from '../node/node.ts'
import type { OciNode } from '../ociNode.ts'
import { podPaths } from '../paths.ts'
import { addressesOf, parseSandbox } from '../pods/sandbox.ts'

/** What fails of one keeps no other from being answered; the first failure is told. */
export async function applyTraffic(
  { dns, ingress, otherNodes, services }: Pick<OciNode, 'dns' | 'ingress' | 'otherNodes' | 'services'>,
  traffic: NodeTraffic,
  signal?: AbortSignal,
): Promise<readonly TrafficProblem[]> {
  const all = await Promise.allSettled([
    services.apply(traffic, signal),
    dns.apply(traffic, signal),
    ingress.apply(traffic, signal),
    otherNodes.apply(traffic, signal),
  ])
  return all.flatMap((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value ?? []
  })
}

/** Does what takes a pod's addresses from it; connections to that end, or they would go to whoever has it next. */
export async function leaving(
  { paths, services, transport }: Pick<OciNode, 'paths' | 'services' | 'transport'>,
  uid: PodUid,
  work: () => Promise<void>,
): Promise<void> {
  const sandbox = parseSandbox(await readText(transport, podPaths(paths, uid).sandbox))
  await work()
  for (const address of addressesOf(sandbox ?? {})) await services.podGone(address)
}
