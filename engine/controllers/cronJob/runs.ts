import type { CronJobSpec } from '../../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey } from '../../api/names.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { controllerOf } from '../../api/owners.ts'
import { recordedEnd } from '../job/memory.ts'
import { memoised } from '../../api/memo.ts'
import { recordedStatus } from '../memory.ts'

/** The scheduled time of a CronJob's Job, on the Job. */
export const CRON_TIMESTAMP = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

/** A Job on record that a CronJob made. */
export interface CronRun {
  readonly record: ObjectRecord
  readonly cronJob: ObjectKey
  readonly ownerUid: string
  /** When it fell due, in ms since 1970. */
  readonly scheduledMs: number
  /** Absent while it runs, or is suspended. */
  readonly end: { readonly type: 'Complete' | 'Failed'; readonly at: string } | undefined
}

/** By CronJob, oldest first. Records are never changed in place, nor is the map of them. */
export const cronRuns = memoised(
  (records: ReadonlyMap<ObjectKey, ObjectRecord>): ReadonlyMap<ObjectKey, readonly CronRun[]> => {
    const runs = [...records.values()].flatMap((record) => runOf(record) ?? [])
    const ordered = runs.toSorted(
      (a, b) => a.scheduledMs - b.scheduledMs || (a.record.key < b.record.key ? -1 : 1),
    )
    return Map.groupBy(ordered, ({ cronJob }) => cronJob)
  },
)

/** Undefined for a record that is no Job of a CronJob. */
export const runOf = memoised((record: ObjectRecord): CronRun | undefined => {
  const { kind, metadata } = record.object
  const owner = controllerOf(metadata)
  if (kind !== 'Job' || owner?.kind !== 'CronJob') return undefined
  const scheduled = metadata.annotations?.[CRON_TIMESTAMP] ?? metadata.creationTimestamp ?? ''
  const finished = recordedEnd(record)
  const completionTime = recordedStatus(record)['completionTime']
  const at = typeof completionTime === 'string' ? completionTime : (finished?.lastTransitionTime ?? '')
  return {
    record,
    cronJob: objectKey('CronJob', keyParts(record.key).namespace, owner.name),
    ownerUid: owner.uid,
    scheduledMs: Date.parse(scheduled),
    end:
      finished === undefined ? undefined : { type: finished.type === 'Complete' ? 'Complete' : 'Failed', at },
  }
})

export function isRunning({ end }: CronRun): boolean {
  return end === undefined
}

/** Its time is in the CronJob's own record: it may be forgotten without being started again. */
export function isRemembered(run: CronRun, cronJobRecord: ObjectRecord | undefined): boolean {
  const last = recordedStatus(cronJobRecord)['lastScheduleTime']
  return typeof last === 'string' && Date.parse(last) >= run.scheduledMs
}

/** Why a Job that has ended is kept no longer; undefined while it is. */
export function doneWith(
  run: CronRun,
  runs: readonly CronRun[],
  { failedJobsHistoryLimit = 1, successfulJobsHistoryLimit = 3 }: CronJobSpec,
  cronJobRecord: ObjectRecord | undefined,
): string | undefined {
  if (run.end === undefined || !isRemembered(run, cronJobRecord)) return undefined
  const { type } = run.end
  const limit = type === 'Complete' ? successfulJobsHistoryLimit : failedJobsHistoryLimit
  const field = type === 'Complete' ? 'successfulJobsHistoryLimit' : 'failedJobsHistoryLimit'
  const newer = runs.filter((other) => other.end?.type === type && other.scheduledMs > run.scheduledMs)
  return newer.length >= limit ? `is past ${field}, ${limit}` : undefined
}
