import { canonicalJson } from '../api/canonical.ts'
import { SELECTED_NODE } from '../api/claims.ts'
import type {
  ObjectMeta,
  OwnerReference,
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimStatus,
  PersistentVolumeSpec,
} from '../api/generated/types.ts'
import { keyParts, type NodeName, nodeName, type ObjectKey, uidHash } from '../api/names.ts'
import type { Health, StatusReport } from '../api/plan.ts'
import { type ObjectRecord, RECORD_VERSION } from '../api/records.ts'
import { type ControllerContext, timestamp } from './decision.ts'
import { BOUND_BY_CONTROLLER } from './volume/record.ts'
import { immutableChanges, invalidMessage } from './changes/immutable.ts'

/** It is, or was, in the commit itself: its record, and its data, go when it has left the commit. */
const FROM_COMMIT = 'reconcile.dev/from-commit'

/** Kubernetes' own mark: the volume that its spec names is its own, and none but that. */
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed'

/** How a claim stands to the volume that it is bound to, or looks for. */
export interface ClaimStanding {
  /** Of the volume; a claim in a folder of its own has none. */
  readonly volume?: PersistentVolumeSpec
  /** It has lost its volume, which is in the commit no more. */
  readonly lost?: string
  /** Why nothing of what there is will do. */
  readonly problem?: string
}

export interface ClaimSource {
  readonly spec: PersistentVolumeClaimSpec
  readonly labels?: ObjectMeta['labels']
  readonly annotations?: ObjectMeta['annotations']
  readonly owner?: OwnerReference
  readonly fromCommit: boolean
}

/** Generation 0: not on record yet. */
export function newClaim(key: ObjectKey, source: ClaimSource, context: ControllerContext): ObjectRecord {
  const { name, namespace } = keyParts(key)
  const created = timestamp(context.now)
  const { labels, owner, spec } = source
  const annotations = { ...source.annotations, ...(source.fromCommit && { [FROM_COMMIT]: 'true' }) }
  const metadata: ObjectMeta = {
    name,
    namespace,
    uid: uidHash(key, created),
    creationTimestamp: created,
    ...(labels !== undefined && { labels }),
    annotations,
    ...(owner !== undefined && { ownerReferences: [owner] }),
  }
  const object = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec } as const
  return { recordVersion: RECORD_VERSION, generation: 0, key, commit: context.commit, object }
}

export function specOf({ object }: ObjectRecord): PersistentVolumeClaimSpec {
  const { spec } = object
  return typeof spec === 'object' && spec !== null ? spec : {}
}

export function selectedNode({ object }: ObjectRecord): NodeName | undefined {
  const node = object.metadata.annotations?.[SELECTED_NODE]
  return node === undefined || node === '' ? undefined : nodeName(node)
}

export function isFromCommit({ object }: ObjectRecord): boolean {
  return object.metadata.annotations?.[FROM_COMMIT] === 'true'
}

/** The PersistentVolume that it is bound to, by name; undefined also when it has a folder of its own. */
export function boundVolume(record: ObjectRecord): string | undefined {
  if (record.object.kind !== 'PersistentVolumeClaim') return undefined
  if (record.object.metadata.annotations?.[BIND_COMPLETED] !== 'yes') return undefined
  return specOf(record).volumeName
}

/** To a volume, or to a node on which it has a folder. */
export function isBound(record: ObjectRecord): boolean {
  return boundVolume(record) !== undefined || selectedNode(record) !== undefined
}

export function isForOnePod(spec: PersistentVolumeClaimSpec): boolean {
  return spec.accessModes?.includes('ReadWriteOncePod') === true
}

/** The record as it is to be: on this node from now on. */
export function boundClaim(record: ObjectRecord, node: NodeName): ObjectRecord {
  const { metadata } = record.object
  const annotations = { ...metadata.annotations, [SELECTED_NODE]: node }
  return { ...record, object: { ...record.object, metadata: { ...metadata, annotations } } }
}

