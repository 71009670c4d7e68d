import type { CronJob, Job, KubernetesObject } from '../api/generated/types.ts'
import { ageText, since } from './duration.ts'
import type { RowInput } from './rowInput.ts'

export const JOB_HEADING = ['STATUS', 'COMPLETIONS', 'DURATION'] as const
export const CRON_JOB_HEADING = ['SCHEDULE', 'TIMEZONE', 'SUSPEND', 'ACTIVE', 'LAST SCHEDULE'] as const

/** As kubectl's printJob. Jobs of CronJobs are in no commit, so the whole object stands in the report. */
export function jobRow({ now, report }: RowInput): readonly string[] {
  const { object } = report
  return isJob(object)
    ? [statusText(object), completionsText(object), durationText(object, now)]
    : ['', '', '']
}

function isJob(object: unknown): object is Job {
  return typeof object === 'object' && object !== null && 'kind' in object && object.kind === 'Job'
}

/** In the order in which one outweighs the other. */
const TOLD = ['Complete', 'Failed', 'Suspended', 'FailureTarget', 'SuccessCriteriaMet']

function statusText({ status }: Job): string {
  return TOLD.find((type) => timeOf(status, type) !== undefined) ?? 'Running'
}

/** Since when the condition holds; undefined while it does not. */
function timeOf(status: Job['status'], type: string): string | undefined {
  const found = status?.conditions?.find((one) => one.type === type && one.status === 'True')
  return found === undefined ? undefined : (found.lastTransitionTime ?? '')
}

function completionsText({ spec, status }: Job): string {
  const { completions, parallelism = 1 } = spec
  const succeeded = status?.succeeded ?? 0
  if (completions !== undefined) return `${succeeded}/${completions}`
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

/** Of one that has failed, until it did. */
function durationText({ status }: Job, now: Temporal.Instant): string {
  if (status?.startTime === undefined) return ''
  const end = status.completionTime ?? timeOf(status, 'Failed')
  const until = end === undefined ? now.epochMilliseconds : Date.parse(end)
  return ageText((until - Date.parse(status.startTime)) / 1000)
}

/** As kubectl's printCronJob. */
export function cronJobRow({ now, object, report }: RowInput): readonly string[] {
  if (!isCronJob(object)) return CRON_JOB_HEADING.map(() => '')
  const { schedule, suspend = false, timeZone = '<none>' } = object.spec
  const { active, lastScheduleTime } = statusOf(report.status)
  return [
    schedule,
    timeZone,
    suspend ? 'True' : 'False',
    String(active),
    lastScheduleTime === undefined ? '<none>' : since(now, lastScheduleTime),
  ]
}

function isCronJob(object: KubernetesObject | undefined): object is CronJob {
  return object?.kind === 'CronJob'
}

function statusOf(status: unknown): {
  readonly active: number
  readonly lastScheduleTime: string | undefined
} {
  const fields: Readonly<Record<string, unknown>> =
    typeof status === 'object' && status !== null ? { ...status } : {}
  const { active, lastScheduleTime } = fields
  return {
    active: Array.isArray(active) ? active.length : 0,
    lastScheduleTime: typeof lastScheduleTime === 'string' ? lastScheduleTime : undefined,
  }
}
