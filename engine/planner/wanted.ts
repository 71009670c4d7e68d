import { withDefaults } from '../api/defaults/objects.ts'
import type { Job, JobSpec } from '../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey } from '../api/names.ts'
import type { ObjectRecord, RecordedObject } from '../api/records.ts'
import type { DesiredObject, Snapshot } from '../api/snapshot.ts'
import { controllerOf } from '../api/owners.ts'
import { memoised } from '../api/memo.ts'

/** The commit's objects, and the Jobs on record that CronJobs of the commit made: these want pods as if they were written there. */
export function wantedObjects({
  desired: { objects },
  records,
}: Snapshot): ReadonlyMap<ObjectKey, DesiredObject> {
  const derived = new Map<ObjectKey, DesiredObject>()
  for (const record of records.values()) {
    const owner = controllerOf(record.object.metadata)
    if (owner?.kind !== 'CronJob' || objects.has(record.key)) continue
    const { namespace } = keyParts(record.key)
    const cronJob = objects.get(objectKey(owner.kind, namespace, owner.name))
    const job = jobOf(record)
    if (cronJob !== undefined && job !== undefined)
      derived.set(record.key, { key: record.key, ...job, position: cronJob.position })
  }
  return derived.size === 0 ? objects : new Map([...objects, ...derived])
}

/** ReplicaSets aside, which the Deployments' own index has. */
export function childrenOf({ records }: Snapshot): ReadonlyMap<ObjectKey, readonly ObjectRecord[]> {
  const children = new Map<ObjectKey, ObjectRecord[]>()
  for (const record of records.values()) {
    const owner = record.object.kind === 'ReplicaSet' ? undefined : controllerOf(record.object.metadata)
    if (owner === undefined) continue
    const key = objectKey(owner.kind, keyParts(record.key).namespace, owner.name)
    const group = children.get(key)
    if (group === undefined) children.set(key, [record])
    else group.push(record)
  }
  for (const group of children.values()) group.sort((a, b) => (a.key < b.key ? -1 : 1))
  return children
}

type Derived = Pick<DesiredObject, 'written' | 'object'>

const jobOf = memoised(({ object: { kind, metadata, spec } }: ObjectRecord): Derived | undefined => {
  if (kind !== 'Job' || !isJobSpec(spec)) return undefined
  const written: Job = { apiVersion: 'batch/v1', kind, metadata: identity(metadata), spec }
  return { written, object: withDefaults(written) }
})

/** As a manifest would have it: what the engine keeps in the record's metadata beside is not written by anybody. */
function identity(metadata: RecordedObject['metadata']): RecordedObject['metadata'] {
  const { generation: _generation, uid: _uid, creationTimestamp: _created, ...written } = metadata
  return written
}

/** The spec was validated as part of its CronJob before it was recorded. */
function isJobSpec(spec: unknown): spec is JobSpec {
  return typeof spec === 'object' && spec !== null && 'template' in spec && typeof spec.template === 'object'
}
