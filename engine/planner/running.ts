import type { OwnerReference } from '../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey } from '../api/names.ts'
import { controllerOf } from '../api/owners.ts'
import type { ObjectRecord, PodRecord } from '../api/records.ts'
import type { Snapshot } from '../api/snapshot.ts'
import { RUNNING_KINDS } from '../api/syncAnnotations.ts'
import { isFromCommit } from '../controllers/claim.ts'
import { identityOf } from './worldPods.ts'

export function hasRunning(key: ObjectKey): boolean {
  return RUNNING_KINDS.has(keyParts(key).kind)
}

type Records = ReadonlyMap<ObjectKey, ObjectRecord>

/**
 * The objects of commits that have pods or a record, on nodes that do not answer as well, and on their way out or not. What was made from an
 * object (the ReplicaSets of a Deployment, the Jobs of a CronJob, the claims of a StatefulSet) is part of it.
 */
export function runningObjects({
  observed,
  records,
}: Pick<Snapshot, 'observed' | 'records'>): Set<ObjectKey> {
  const found = new Set<ObjectKey>()
  for (const node of observed.nodes.values()) {
    for (const { record, unmade } of node.pods.values()) {
      if (unmade === true) continue
      found.add(topOfPod(record, records))
    }
  }
  for (const record of records.values()) {
    // Claims that nobody wrote by themselves are part of what they were made for, or of nothing any more.
    if (record.object.kind === 'PersistentVolumeClaim' && !isFromCommit(record)) continue
    if (RUNNING_KINDS.has(record.object.kind)) found.add(topOfRecord(record, records))
  }
  return found
}

/** The object of a commit that a pod is, or was made from. */
export function topOfPod(pod: PodRecord, records: Records): ObjectKey {
  const { key, namespace, owner } = identityOf(pod)
  return owner === undefined ? key : topOf(owner, namespace, records)
}

/** The object of a commit that something on record was made from; itself where that is none. */
export function topOfRecord({ key, object }: ObjectRecord, records: Records): ObjectKey {
  const owner = controllerOf(object.metadata) ?? object.metadata.ownerReferences?.[0]
  return owner === undefined ? key : topOf(owner, keyParts(key).namespace, records)
}

/** The object of a commit that this owner is, or was made from. */
function topOf({ kind, name }: OwnerReference, namespace: string, records: Records): ObjectKey {
  const key = objectKey(kind, namespace, name)
  const above = records.get(key)
  const next = above === undefined ? undefined : controllerOf(above.object.metadata)
  if (next !== undefined) return objectKey(next.kind, namespace, next.name)
  // Sets without a record are those of Deployments whose record is lost: one that a commit wrote has its own.
  if (kind === 'ReplicaSet' && above === undefined)
    return objectKey('Deployment', namespace, name.slice(0, Math.max(0, name.lastIndexOf('-'))))
  return key
}
