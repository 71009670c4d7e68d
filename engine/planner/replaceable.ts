import { claimsOf } from '../api/claims.ts'
import { recordedEnd } from '../controllers/job/memory.ts'
import type { World } from './world.ts'
import type { WorldPod } from './worldPods.ts'

/**
 * Whether another pod may take this one's place while nobody knows what has become of it: what is one of many of its owner's may, what has an
 * identity may not. A bare Pod, an ordinal of a StatefulSet and an index of a Job are one at a time, so are the pods of a Job that asks for
 * that (podReplacementPolicy), and what uses a claim would not find its data elsewhere. A DaemonSet's pod belongs to its node. A Job that is over
 * makes no others: what is left of it are logs.
 */
export function isReplaceable({ object, owner, view }: WorldPod, { snapshot, wanted }: World): boolean {
  const { metadata, spec } = view.record.pod
  if (spec.volumes !== undefined && claimsOf(metadata.name ?? '', spec).length > 0) return false
  if (owner?.kind === 'ReplicaSet') return true
  const job = owner?.kind === 'Job' ? wanted.get(object)?.object : undefined
  if (job?.kind !== 'Job' || recordedEnd(snapshot.records.get(object)) !== undefined) return false
  return job.spec.completionMode !== 'Indexed' && job.spec.podReplacementPolicy !== 'Failed'
}
