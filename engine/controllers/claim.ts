import { canonicalJson } from '../api/canonical.ts'
import { SELECTED_NODE } from '../api/claims.ts'
import type {
  ObjectMeta,
  OwnerReference,
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimStatus,
} from '../api/generated/types.ts'
import { keyParts, type NodeName, nodeName, type ObjectKey, uidHash } from '../api/names.ts'
import type { Health, StatusReport } from '../api/plan.ts'
import { type ObjectRecord, RECORD_VERSION } from '../api/records.ts'
import { type ControllerContext, timestamp } from './decision.ts'
import { immutableChanges, invalidMessage } from './changes/immutable.ts'

/** It is, or was, in the commit itself: its record, and its data, go when it has left the commit. */
const FROM_COMMIT = 'reconcile.dev/from-commit'

/** The one kind of storage that there is: a folder on the node. */
const CLASSES: readonly (string | undefined)[] = [undefined, '', 'local']

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

/** Why it can never be served, as the provisioner would say it. */
export function claimProblem(spec: PersistentVolumeClaimSpec): string | undefined {
  if (!CLASSES.includes(spec.storageClassName)) {
    const name = JSON.stringify(spec.storageClassName)
    return `storageclass.storage.k8s.io ${name} not found: claims are folders on a node; leave storageClassName out, or write local`
  }
  return undefined
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

/** With what the commit says of it now; a change that Kubernetes forbids leaves the old spec in force, and is told. */
export function writtenClaim(
  record: ObjectRecord,
  source: ClaimSource,
): { readonly record: ObjectRecord; readonly refused?: string } {
  const { metadata } = record.object
  const changes = immutableChanges('PersistentVolumeClaim', record.object, { spec: source.spec })
  const kept = metadata.annotations?.[SELECTED_NODE]
  const annotations = {
    ...source.annotations,
    [FROM_COMMIT]: 'true',
    ...(kept !== undefined && { [SELECTED_NODE]: kept }),
  }
  const { labels: _, ...rest } = metadata
  const written = {
    ...record.object,
    metadata: { ...rest, ...(source.labels !== undefined && { labels: source.labels }), annotations },
    spec: changes.length > 0 ? record.object.spec : source.spec,
  }
  const next = { ...record, object: written }
  if (changes.length === 0) return { record: next }
  return { record: next, refused: invalidMessage('PersistentVolumeClaim', metadata.name ?? '', changes) }
}

/** With its status, and the next generation, when that is not what stands on record; undefined when it is. */
export function changedClaim(
  recorded: ObjectRecord | undefined,
  next: ObjectRecord,
  context: ControllerContext,
): ObjectRecord | undefined {
  const object = { ...next.object, status: claimStatus(next) }
  if (recorded !== undefined && canonicalJson(recorded.object) === canonicalJson(object)) return undefined
  return { ...next, generation: (recorded?.generation ?? 0) + 1, commit: context.commit, object }
}

function claimStatus(record: ObjectRecord): PersistentVolumeClaimStatus {
  const spec = specOf(record)
  const problem = claimProblem(spec)
  if (problem !== undefined) {
    const type = 'ProvisioningFailed'
    return { phase: 'Pending', conditions: [{ type, status: 'True', reason: type, message: problem }] }
  }
  if (selectedNode(record) === undefined) return { phase: 'Pending' }
  const storage = spec.resources?.requests?.['storage']
  return {
    phase: 'Bound',
    accessModes: spec.accessModes ?? [],
    ...(storage !== undefined && { capacity: { storage } }),
  }
}

/** One that nobody has used yet is as it should be: it is bound with its first pod. */
export function claimReport(record: ObjectRecord, refused: string | undefined): StatusReport {
  const status = claimStatus(record)
  const object = { ...record.object, status }
  return { key: record.key, health: healthOf(record, refused), status, object }
}

function healthOf(record: ObjectRecord, refused: string | undefined): Health {
  if (refused !== undefined) return { kind: 'failed', reason: 'Invalid', message: refused }
  const problem = claimProblem(specOf(record))
  if (problem !== undefined) return { kind: 'failed', reason: 'ProvisioningFailed', message: problem }
  return { kind: 'healthy' }
}
