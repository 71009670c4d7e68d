import type { Job, JobSpec, JobStatus, KubernetesObject } from '../../api/generated/types.ts'
import type { Health, StatusReport } from '../../api/plan.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { type ControllerContext, type Decision, nothing, timestamp, type WorkloadInput } from '../decision.ts'
import { removalDecision } from '../gc.ts'
import { inForce } from '../changes/inForce.ts'
import {
  completion,
  deadlineMs,
  finalCondition,
  type Goal,
  goalOf,
  suspension,
  withCondition,
} from './conditions.ts'
import { countJob, type JobCounts } from './counts.ts'
import { finishedCondition, type JobMemory, jobMemory, jobRecord } from './memory.ts'
import { type JobScale, scaleJob } from './scale.ts'
import { jobHealth, jobReport, reportedStatus } from './status.ts'
import { jobWish } from './wishes.ts'
import { type Condition, memoryWrite } from '../memory.ts'
import { invalidHealth, replacement } from '../changes/replace.ts'
import { canBeDeleted, isActive, type PodView } from '../view.ts'
import { ownerUidOf } from '../workloads.ts'

export interface JobInput extends WorkloadInput<Job> {
  /** Why its CronJob, if it has one, wants it no more. */
  readonly doneWith: string | undefined
  /** Its CronJob, if it has one, would not make it again if it were gone. */
  readonly isRemembered: boolean
}

/** Another one looks after the Job. */
const OUR_NAME = 'kubernetes.io/job-controller'
const CHANGED = 'its counts or conditions changed'

export function jobDecision(input: JobInput, context: ControllerContext): Decision {
  const { desired, object, record } = input
  if (record !== undefined && input.doneWith !== undefined)
    return removed(input, record, input.doneWith, context)
  const { managedBy } = object.spec
  if (managedBy !== undefined && managedBy !== OUR_NAME) return managedByAnother(input)
  const { object: force, refused, written } = inForce(input, isJob)
  if (refused.length === 0) return syncJob(input, undefined, context)
  const records = record === undefined ? [] : [record]
  const replaced = replacement({ desired, changes: refused, pods: input.pods, records }, context)
  if (replaced !== undefined) return replaced
  const { metadata } = object
  const old = { ...input, object: { ...force, metadata }, written: { ...written, metadata } }
  return syncJob(old, invalidHealth(desired, refused), context)
}

export function isJob(object: KubernetesObject): object is Job {
  return object.kind === 'Job'
}

function syncJob(input: JobInput, invalid: Health | undefined, context: ControllerContext): Decision {
  const { desired, pods, record, written } = input
  const memory = jobMemory(desired.key, written, record, ownerUidOf(pods), context)
  const finished = finishedCondition(memory)
  return finished === undefined
    ? goingOn(input, memory, invalid, context)
    : ended(input, memory, finished, invalid, context)
}

/** It has ended: its pods are kept for their logs, until its time is up. */
function ended(
  input: JobInput,
  memory: JobMemory,
  finished: Condition,
  invalid: Health | undefined,
  context: ControllerContext,
): Decision {
  const { desired, object, pods, record, written } = input
  const seconds = object.spec.ttlSecondsAfterFinished
  const at = Date.parse(finished.lastTransitionTime ?? memory.created)
  const expiresMs = seconds === undefined ? Number.POSITIVE_INFINITY : at + seconds * 1000
  const isExpired = expiresMs <= context.nowMs
  const isDerived = record?.object.metadata.ownerReferences !== undefined
  if (isExpired && isDerived && input.isRemembered && record !== undefined)
    return removed(input, record, 'its ttlSecondsAfterFinished is over', context)
  const status = reportedStatus(object.spec, memory, [], [])
  const report = jobReport(input, memory, status, invalid ?? jobHealth(object.spec, status))
  const none = { ...nothing(desired.key), reports: [report] }
  // A change of what may be changed after its end, such as the ttl.
  const next = jobRecord(desired.key, memory, written.spec, record, context)
  const records = memoryWrite(desired.key, record, next, CHANGED)
  // One that stands in the commit stays on record, for without its end it would begin again.
  if (isExpired) return { ...none, records, deletes: deletable(pods, 'its ttlSecondsAfterFinished is over') }
  // Of a node that came to the fleet since.
  const late = stopped(pods.filter(isActive), finished)
  return { ...none, records, deletes: late.deletes, notes: late.notes, requeueAtMs: expiresMs }
}

