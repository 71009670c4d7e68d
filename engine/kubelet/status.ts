import type { NodeInfo } from '../api/cri.ts'
import type { PodStatus } from '../api/generated/types.ts'
import { memoised } from '../api/memo.ts'
import type { ObservedPod } from '../api/snapshot.ts'
import { podAddresses } from './addresses.ts'
import { containerStatus } from './containerStatus.ts'
import type { PodContext } from './context.ts'
import { endOf } from './release.ts'
import { type PodView, viewOf } from './view.ts'

/** The official status of a pod, as its node was last read; while the node is silent its Ready is Unknown. */
export function podStatus(pod: ObservedPod, context: PodContext): PodStatus {
  const view = viewOf(pod, context)
  if (!view.steady) return makeStatus(view)
  view.memo.status ??= makeStatus(view)
  return view.memo.status
}

function makeStatus(view: PodView): PodStatus {
  const { pod } = view
  const { metadata } = pod.record.pod
  return {
    phase: view.phase,
    conditions: view.conditions,
    ...endWords(view),
    ...addresses(view),
    ...(metadata.creationTimestamp !== undefined && { startTime: metadata.creationTimestamp }),
    ...(view.inits.length > 0 && {
      initContainerStatuses: view.inits.map((container) => containerStatus(container, view)),
    }),
    containerStatuses: view.mains.map((container) => containerStatus(container, view)),
    qosClass: view.facts.qosClass,
  }
}

/** Why it has failed, where that is not its containers' doing. */
function endWords(view: PodView): Pick<PodStatus, 'reason' | 'message'> {
  const { end, phase } = view
  if (end === undefined ? phase !== 'Succeeded' && phase !== 'Failed' : phase !== end.phase) return {}
  const { reason, message } = endOf(view)
  return { ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) }
}

function addresses({ context, pod }: PodView): Partial<PodStatus> {
  const { info } = context.node
  const host = info === undefined ? {} : hostAddresses(info)
  const own = podAddresses(pod, context)
  const [podIP] = own
  return podIP === undefined ? host : { ...host, podIP, podIPs: own.map((ip) => ({ ip })) }
}

/** The same for all pods of a node. */
const hostAddresses = memoised(({ addresses: ips }: NodeInfo): Pick<PodStatus, 'hostIP' | 'hostIPs'> => {
  const [hostIP] = ips
  return hostIP === undefined ? {} : { hostIP, hostIPs: ips.map((ip) => ({ ip })) }
})
