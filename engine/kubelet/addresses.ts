import type { ObservedPod } from '../api/snapshot.ts'
import type { PodContext } from './context.ts'

/** A pod in the host's network has the host's address. */
export function podAddress(pod: ObservedPod, context: PodContext): string | undefined {
  return pod.record.pod.spec.hostNetwork === true ? context.node.info?.addresses[0] : pod.ip
}
