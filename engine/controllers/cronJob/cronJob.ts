import type { CronJob, CronJobStatus, ObjectReference } from '../../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey, uidHash } from '../../api/names.ts'
import type { Health, RecordAction } from '../../api/plan.ts'
import { type ObjectRecord, RECORD_VERSION } from '../../api/records.ts'
import {
  DEFAULT_TIME_ZONE,
  type Missed,
  missedBetween,
  nextAfter,
  readSchedule,
  type Schedule,
  type ScheduleReading,
} from '../../api/schedule.ts'
import { CRON_TIMESTAMP, type CronRun, doneWith, isRunning } from './runs.ts'
import { type ControllerContext, type Decision, nothing, timestamp, type WorkloadInput } from '../decision.ts'
import { memoised } from '../../api/memo.ts'
import { memoryOf, memoryWrite, memoryRecord, type ObjectMemory, recordedStatus } from '../memory.ts'

export interface CronJobInput extends WorkloadInput<CronJob> {
  /** The Jobs on record that it made, oldest first. */
  readonly runs: readonly CronRun[]
  /** There is another object of this key. */
  readonly isTaken: (key: ObjectKey) => boolean
}

interface CronMemory extends ObjectMemory {
  readonly lastScheduleTime: string | undefined
  readonly lastSuccessfulTime: string | undefined
}

/** As Kubernetes counts: with more, something is wrong with the clock or with the schedule. */
const MISSED_RUNS_MAX = 100

export function cronJobDecision(input: CronJobInput, context: ControllerContext): Decision {
  const { desired, object, record, runs } = input
  const memory = cronMemory(input, context)
  const reading = readingOf(object)
  const status = statusOf(memory, runs)
  if (reading.kind === 'error') return unreadable(input, reading.message, status)
  const next = memoryRecord(
    desired.key,
    {
      memory,
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      status: {
        ...(memory.lastScheduleTime !== undefined && { lastScheduleTime: memory.lastScheduleTime }),
        ...(memory.lastSuccessfulTime !== undefined && { lastSuccessfulTime: memory.lastSuccessfulTime }),
      },
    },
    record,
    context,
  )
  const own = memoryWrite(desired.key, record, next, 'its last times changed')
  const started = startDue(input, memory, reading.schedule, context)
  const health: Health = { kind: 'healthy' }
  return {
    ...nothing(desired.key),
    records: [...own, ...started],
    reports: [{ key: desired.key, health, status }],
    requeueAtMs:
      object.spec.suspend === true ? Number.POSITIVE_INFINITY : nextMs(memory, reading.schedule, context),
  }
}

const readingOf = memoised(({ spec }: CronJob): ScheduleReading => readSchedule(spec.schedule, spec.timeZone))

