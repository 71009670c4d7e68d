import type { PodStatus } from '../api/generated/types.ts'
import type { NodeName, ObjectKey, PodUid } from '../api/names.ts'
import type { Action, Health } from '../api/plan.ts'
import type { PodRecord } from '../api/records.ts'
import type { PodUsage } from '../api/snapshot.ts'

/** A pod as controllers look at it: what its node told, with the work under way laid over it. */
export interface PodView {
  readonly uid: PodUid
  readonly key: ObjectKey
  /** `namespace/name`, for people. */
  readonly label: string
  readonly node: NodeName
  readonly record: PodRecord
  readonly status: PodStatus
  /** False: all of this is the last that was known, and nothing may be done about it. */
  readonly reachable: boolean
  readonly busy: Action | undefined
  /** Its deletion is on record. */
  readonly deleting: boolean
  /** The node's record says so: no engine that is killed now can leave it running. */
  readonly deletingOnRecord: boolean
  /** Another one took its place while its node did not answer: it goes as soon as that can be done. */
  readonly evicted: boolean
  /** It was evicted because its node was said to be dead, and has been as good as gone since: what it comes to after all counts for nothing. */
  readonly givenUp: boolean
  /** Phase Succeeded or Failed: it will not run again. */
  readonly finished: boolean
  readonly ready: boolean
  /** As `ready`, and for a while also on a node that has just fallen silent: connections may be led to it. */
  readonly serving: boolean
  /** The node's record says so too: an engine that starts now would know it. */
  readonly readyOnRecord: boolean
  readonly health: Health
  readonly usage?: PodUsage
}

/** Work that may be given up half-way because the pod is to go anyway; all other work is short or leads there too. */
export function isCancellable(action: Action): boolean {
  return action.kind === 'startContainers' || action.kind === 'createPod'
}

export function canBeDeleted(pod: PodView): boolean {
  return pod.reachable && (pod.busy === undefined || isCancellable(pod.busy))
}

/** Kubernetes' active pods: those that count as replicas. A pod under deletion no longer does, an unreachable one still does. */
export function isActive(pod: PodView): boolean {
  return !pod.deleting && !pod.finished
}

/** When it became ready, in ms since 1970; infinite while it is not. */
export function readySinceMs(pod: PodView): number {
  if (!pod.ready) return Number.POSITIVE_INFINITY
  const since = readyTransition(pod.status)
  return since === undefined ? Number.POSITIVE_INFINITY : Date.parse(since)
}

function readyTransition(status: PodStatus): string | undefined {
  for (const condition of status.conditions ?? []) {
    if (condition.type === 'Ready') return condition.lastTransitionTime
  }
  return undefined
}

/** Ready, and has been for minReadySeconds. What is ready since later than now was so before the clock was set back. */
export function isAvailable(pod: PodView, minReadySeconds: number, nowMs: number): boolean {
  if (!pod.ready || pod.deleting) return false
  if (minReadySeconds === 0) return true
  const since = readySinceMs(pod)
  return since > nowMs || since + minReadySeconds * 1000 <= nowMs
}

export function createdMs(pod: PodView): number {
  return Date.parse(pod.record.pod.metadata.creationTimestamp ?? '1970-01-01T00:00:00Z')
}

/** Should there be two of one name, the first of these stays: one that is not going, that answers, that is older. */
export function byRight(a: PodView, b: PodView): number {
  return (
    Number(a.deleting) - Number(b.deleting) ||
    Number(b.reachable) - Number(a.reachable) ||
    createdMs(a) - createdMs(b) ||
    (a.uid < b.uid ? -1 : 1)
  )
}
