import type { JobSpec } from '../../api/generated/types.ts'
import type { JobCounts } from './counts.ts'
import { isIndexed } from './counts.ts'
import { conditionTrue } from './memory.ts'
import { successMessage } from './policies.ts'
import { type Condition, settled } from '../memory.ts'

/** Decided, and not to be decided again: what is left of the Job's pods ends, then the Job is Failed or Complete. */
export type Goal = Condition & { readonly type: 'FailureTarget' | 'SuccessCriteriaMet' }

/** In the order in which Kubernetes asks (syncJob in pkg/controller/job/job_controller.go). */
export function goalOf(
  spec: JobSpec,
  counts: JobCounts,
  startTime: string | undefined,
  now: string,
): Goal | undefined {
  const { conditions } = counts.memory
  const known = conditionTrue(conditions, 'SuccessCriteriaMet') ?? conditionTrue(conditions, 'FailureTarget')
  if (known !== undefined) return asGoal(known)
  const failed = failure(spec, counts, startTime, now)
  if (failed !== undefined) return condition('FailureTarget', failed.reason, failed.message, now)
  if (!isIndexed(spec)) return undefined
  const matched = successMessage(spec, counts.memory.completedIndexes)
  return matched === undefined ? undefined : condition('SuccessCriteriaMet', 'SuccessPolicy', matched, now)
}

/** All that was wanted is done. */
export function completion(now: string): Goal {
  return condition(
    'SuccessCriteriaMet',
    'CompletionsReached',
    'Reached expected number of succeeded pods',
    now,
  )
}

/** The last word, said when no pod of the Job is left to end. */
export function finalCondition(goal: Goal, now: string): Condition {
  const type = goal.type === 'FailureTarget' ? 'Failed' : 'Complete'
  return condition(type, goal.reason ?? '', goal.message ?? '', now)
}

export function suspension(
  conditions: readonly Condition[],
  isSuspended: boolean,
  now: string,
): readonly Condition[] {
  if (isSuspended)
    return withCondition(conditions, condition('Suspended', 'JobSuspended', 'Job suspended', now))
  if (conditionTrue(conditions, 'Suspended') === undefined) return conditions
  const resumed = { ...condition('Suspended', 'JobResumed', 'Job resumed', now), status: 'False' } as const
  return withCondition(conditions, resumed)
}

export function withCondition(conditions: readonly Condition[], next: Condition): readonly Condition[] {
  const before = conditions.find(({ type }) => type === next.type)
  if (before === undefined) return [...conditions, next]
  const kept = settled(before, next)
  return conditions.map((one) => (one === before ? kept : one))
}

/** When the Job's time is up, in ms since 1970; infinite when it has no deadline or does not run. */
export function deadlineMs(
  { activeDeadlineSeconds, suspend }: JobSpec,
  startTime: string | undefined,
): number {
  if (activeDeadlineSeconds === undefined || startTime === undefined || suspend === true)
    return Number.POSITIVE_INFINITY
  return Date.parse(startTime) + activeDeadlineSeconds * 1000
}

interface Failing {
  readonly reason: string
  readonly message: string
}

function failure(
  spec: JobSpec,
  counts: JobCounts,
  startTime: string | undefined,
  now: string,
): Failing | undefined {
  if (counts.failMessage !== undefined) return { reason: 'PodFailurePolicy', message: counts.failMessage }
  if (counts.failed > (spec.backoffLimit ?? 6) || isPastLimitByRestarts(spec, counts))
    return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  if (Date.parse(now) >= deadlineMs(spec, startTime))
    return { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
  return indexFailure(spec, counts)
}

function indexFailure(spec: JobSpec, { memory }: JobCounts): Failing | undefined {
  if (!isIndexed(spec) || spec.backoffLimitPerIndex === undefined) return undefined
  const failed = memory.failedIndexes.size
  if (spec.maxFailedIndexes !== undefined && failed > spec.maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes'
    return { reason: 'MaxFailedIndexesExceeded', message }
  }
  if (failed === 0 || failed + memory.completedIndexes.size < (spec.completions ?? 0)) return undefined
  return { reason: 'FailedIndexes', message: 'Job has failed indexes' }
}

/** Containers that the node restarts in their pod are failures as well. */
function isPastLimitByRestarts({ backoffLimit = 6, template }: JobSpec, { active }: JobCounts): boolean {
  if (template.spec?.restartPolicy !== 'OnFailure') return false
  let restarts = 0
  for (const { status } of active) {
    const { containerStatuses = [], initContainerStatuses = [] } = status
    for (const { restartCount } of [...initContainerStatuses, ...containerStatuses]) restarts += restartCount
  }
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit
}

function condition<T extends string>(
  type: T,
  reason: string,
  message: string,
  now: string,
): Condition & { type: T } {
  return { type, status: 'True', reason, message, lastProbeTime: now, lastTransitionTime: now }
}

function asGoal(known: Condition): Goal {
  return { ...known, type: known.type === 'FailureTarget' ? 'FailureTarget' : 'SuccessCriteriaMet' }
}
