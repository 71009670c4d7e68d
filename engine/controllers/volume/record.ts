import { canonicalJson } from '../../api/canonical.ts'
import type {
  ObjectMeta,
  ObjectReference,
  PersistentVolume,
  PersistentVolumeSpec,
  PersistentVolumeStatus,
} from '../../api/generated/types.ts'
import { keyParts, type ObjectKey, uidHash } from '../../api/names.ts'
import type { Health, StatusReport } from '../../api/plan.ts'
import { type ObjectRecord, RECORD_VERSION } from '../../api/records.ts'
import { type ControllerContext, timestamp } from '../decision.ts'
import { immutableChanges, invalidMessage } from '../changes/immutable.ts'

/** Kubernetes' own mark of a claimRef, or a volumeName, that no person wrote. */
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'

/** A volume of the commit, with what is on record of it. */
export interface VolumeFacts {
  readonly key: ObjectKey
  readonly written: PersistentVolume
  readonly record: ObjectRecord | undefined
  /** In force: as written, unless Kubernetes forbids the change; `claimRef` is the one on record, if it still counts. */
  readonly spec: PersistentVolumeSpec
  readonly refused?: string
}

export function volumeFacts(
  key: ObjectKey,
  written: PersistentVolume,
  record: ObjectRecord | undefined,
): VolumeFacts {
  const before = record === undefined ? undefined : volumeSpecOf(record)
  const changes =
    before === undefined ? [] : immutableChanges('PersistentVolume', { spec: before }, { spec: written.spec })
  const { claimRef: _, ...own } = changes.length > 0 && before !== undefined ? before : written.spec
  const claimRef = claimRefInForce(written, record)
  return {
    key,
    written,
    record,
    spec: { ...own, ...(claimRef !== undefined && { claimRef }) },
    ...(changes.length > 0 && {
      refused: invalidMessage('PersistentVolume', keyParts(key).name, changes),
    }),
  }
}

/**
 * The one on record stays, with the uid of the claim that it was bound to: so a volume stays released when that one is gone. Until the
 * manifest says another than it said: that is how a person gives the volume free.
 */
function claimRefInForce(
  { spec: { claimRef: written } }: PersistentVolume,
  record: ObjectRecord | undefined,
): ObjectReference | undefined {
  const recorded = record === undefined ? undefined : volumeSpecOf(record).claimRef
  if (recorded === undefined) return written
  const isOurs = record?.object.metadata.annotations?.[BOUND_BY_CONTROLLER] === 'yes'
  if (written === undefined) return isOurs ? recorded : undefined
  if (isOurs || !isSameClaim(written, recorded)) return written
  return written.uid !== undefined && written.uid !== recorded.uid ? written : recorded
}

function isSameClaim(a: ObjectReference, b: ObjectReference): boolean {
  return a.name === b.name && (a.namespace ?? 'default') === (b.namespace ?? 'default')
}

export function volumeSpecOf({ object }: ObjectRecord): PersistentVolumeSpec {
  const { spec } = object
  return typeof spec === 'object' && spec !== null ? spec : {}
}

export function claimReference({ key, object }: ObjectRecord): ObjectReference {
  const { name, namespace } = keyParts(key)
  const { uid } = object.metadata
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    namespace,
    name,
    ...(uid !== undefined && { uid }),
  }
}

/** The record as it is to be, bound to this claim if it is; generation and time as they were. */
export function volumeRecord(
  facts: VolumeFacts,
  claim: ObjectRecord | undefined,
  context: ControllerContext,
): ObjectRecord {
  const { key, record, written } = facts
  const { name } = keyParts(key)
  const created = timestamp(context.now)
  const { labels } = written.metadata
  const before = record?.object.metadata
  const isOurs = claim !== undefined ? written.spec.claimRef === undefined : isKeptMark(facts)
  const metadata: ObjectMeta = {
    name,
    uid: before?.uid ?? uidHash(key, created),
    creationTimestamp: before?.creationTimestamp ?? created,
    ...(labels !== undefined && { labels }),
    annotations: { ...written.metadata.annotations, ...(isOurs && { [BOUND_BY_CONTROLLER]: 'yes' }) },
  }
  const spec: PersistentVolumeSpec =
    claim === undefined ? facts.spec : { ...facts.spec, claimRef: claimReference(claim) }
  const status = volumeStatus(facts, spec, claim, context)
  const object = { apiVersion: 'v1', kind: 'PersistentVolume', metadata, spec, status } as const
  return {
    recordVersion: RECORD_VERSION,
    generation: record?.generation ?? 0,
    key,
    commit: context.commit,
    object,
  }
}

function isKeptMark({ record, spec, written }: VolumeFacts): boolean {
  if (spec.claimRef === undefined || written.spec.claimRef !== undefined) return false
  return record?.object.metadata.annotations?.[BOUND_BY_CONTROLLER] === 'yes'
}

/** Kept for a claim that never had it, a volume is available, as in Kubernetes: for that claim. */
function volumeStatus(
  { record }: VolumeFacts,
  { claimRef }: PersistentVolumeSpec,
  claim: ObjectRecord | undefined,
  context: ControllerContext,
): PersistentVolumeStatus {
  const free = claimRef?.uid === undefined || claimRef.uid === '' ? 'Available' : 'Released'
  const phase = claim === undefined ? free : 'Bound'
  const before: PersistentVolumeStatus = isStatus(record?.object.status) ? record.object.status : {}
  const since = before.phase === phase ? before.lastPhaseTransitionTime : undefined
  return { phase, lastPhaseTransitionTime: since ?? timestamp(context.now) }
}

function isStatus(status: unknown): status is PersistentVolumeStatus {
  return typeof status === 'object' && status !== null
}

/** The next generation, when that is not what stands on record. */
export function changedVolume({ record }: VolumeFacts, next: ObjectRecord): ObjectRecord | undefined {
  if (record !== undefined && canonicalJson(record.object) === canonicalJson(next.object)) return undefined
  return { ...next, generation: (record?.generation ?? 0) + 1 }
}

export function volumeReport({ key, refused }: VolumeFacts, { object }: ObjectRecord): StatusReport {
  const health: Health =
    refused === undefined ? { kind: 'healthy' } : { kind: 'failed', reason: 'Invalid', message: refused }
  return { key, health, status: object.status, object }
}
