import type { ObservedPod } from '../api/snapshot.ts'
import type { PodContext } from './context.ts'

/** The one that it is asked at: of IPv4. */
export function podAddress(pod: ObservedPod, context: PodContext): string | undefined {
  return podAddresses(pod, context)[0]
}

/**
 * One of each family that the pod has, that of IPv4 first. A pod in the host's network has the host's address; one that has ended is told with
 * those that it had, as Kubernetes does (getPodIPs in pkg/kubelet/pleg/generic.go).
 */
export function podAddresses({ ip, ip6, record }: ObservedPod, context: PodContext): readonly string[] {
  const { formerIP, formerIP6, pod } = record
  if (pod.spec.hostNetwork === true) return context.node.info?.addresses.slice(0, 1) ?? []
  return (ip === undefined ? [formerIP, formerIP6] : [ip, ip6]).filter((one) => one !== undefined)
}
