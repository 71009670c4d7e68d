import { memoised } from './memo.ts'
import { type NodeName, type ObjectKey, objectKey, type PodUid, podUid } from './names.ts'
import { type ObjectRecord, type PodRecord, RECORD_VERSION } from './records.ts'

/**
 * Which pod is on which node of a fleet, on record before it is made there: so that a head that cannot ask the node knows what there may be.
 * By the pod's uid, which is never used again; a pod's name may be.
 */
export interface Binding {
  readonly node: NodeName
  readonly uid: PodUid
  /** As it was when it was bound. */
  readonly record: PodRecord
}

export const BINDING = 'Binding'

export const bindingKeyOf = memoised(
  ({ pod }: PodRecord): ObjectKey => objectKey(BINDING, pod.metadata.namespace, pod.metadata.uid ?? ''),
)

/** Nobody but `bindingRecord` writes it. */
export const bindingOf = memoised(({ object }: ObjectRecord): Binding | undefined => {
  const { kind, spec } = object
  if (kind !== BINDING || typeof spec !== 'object' || spec === null || !('record' in spec)) return undefined
  const record = spec.record as PodRecord
  return { node: record.node, uid: podUid(record.pod.metadata.uid ?? ''), record }
})

export function bindingRecord(record: PodRecord): ObjectRecord {
  const { namespace, uid = '' } = record.pod.metadata
  return {
    recordVersion: RECORD_VERSION,
    generation: 1,
    key: bindingKeyOf(record),
    commit: record.commit,
    object: {
      apiVersion: 'v1',
      kind: BINDING,
      metadata: { name: uid, ...(namespace !== undefined && { namespace }) },
      spec: { record },
    },
  }
}