function deletable(pods: readonly PodView[], reason: string): Decision['deletes'] {
  return pods
    .filter((pod) => !pod.deleting && canBeDeleted(pod))
    .map((pod) => ({ pod, reason, bucket: 'delete' }))
}

function goingOn(
  input: JobInput,
  before: JobMemory,
  invalid: Health | undefined,
  context: ControllerContext,
): Decision {
  const { desired, object, pods, record, written } = input
  const { spec } = object
  const now = timestamp(context.now)
  const counts = countJob(pods, spec, begun(before, spec, now), record !== undefined, context)
  const goal = goalOf(spec, counts, counts.memory.startTime, now)
  const scale = goal === undefined ? scaleJob(spec, counts, context) : stopped(counts.active, goal)
  const done = goal ?? (isComplete(spec, counts, scale) ? completion(now) : undefined)
  const memory = concluded(counts, spec, done, context)
  const taken = new Set(pods.map((pod) => pod.record.pod.metadata.name ?? ''))
  const status = reportedStatus(spec, memory, counts.active, counts.terminating)
  const health = invalid ?? jobHealth(spec, status, scale, pods)
  const next = jobRecord(desired.key, memory, written.spec, record, context)
  const leaving = new Set(scale.deletes.map(({ pod }) => pod.uid))
  return {
    ...nothing(desired.key),
    records: memoryWrite(desired.key, record, next, CHANGED),
    creates: scale.creates.map((wished) =>
      jobWish(desired.key, { ...object, spec: written.spec }, memory, wished, taken, context),
    ),
    deletes: scale.deletes,
    notes: scale.notes,
    updates: counts.releases.filter(({ pod }) => !leaving.has(pod.uid)),
    reports: [jobReport(input, memory, status, health)],
    requeueAtMs: Math.min(
      scale.retryAtMs,
      done === undefined ? deadlineMs(spec, memory.startTime) : Number.POSITIVE_INFINITY,
    ),
  }
}

/** A Job's time runs from its first start, and anew from each time that it is resumed. */
function begun(memory: JobMemory, spec: JobSpec, now: string): JobMemory {
  if (spec.suspend === true) return memory
  const wasSuspended = memory.conditions.some(({ status, type }) => type === 'Suspended' && status === 'True')
  const startTime = wasSuspended ? now : (memory.startTime ?? now)
  return { ...memory, startTime, conditions: suspension(memory.conditions, false, now) }
}

/** Once it is decided how the Job ends no pod of it runs on; those count as failed. */
function stopped(active: readonly PodView[], { message }: Goal | Condition): JobScale {
  const reason = `its Job has ended: ${message ?? ''}`
  const held = active.filter((pod) => !canBeDeleted(pod))
  return {
    creates: [],
    deletes: deletable(active, reason),
    notes: held.map((pod) => ({ pod, bucket: 'wait', reason: `${reason}: is to be deleted` })),
    retryAtMs: Number.POSITIVE_INFINITY,
  }
}

function isComplete(spec: JobSpec, { active, succeeded }: JobCounts, { creates }: JobScale): boolean {
  if (active.length + creates.length > 0) return false
  return spec.completions === undefined ? succeeded > 0 : succeeded >= spec.completions
}

/** The Job's last word comes when nothing of it is under way and every pod is in its counts: not while there may be others. */
function concluded(
  counts: JobCounts,
  spec: JobSpec,
  goal: Goal | undefined,
  context: ControllerContext,
): JobMemory {
  const { active, memory, terminating } = counts
  const now = timestamp(context.now)
  if (goal === undefined)
    return spec.suspend === true
      ? { ...memory, conditions: suspension(memory.conditions, true, now) }
      : memory
  const conditions = withCondition(memory.conditions, goal)
  const open =
    active.length + terminating.length + memory.uncountedSucceeded.length + memory.uncountedFailed.length
  if (open > 0 || context.unread === true) return { ...memory, conditions }
  const last = finalCondition(goal, now)
  return {
    ...memory,
    conditions: withCondition(conditions, last),
    ...(last.type === 'Complete' && { completionTime: now }),
  }
}

function removed(
  { desired, pods }: JobInput,
  record: ObjectRecord,
  reason: string,
  { unread }: ControllerContext,
): Decision {
  return removalDecision({ object: desired.key, reason, pods, records: unread === true ? [] : [record] })
}

function managedByAnother({ desired, object }: JobInput): Decision {
  const status: JobStatus = {}
  const report: StatusReport = {
    key: desired.key,
    health: { kind: 'healthy' },
    status,
    object: { ...object, status },
  }
  return { ...nothing(desired.key), reports: [report] }
}
