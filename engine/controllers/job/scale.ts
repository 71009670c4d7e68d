import type { JobSpec } from '../../api/generated/types.ts'
import { type ControllerContext, type PodDeletion, type PodNote } from '../decision.ts'
import { backOffUntilMs } from './backOff.ts'
import { completionIndex, isIndexed, type JobCounts, withoutTracking } from './counts.ts'
import type { WishedPod } from './wishes.ts'
import { inDeletionOrder } from '../replicaset/ranking.ts'
import { canBeDeleted, type PodView } from '../view.ts'

/** So many pods are made in one plan; the rest come with the next ones. Kubernetes' MaxPodCreateDeletePerSync. */
const PODS_PER_PLAN_MAX = 500

/** What is to become of the pods of a Job that goes on. */
export interface JobScale {
  readonly creates: readonly WishedPod[]
  readonly deletes: readonly PodDeletion[]
  readonly notes: readonly PodNote[]
  /** In ms since 1970: a pod that failed is made again then. Infinite when none waits. */
  readonly retryAtMs: number
}

export function scaleJob(spec: JobSpec, counts: JobCounts, context: ControllerContext): JobScale {
  if (spec.suspend === true) return takenAway(counts.active, 'its Job is suspended')
  const wanted = wantedActive(spec, counts)
  const surplus = surplusPods(spec, counts, wanted, context)
  if (surplus.length > 0) return takenAway(surplus, `its Job is to have ${wanted} at a time`)
  const ending = spec.podReplacementPolicy === 'Failed' ? counts.terminating.length : 0
  const missing = Math.min(PODS_PER_PLAN_MAX, wanted - ending - counts.active.length)
  const none = { creates: [], deletes: [], notes: [], retryAtMs: Number.POSITIVE_INFINITY }
  if (missing <= 0) return none
  if (spec.backoffLimitPerIndex !== undefined) return eachIndex(spec, counts, missing, context)
  const until = backOffUntilMs(counts.succeededPods, counts.failedPods)
  if (until > context.nowMs) return { ...none, retryAtMs: until }
  const creates = isIndexed(spec)
    ? pendingIndexes(spec, counts)
        .slice(0, missing)
        .map((index) => indexWish(spec, index))
    : Array.from({ length: missing }, (_, more) => ({
        index: undefined,
        reason: `pod ${counts.active.length + more + 1} of ${wanted} at a time`,
      }))
  return { ...none, creates }
}

/** How many pods run at once. */
function wantedActive({ completions, parallelism = 1 }: JobSpec, { active, succeeded }: JobCounts): number {
  // Without a number of completions the first success ends it: what runs is left to end.
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism
  return Math.max(0, Math.min(parallelism, completions - succeeded))
}

function surplusPods(
  spec: JobSpec,
  { active }: JobCounts,
  wanted: number,
  { nowMs }: ControllerContext,
): readonly PodView[] {
  const order = inDeletionOrder(active, 0, nowMs)
  const odd = isIndexed(spec) ? oddIndexes(order, spec.completions ?? 0) : []
  const rest = order.filter((pod) => !odd.includes(pod))
  return [...odd, ...rest.slice(0, Math.max(0, active.length - wanted - odd.length))]
}

/** Of each index all but the one that is worth most; of indexes that are not wanted all. */
function oddIndexes(order: readonly PodView[], completions: number): readonly PodView[] {
  const seen = new Set<number>()
  return order.toReversed().filter((pod) => {
    const index = completionIndex(pod)
    if (index === undefined || index >= completions || seen.has(index)) return true
    seen.add(index)
    return false
  })
}

/**
 * Indexes in their order that are neither done nor failed nor under way. A pod that is ending keeps its index until it has ended, whatever
 * podReplacementPolicy says: two pods of one index would have one name and one piece of work.
 */
function pendingIndexes({ completions = 0 }: JobSpec, counts: JobCounts): readonly number[] {
  const { active, memory, terminating } = counts
  const taken = new Set([...active, ...terminating].map(completionIndex))
  const pending: number[] = []
  for (let index = 0; index < completions; index++) {
    if (memory.completedIndexes.has(index) || memory.failedIndexes.has(index) || taken.has(index)) continue
    pending.push(index)
  }
  return pending
}

/** With a limit for each index, each waits for itself. */
function eachIndex(
  spec: JobSpec,
  counts: JobCounts,
  missing: number,
  { nowMs }: ControllerContext,
): JobScale {
  const failures = Map.groupBy(counts.failedPods, completionIndex)
  const creates: WishedPod[] = []
  let retryAtMs = Number.POSITIVE_INFINITY
  for (const index of pendingIndexes(spec, counts)) {
    if (creates.length === missing) break
    const until = backOffUntilMs([], failures.get(index) ?? [])
    if (until > nowMs) retryAtMs = Math.min(retryAtMs, until)
    else creates.push(indexWish(spec, index))
  }
  return { creates, deletes: [], notes: [], retryAtMs }
}

function indexWish({ completions }: JobSpec, index: number): WishedPod {
  return { index, reason: `index ${index} of ${completions}` }
}

/** Without their mark: what is taken away by our own doing is no failure. */
function takenAway(pods: readonly PodView[], reason: string): JobScale {
  const [now, later] = [pods.filter(canBeDeleted), pods.filter((pod) => !canBeDeleted(pod))]
  return {
    creates: [],
    deletes: now.map((pod) => ({ pod, reason, bucket: 'delete', finalizers: withoutTracking(pod) })),
    notes: later.map((pod) => ({ pod, bucket: 'wait', reason: `${reason}: is to be deleted` })),
    retryAtMs: Number.POSITIVE_INFINITY,
  }
}
