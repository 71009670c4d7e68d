import type { Health } from '../api/plan.ts'
import { controllerOf } from '../api/owners.ts'
import type { ControllerContext, PodDeletion, PodNote } from './decision.ts'
import { canBeDeleted, isActive, isAvailable, type PodView, readySinceMs } from './view.ts'

/** What the controllers of ReplicaSets, DaemonSets and StatefulSets have in common. */

/** The deletion, or why it has to wait. */
export function deletionOf(
  pod: PodView,
  reason: string,
  bucket: PodDeletion['bucket'],
  disrupts?: PodDeletion['disrupts'],
): { readonly deletion: PodDeletion } | { readonly note: PodNote } {
  if (canBeDeleted(pod))
    return { deletion: { pod, reason, bucket, ...(disrupts !== undefined && { disrupts }) } }
  const until = pod.reachable ? `${pod.busy?.kind ?? 'its action'} is done` : `node ${pod.node} answers`
  return { note: { pod, bucket: 'wait', reason: `${reason}: once ${until}` } }
}

/** Available, and an engine that starts now would know it: no other pod goes for a readiness that is not on record yet. */
export function isFirmlyAvailable(pod: PodView, minReadySeconds: number, nowMs: number): boolean {
  return pod.readyOnRecord && isActive(pod) && isAvailable(pod, minReadySeconds, nowMs)
}

/** Milliseconds since 1970; the next time that a pod will have been ready for minReadySeconds. */
export function nextAvailableMs(
  pods: readonly PodView[],
  minReadySeconds: number,
  { nowMs }: ControllerContext,
): number {
  if (minReadySeconds === 0) return Number.POSITIVE_INFINITY
  let next = Number.POSITIVE_INFINITY
  for (const pod of pods) {
    const at = readySinceMs(pod) + minReadySeconds * 1000
    if (isActive(pod) && at > nowMs) next = Math.min(next, at)
  }
  return next
}

/** Why no later pod of a template will do better: each one that is not healthy fails for a reason that another try does not cure. */
export function certainFailure(pods: readonly PodView[]): Health | undefined {
  const ailing = pods.filter((pod) => isActive(pod) && pod.health.kind !== 'healthy')
  const [first] = ailing
  if (first?.health.kind !== 'failed' || ailing.some(({ health }) => health.kind !== 'failed'))
    return undefined
  return { ...first.health, message: `pod ${first.label}: ${first.health.message}` }
}

/** `1 pod is ending` */
export function endingText(pods: readonly PodView[]): string | undefined {
  // What has been replaced on a node that does not answer ends when it does: nobody waits for that.
  const ending = pods.filter(({ deleting, evicted, reachable }) => deleting && (reachable || !evicted)).length
  if (ending === 0) return undefined
  return ending === 1 ? '1 pod is ending' : `${ending} pods are ending`
}

/** The uid that an object's pods say their owner has, should its record be lost. */
export function ownerUidOf(pods: readonly PodView[]): string | undefined {
  const [first] = pods
  return first === undefined ? undefined : controllerOf(first.record.pod.metadata)?.uid
}
