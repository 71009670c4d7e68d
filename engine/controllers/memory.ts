import { canonicalJson } from '../api/canonical.ts'
import { keyParts, nameHash, type ObjectKey, uidHash } from '../api/names.ts'
import type { RecordAction } from '../api/plan.ts'
import { type ObjectRecord, RECORD_VERSION, type RecordedObject } from '../api/records.ts'
import { type ControllerContext, timestamp } from './decision.ts'
import { memoised } from '../api/memo.ts'

/** Tells whether the written spec is another one than before, so that `generation` can count as an API server counts it. */
const SPEC_HASH = 'reconcile.dev/spec-hash'

/** What every kind's conditions have in common. Some have a time more, which is kept as it is. */
export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
  readonly lastUpdateTime?: string
  readonly lastProbeTime?: string
}

/** What the engine remembers of an object whose spec is in Git. */
export interface ObjectMemory {
  readonly uid: string
  readonly created: string
  /** Counts the written specs there were, from 1. */
  readonly generation: number
  readonly conditions: readonly Condition[]
  readonly specHash: string
}

/** What of an object goes into its record beside the memory. */
export interface Remembered {
  readonly memory: ObjectMemory
  readonly apiVersion: string
  readonly kind: RecordedObject['kind']
  /** Beside those that the record has already. */
  readonly annotations?: Readonly<Record<string, string>>
  /** The spec that is in force, as written, where a later one may be refused. */
  readonly spec?: unknown
  /** What of the status no pod can tell any more, or must be there before something is done; conditions and generation aside. */
  readonly status?: Readonly<Record<string, unknown>>
}

const hashOf = memoised((spec: object): string => nameHash(10, canonicalJson(spec)))

/** `ownerUid`: what the object's pods say, should its own record be lost. */
export function memoryOf(
  key: ObjectKey,
  written: { readonly spec: object },
  record: ObjectRecord | undefined,
  ownerUid: string | undefined,
  context: ControllerContext,
): ObjectMemory {
  const specHash = hashOf(written.spec)
  const metadata = record?.object.metadata
  const created = metadata?.creationTimestamp ?? timestamp(context.now)
  const sameSpec = metadata?.annotations?.[SPEC_HASH] === specHash
  return {
    uid: metadata?.uid ?? ownerUid ?? uidHash(key, created),
    created,
    generation: (metadata?.generation ?? 0) + (sameSpec ? 0 : 1),
    conditions: recordedConditions(record),
    specHash,
  }
}

export function recordedConditions(record: ObjectRecord | undefined): readonly Condition[] {
  const conditions = recordedStatus(record)['conditions']
  return Array.isArray(conditions) ? conditions.filter(isCondition) : []
}

/** Empty when there is none. */
export function recordedStatus(record: ObjectRecord | undefined): Readonly<Record<string, unknown>> {
  const status = record?.object.status
  return isRecord(status) ? status : {}
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isCondition(value: unknown): value is Condition {
  return typeof value === 'object' && value !== null && 'type' in value && 'status' in value
}

/**
 * The record as it should be; undefined when it holds all this already. That a condition's time is another one is no reason to write:
 * progress within a rollout is seen from the pods.
 */
export function memoryRecord(
  key: ObjectKey,
  remembered: Remembered,
  record: ObjectRecord | undefined,
  context: ControllerContext,
): ObjectRecord | undefined {
  const { memory, apiVersion, kind, spec, status } = remembered
  const { name, namespace } = keyParts(key)
  const known = record?.object
  const next: RecordedObject = {
    apiVersion,
    kind,
    metadata: {
      ...known?.metadata,
      name,
      namespace,
      uid: memory.uid,
      creationTimestamp: memory.created,
      generation: memory.generation,
      annotations: {
        ...known?.metadata.annotations,
        ...remembered.annotations,
        [SPEC_HASH]: memory.specHash,
      },
    },
    ...(spec !== undefined && { spec }),
    status: { ...status, observedGeneration: memory.generation, conditions: memory.conditions },
  }
  if (known !== undefined && recordedText(known) === textOf(next)) return undefined
  return {
    recordVersion: RECORD_VERSION,
    generation: (record?.generation ?? 0) + 1,
    key,
    commit: context.commit,
    object: next,
  }
}

const recordedText = memoised(textOf)

function textOf({ metadata, spec, status }: RecordedObject): string {
  const { conditions, ...rest } = isRecord(status) ? status : {}
  const kept = Array.isArray(conditions) ? conditions.filter(isCondition).map(untimed) : []
  return canonicalJson([metadata, spec, rest, kept])
}

function untimed({ message, reason, status, type }: Condition): unknown {
  return [type, status, reason, message]
}

/** The one before when nothing was said anew; its transition time while the status is the same. */
export function settled(before: Condition | undefined, next: Condition): Condition {
  if (before === undefined || before.status !== next.status) return next
  if (before.reason === next.reason && before.message === next.message) return before
  return before.lastTransitionTime === undefined
    ? next
    : { ...next, lastTransitionTime: before.lastTransitionTime }
}

/** `next` undefined: the record is as it should be. `changed`: what did change, in words for people, when the spec did not. */
export function memoryWrite(
  object: ObjectKey,
  record: ObjectRecord | undefined,
  next: ObjectRecord | undefined,
  changed = 'its conditions changed',
): readonly RecordAction[] {
  if (next === undefined) return []
  const sameSpec = record?.object.metadata.generation === next.object.metadata.generation
  const why = sameSpec ? changed : 'its spec changed'
  const reason = record === undefined ? 'is in the commit and not on record' : why
  return [{ kind: 'writeRecord', object, record: next, reason }]
}