/** The record as it is to be: on this volume from now on. */
export function claimOnVolume(record: ObjectRecord, volumeName: string): ObjectRecord {
  const { metadata } = record.object
  const spec = specOf(record)
  const byEngine = spec.volumeName === undefined || spec.volumeName === ''
  const annotations = {
    ...metadata.annotations,
    [BIND_COMPLETED]: 'yes',
    ...(byEngine && { [BOUND_BY_CONTROLLER]: 'yes' }),
  }
  const object = { ...record.object, metadata: { ...metadata, annotations }, spec: { ...spec, volumeName } }
  return { ...record, object }
}

/** What the engine has written of where a claim is. */
const OF_BINDING = [SELECTED_NODE, BIND_COMPLETED, BOUND_BY_CONTROLLER]

/** With what the commit says of it now; a change that Kubernetes forbids leaves the old spec in force, and is told. */
export function writtenClaim(
  record: ObjectRecord,
  source: ClaimSource,
): { readonly record: ObjectRecord; readonly refused?: string } {
  const { metadata } = record.object
  const changes = immutableChanges('PersistentVolumeClaim', record.object, { spec: source.spec })
  const kept = Object.entries(metadata.annotations ?? {}).filter(([name]) => OF_BINDING.includes(name))
  const annotations = { ...source.annotations, [FROM_COMMIT]: 'true', ...Object.fromEntries(kept) }
  const volumeName = boundVolume(record)
  const spec = { ...source.spec, ...(volumeName !== undefined && { volumeName }) }
  const { labels: _, ...rest } = metadata
  const written = {
    ...record.object,
    metadata: { ...rest, ...(source.labels !== undefined && { labels: source.labels }), annotations },
    spec: changes.length > 0 ? record.object.spec : spec,
  }
  const next = { ...record, object: written }
  if (changes.length === 0) return { record: next }
  return { record: next, refused: invalidMessage('PersistentVolumeClaim', metadata.name ?? '', changes) }
}

/** With its status, and the next generation, when that is not what stands on record; undefined when it is. */
export function changedClaim(
  recorded: ObjectRecord | undefined,
  next: ObjectRecord,
  standing: ClaimStanding,
  context: ControllerContext,
): ObjectRecord | undefined {
  const object = { ...next.object, status: claimStatus(next, standing) }
  if (recorded !== undefined && canonicalJson(recorded.object) === canonicalJson(object)) return undefined
  return { ...next, generation: (recorded?.generation ?? 0) + 1, commit: context.commit, object }
}

function claimStatus(
  record: ObjectRecord,
  { lost, problem, volume }: ClaimStanding,
): PersistentVolumeClaimStatus {
  const spec = specOf(record)
  if (lost !== undefined) return { phase: 'Lost' }
  if (problem !== undefined) {
    const type = 'ProvisioningFailed'
    return { phase: 'Pending', conditions: [{ type, status: 'True', reason: type, message: problem }] }
  }
  if (!isBound(record)) return { phase: 'Pending' }
  const storage = (volume?.capacity ?? spec.resources?.requests)?.['storage']
  return {
    phase: 'Bound',
    accessModes: (volume ?? spec).accessModes ?? [],
    ...(storage !== undefined && { capacity: { storage } }),
  }
}

/** One that nobody has used yet is as it should be: it is bound with its first pod. */
export function claimReport(
  record: ObjectRecord,
  standing: ClaimStanding,
  refused: string | undefined,
): StatusReport {
  const status = claimStatus(record, standing)
  const object = { ...record.object, status }
  return { key: record.key, health: healthOf(standing, refused), status, object }
}

function healthOf({ lost, problem }: ClaimStanding, refused: string | undefined): Health {
  if (refused !== undefined) return { kind: 'failed', reason: 'Invalid', message: refused }
  if (lost !== undefined) return { kind: 'failed', reason: 'ClaimLost', message: lost }
  if (problem !== undefined) return { kind: 'failed', reason: 'ProvisioningFailed', message: problem }
  return { kind: 'healthy' }
}
