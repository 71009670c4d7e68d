import type { Job, JobSpec } from '../../api/generated/types.ts'
import type { ObjectKey } from '../../api/names.ts'
import type { ObjectRecord } from '../../api/records.ts'
import type { ControllerContext } from '../decision.ts'
import { indexesText, parseIndexes } from './indexes.ts'
import { memoised } from '../../api/memo.ts'
import {
  type Condition,
  memoryOf,
  memoryRecord,
  type ObjectMemory,
  recordedStatus,
  recordedConditions,
} from '../memory.ts'

/** By index, how often it has failed so far, as JSON: what `backoffLimitPerIndex` counts must outlive the pods that failed. */
const INDEX_FAILURES = 'reconcile.dev/job-index-failures'

/** What the engine remembers of a Job: its counts and its end, whatever became of its pods. */
export interface JobMemory extends ObjectMemory {
  readonly startTime: string | undefined
  readonly completionTime: string | undefined
  /** Of a Job that is not Indexed. */
  readonly succeeded: number
  readonly failed: number
  readonly completedIndexes: ReadonlySet<number>
  readonly failedIndexes: ReadonlySet<number>
  /** Uids of pods that ended and are in none of the counts above: each goes there once its pod's record says that it was counted. */
  readonly uncountedSucceeded: readonly string[]
  readonly uncountedFailed: readonly string[]
  readonly indexFailures: ReadonlyMap<number, number>
}

export function jobMemory(
  key: ObjectKey,
  written: Job,
  record: ObjectRecord | undefined,
  ownerUid: string | undefined,
  context: ControllerContext,
): JobMemory {
  const status = recordedStatus(record)
  const completions = written.spec.completions ?? Number.POSITIVE_INFINITY
  const uncounted = fieldsOf(status['uncountedTerminatedPods'])
  const recorded = record === undefined ? NO_INDEXES : recordedIndexes(record)
  return {
    ...memoryOf(key, written, record, ownerUid, context),
    startTime: textOf(status['startTime']),
    completionTime: textOf(status['completionTime']),
    succeeded: numberOf(status['succeeded']),
    failed: numberOf(status['failed']),
    completedIndexes: below(completions, recorded.completed),
    failedIndexes: below(completions, recorded.failed),
    uncountedSucceeded: textsOf(uncounted['succeeded']),
    uncountedFailed: textsOf(uncounted['failed']),
    indexFailures: failuresOf(record?.object.metadata.annotations?.[INDEX_FAILURES]),
  }
}

const NO_INDEXES = { completed: new Set<number>(), failed: new Set<number>() }

/** Read once a record. */
const recordedIndexes = memoised((record: ObjectRecord) => {
  const { completedIndexes, failedIndexes } = recordedStatus(record)
  return { completed: parseIndexes(textOf(completedIndexes)), failed: parseIndexes(textOf(failedIndexes)) }
})

/** An Indexed Job may be told to have fewer. */
function below(completions: number, indexes: ReadonlySet<number>): ReadonlySet<number> {
  for (const index of indexes)
    if (index >= completions) return new Set([...indexes].filter((one) => one < completions))
  return indexes
}

/** Undefined when the record holds all this. `spec` is as written: the one in force, should a later one be refused. */
export function jobRecord(
  key: ObjectKey,
  memory: JobMemory,
  spec: JobSpec,
  record: ObjectRecord | undefined,
  context: ControllerContext,
): ObjectRecord | undefined {
  const failures = [...memory.indexFailures].toSorted(([a], [b]) => a - b)
  const known = record?.object.metadata.annotations?.[INDEX_FAILURES]
  const annotations =
    failures.length === 0 && known === undefined
      ? undefined
      : { [INDEX_FAILURES]: JSON.stringify(Object.fromEntries(failures)) }
  return memoryRecord(
    key,
    {
      memory,
      apiVersion: 'batch/v1',
      kind: 'Job',
      spec,
      status: countsOf(memory, spec.completionMode === 'Indexed'),
      ...(annotations !== undefined && { annotations }),
    },
    record,
    context,
  )
}

/** The part of the official status that no pod tells. */
export function countsOf(memory: JobMemory, indexed: boolean): Readonly<Record<string, unknown>> {
  const { completedIndexes, completionTime, failedIndexes, startTime } = memory
  return {
    ...(startTime !== undefined && { startTime }),
    ...(completionTime !== undefined && { completionTime }),
    succeeded: indexed ? completedIndexes.size : memory.succeeded,
    failed: memory.failed,
    ...(completedIndexes.size > 0 && { completedIndexes: indexesText(completedIndexes) }),
    ...(failedIndexes.size > 0 && { failedIndexes: indexesText(failedIndexes) }),
    uncountedTerminatedPods: {
      ...(memory.uncountedSucceeded.length > 0 && { succeeded: memory.uncountedSucceeded }),
      ...(memory.uncountedFailed.length > 0 && { failed: memory.uncountedFailed }),
    },
  }
}

export function conditionTrue(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type && condition.status === 'True')
}

/** Complete or Failed: nothing is done for the Job any more. */
export function finishedCondition({ conditions }: Pick<JobMemory, 'conditions'>): Condition | undefined {
  return conditionTrue(conditions, 'Complete') ?? conditionTrue(conditions, 'Failed')
}

/** How the Job has ended, by its record. */
export function recordedEnd(record: ObjectRecord | undefined): Condition | undefined {
  return finishedCondition({ conditions: recordedConditions(record) })
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function failuresOf(text: string | undefined): ReadonlyMap<number, number> {
  const parsed: unknown = text === undefined ? {} : JSON.parse(text)
  return new Map(Object.entries(fieldsOf(parsed)).map(([index, count]) => [Number(index), numberOf(count)]))
}
