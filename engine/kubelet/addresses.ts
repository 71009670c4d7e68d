import type { ObservedPod } from '../api/snapshot.ts'
import type { PodContext } from './context.ts'

/**
 * A pod in the host's network has the host's address; one that has ended is told with the one it had, as Kubernetes does
 * (getPodIPs in pkg/kubelet/pleg/generic.go).
 */
export function podAddress({ ip, record }: ObservedPod, context: PodContext): string | undefined {
  return record.pod.spec.hostNetwork === true ? context.node.info?.addresses[0] : (ip ?? record.formerIP)
}
