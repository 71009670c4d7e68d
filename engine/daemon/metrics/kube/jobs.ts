import type { CronJob, Job } from '../../../api/generated/types.ts'
import { nextAfter, readSchedule } from '../../../api/schedule.ts'
import { Describing, type Family, type Row, statusRows, unixSeconds } from '../table.ts'
import { ownerRows } from './pods.ts'

const job = new Describing<Job>(['namespace', 'job_name'], ({ metadata }) => ({
  namespace: metadata.namespace ?? 'default',
  job_name: metadata.name,
}))

const FAILURE_REASONS = ['BackoffLimitExceeded', 'DeadlineExceeded', 'Evicted']

function conditionRows({ status }: Job, type: string): readonly Row[] {
  const found = status?.conditions?.find((each) => each.type === type)
  return found === undefined ? [] : statusRows(found.status)
}

/** How many failed where no reason is known, else 1 beside the reason: kube-state-metrics has it so. */
function failedRows({ status }: Job): readonly Row[] {
  const failed = status?.failed ?? 0
  const condition = status?.conditions?.find(({ type }) => type === 'Failed')
  if (failed === 0 || condition === undefined) return [[[''], failed]]
  const known: readonly Row[] = FAILURE_REASONS.map((reason) => [
    [reason],
    Number(reason === condition.reason),
  ])
  return known.some(([, value]) => value === 1) ? known : [...known, [[''], failed]]
}

export const JOB_FAMILIES: readonly Family<Job>[] = [
  job.gauge('kube_job_info', 'Information about job.', () => 1),
  job.labelled('kube_job_labels', ({ metadata }) => metadata.labels),
  job.gauge('kube_job_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  job.gauges(
    'kube_job_owner',
    "Information about the Job's owner.",
    ['owner_kind', 'owner_name', 'owner_is_controller'],
    ({ metadata }) => ownerRows(metadata),
  ),
  job.gauge(
    'kube_job_spec_parallelism',
    'The maximum desired number of pods the job should run at any given time.',
    ({ spec }) => spec.parallelism,
  ),
  job.gauge(
    'kube_job_spec_completions',
    'The desired number of successfully finished pods the job should be run with.',
    ({ spec }) => spec.completions,
  ),
  job.gauge(
    'kube_job_spec_active_deadline_seconds',
    'The duration in seconds relative to the startTime that the job may be active before the system tries to terminate it.',
    ({ spec }) => spec.activeDeadlineSeconds,
  ),
  job.gauge(
    'kube_job_status_active',
    'The number of actively running pods.',
    ({ status }) => status?.active ?? 0,
  ),
  job.gauge(
    'kube_job_status_ready',
    'The number of ready pods that belong to this Job.',
    ({ status }) => status?.ready ?? 0,
  ),
  job.gauge(
    'kube_job_status_succeeded',
    'The number of pods which reached Phase Succeeded.',
    ({ status }) => status?.succeeded ?? 0,
  ),
  job.gauges(
    'kube_job_status_failed',
    'The number of pods which reached Phase Failed and the reason for failure.',
    ['reason'],
    failedRows,
  ),
  job.gauge(
    'kube_job_status_start_time',
    'StartTime represents time when the job was acknowledged by the Job Manager.',
    ({ status }) => unixSeconds(status?.startTime),
  ),
  job.gauge(
    'kube_job_status_completion_time',
    'CompletionTime represents time when the job was completed.',
    ({ status }) => unixSeconds(status?.completionTime),
  ),
  job.gauges('kube_job_complete', 'The job has completed its execution.', ['condition'], (subject) =>
    conditionRows(subject, 'Complete'),
  ),
  job.gauges('kube_job_failed', 'The job has failed its execution.', ['condition'], (subject) =>
    conditionRows(subject, 'Failed'),
  ),
  job.gauge('kube_job_status_suspended', 'Whether the job is suspended.', ({ status }) => {
    const found = status?.conditions?.find(({ type }) => type === 'Suspended')
    return found && found.status === 'True'
  }),
]

const cronjob = new Describing<CronJob>(['namespace', 'cronjob'], ({ metadata }) => ({
  namespace: metadata.namespace ?? 'default',
  cronjob: metadata.name,
}))

/** After the last time, or the CronJob's beginning when there was none: in the past, it is late. */
function nextTime({ metadata, spec, status }: CronJob): number | undefined {
  const last = status?.lastScheduleTime ?? metadata.creationTimestamp
  if (last === undefined || spec.suspend === true) return undefined
  const reading = readSchedule(spec.schedule, spec.timeZone)
  if (reading.kind === 'error') return undefined
  const next = nextAfter(reading.schedule, Temporal.Instant.from(last))
  return next && Math.floor(next.epochMilliseconds / 1000)
}

export const CRONJOB_FAMILIES: readonly Family<CronJob>[] = [
  cronjob.gauges(
    'kube_cronjob_info',
    'Info about cronjob.',
    ['schedule', 'concurrency_policy', 'timezone'],
    ({ spec }) => [[[spec.schedule, spec.concurrencyPolicy ?? 'Allow', spec.timeZone ?? 'local'], 1]],
  ),
  cronjob.labelled('kube_cronjob_labels', ({ metadata }) => metadata.labels),
  cronjob.gauge('kube_cronjob_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  cronjob.gauge(
    'kube_cronjob_next_schedule_time',
    "Next time the cronjob should be scheduled. The time after lastScheduleTime, or after the cron job's creation time if it's never been scheduled. Use this to determine if the job is delayed.",
    nextTime,
  ),
  cronjob.gauge(
    'kube_cronjob_status_active',
    'Active holds pointers to currently running jobs.',
    ({ status }) => status?.active?.length ?? 0,
  ),
  cronjob.gauge(
    'kube_cronjob_status_last_schedule_time',
    'LastScheduleTime keeps information of when was the last time the job was successfully scheduled.',
    ({ status }) => unixSeconds(status?.lastScheduleTime),
  ),
  cronjob.gauge(
    'kube_cronjob_status_last_successful_time',
    'LastSuccessfulTime keeps information of when was the last time the job was completed successfully.',
    ({ status }) => unixSeconds(status?.lastSuccessfulTime),
  ),
  cronjob.gauge(
    'kube_cronjob_spec_suspend',
    'Suspend flag tells the controller to suspend subsequent executions.',
    ({ spec }) => spec.suspend === true,
  ),
  cronjob.gauge(
    'kube_cronjob_spec_starting_deadline_seconds',
    'Deadline in seconds for starting the job if it misses scheduled time for any reason.',
    ({ spec }) => spec.startingDeadlineSeconds,
  ),
  cronjob.gauge(
    'kube_cronjob_spec_successful_job_history_limit',
    'Successful job history limit tells the controller how many completed jobs should be preserved.',
    ({ spec }) => spec.successfulJobsHistoryLimit,
  ),
  cronjob.gauge(
    'kube_cronjob_spec_failed_job_history_limit',
    'Failed job history limit tells the controller how many failed jobs should be preserved.',
    ({ spec }) => spec.failedJobsHistoryLimit,
  ),
]