/** With what its Jobs tell: a Job that is on record was started, also when the engine was killed before it could say so here. */
function cronMemory(
  { desired, record, runs, written }: CronJobInput,
  context: ControllerContext,
): CronMemory {
  const status = recordedStatus(record)
  const owner = runs[0]?.ownerUid
  const times = [textOf(status['lastScheduleTime']), ...runs.map(({ scheduledMs }) => timeText(scheduledMs))]
  const ends = [
    textOf(status['lastSuccessfulTime']),
    ...runs.map(({ end }) => (end?.type === 'Complete' ? end.at : undefined)),
  ]
  return {
    ...memoryOf(desired.key, written, record, owner, context),
    lastScheduleTime: latest(times),
    lastSuccessfulTime: latest(ends),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function timeText(ms: number): string {
  return Temporal.Instant.fromEpochMilliseconds(ms).toString()
}

function latest(times: readonly (string | undefined)[]): string | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.toSorted((a, b) => Date.parse(a) - Date.parse(b)).at(-1)
}

function statusOf(memory: CronMemory, runs: readonly CronRun[]): CronJobStatus {
  const active = runs.filter(isRunning).map(referenceOf)
  const { lastScheduleTime, lastSuccessfulTime } = memory
  return {
    ...(active.length > 0 && { active }),
    ...(lastScheduleTime !== undefined && { lastScheduleTime }),
    ...(lastSuccessfulTime !== undefined && { lastSuccessfulTime }),
  }
}

function referenceOf({ record }: CronRun): ObjectReference {
  const { namespace, name } = keyParts(record.key)
  const { uid } = record.object.metadata
  return { apiVersion: 'batch/v1', kind: 'Job', namespace, name, ...(uid !== undefined && { uid }) }
}

/** The commit was validated, so this is one of an older engine. */
function unreadable({ desired, object }: CronJobInput, why: string, status: CronJobStatus): Decision {
  const message = `unparseable schedule: ${JSON.stringify(object.spec.schedule)} : ${why}`
  return {
    ...nothing(desired.key),
    reports: [
      { key: desired.key, health: { kind: 'failed', reason: 'UnparseableSchedule', message }, status },
    ],
  }
}

/**
 * The Job that fell due last, if it may start. Its record comes first and its name is the lock: named by the scheduled minute, it is made
 * once, and the next plan finds it and remembers the time. Killed in between, the engine loses no run and makes none twice.
 */
function startDue(
  input: CronJobInput,
  memory: CronMemory,
  schedule: Schedule,
  context: ControllerContext,
): readonly RecordAction[] {
  const { desired, object, runs } = input
  const { count, last } = due(object, memory, schedule, context)
  // Forbid waits until the one that runs has ended, Replace until it has been taken away.
  if (last === undefined || (object.spec.concurrencyPolicy !== 'Allow' && runs.some(isRunning))) return []
  const { namespace, name } = keyParts(desired.key)
  const key = objectKey('Job', namespace, `${name}-${Math.floor(last.epochMilliseconds / 60_000)}`)
  if (input.isTaken(key)) return []
  const reason = `is due since ${last.toString()}${count > MISSED_RUNS_MAX ? TOO_MANY : ''}`
  return [
    {
      kind: 'writeRecord',
      object: desired.key,
      record: runRecord(input, memory, key, last, context),
      reason,
    },
  ]
}

/** The last time that is to be started and was not; undefined when there is none. */
function due({ spec }: CronJob, memory: CronMemory, schedule: Schedule, context: ControllerContext): Missed {
  const none = { last: undefined, count: 0 }
  if (spec.suspend === true) return none
  const deadlineMs = (spec.startingDeadlineSeconds ?? Number.POSITIVE_INFINITY) * 1000
  const from = since(memory, schedule, deadlineMs, context)
  const missed = missedBetween(schedule, from, context.now, MISSED_RUNS_MAX + 1)
  const isTooLate = (missed.last?.epochMilliseconds ?? 0) + deadlineMs < context.nowMs
  return isTooLate ? none : missed
}

/** Why a CronJob wants one of its Jobs no more; undefined while it does. */
export function reasonToGo(
  input: CronJobInput,
  run: CronRun,
  context: ControllerContext,
): string | undefined {
  const { object, record, runs } = input
  const { concurrencyPolicy } = object.spec
  if (!isRunning(run) || concurrencyPolicy !== 'Replace') return doneWith(run, runs, object.spec, record)
  const reading = readingOf(object)
  if (reading.kind === 'error') return undefined
  const { last } = due(object, cronMemory(input, context), reading.schedule, context)
  return last !== undefined && last.epochMilliseconds > run.scheduledMs
    ? `is replaced: its CronJob is due again since ${last.toString()}`
    : undefined
}

const TOO_MANY =
  '; too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'

/** From when on what fell due may still be started: nothing is started that is older than its deadline. */
function since(
  { created, lastScheduleTime }: CronMemory,
  schedule: Schedule,
  deadlineMs: number,
  { nowMs }: ControllerContext,
): Temporal.Instant {
  const from = Temporal.Instant.from(lastScheduleTime ?? created)
  // An interval counts from the last run, whatever the deadline.
  const earliestMs = schedule.kind === 'interval' ? Number.NEGATIVE_INFINITY : nowMs - deadlineMs - 1
  return earliestMs > from.epochMilliseconds ? Temporal.Instant.fromEpochMilliseconds(earliestMs) : from
}

function runRecord(
  { desired, object, written }: CronJobInput,
  memory: CronMemory,
  key: ObjectKey,
  dueAt: Temporal.Instant,
  context: ControllerContext,
): ObjectRecord {
  const { jobTemplate } = written.spec
  const { namespace, name } = keyParts(key)
  const { labels, annotations } = jobTemplate.metadata ?? {}
  const created = timestamp(context.now)
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: keyParts(desired.key).name, uid: memory.uid }
  return {
    recordVersion: RECORD_VERSION,
    generation: 1,
    key,
    commit: context.commit,
    object: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name,
        namespace,
        // By its time: written again because an answer was lost, it is the same one.
        uid: uidHash(memory.uid, name, dueAt.toString()),
        creationTimestamp: created,
        ...(labels !== undefined && { labels }),
        annotations: { ...annotations, [CRON_TIMESTAMP]: localText(dueAt, object) },
        ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
      },
      spec: jobTemplate.spec,
    },
  }
}

/** RFC 3339 in the CronJob's own zone, as Kubernetes writes this annotation. */
function localText(due: Temporal.Instant, { spec }: CronJob): string {
  const text = due
    .toZonedDateTimeISO(spec.timeZone ?? DEFAULT_TIME_ZONE)
    .toString({ timeZoneName: 'never', smallestUnit: 'second' })
  return text.replace(/\+00:00$/, 'Z')
}

function nextMs(
  { created, lastScheduleTime }: CronMemory,
  schedule: Schedule,
  { now, nowMs }: ControllerContext,
): number {
  if (schedule.kind === 'calendar')
    return nextAfter(schedule, now)?.epochMilliseconds ?? Number.POSITIVE_INFINITY
  const fromMs = Date.parse(lastScheduleTime ?? created)
  const first = Math.floor(fromMs / 1000) * 1000 + schedule.everyMs
  if (first > nowMs) return first
  return first + (Math.floor((nowMs - first) / schedule.everyMs) + 1) * schedule.everyMs
}
