import type { PodUid } from '../../engine/api/names.ts'
import { type NodeMemory, nodeMemory } from '../../engine/api/nodeRecords.ts'
import type { Plan } from '../../engine/api/plan.ts'
import type { ObservedNode, Snapshot } from '../../engine/api/snapshot.ts'

/** From falling silent to replacements: what counts as unreachable, and Kubernetes' five minutes. */
const PATIENCE_MS = (20 + 300) * 1000

export function replacedPods(records: Snapshot['records']): ReadonlySet<PodUid> {
  return new Set([...records.values()].flatMap((record) => memoryOf(record)?.loss?.evicted ?? []))
}

function memoryOf(record: Parameters<typeof nodeMemory>[0]): NodeMemory | undefined {
  return record?.object.kind === 'Node' ? nodeMemory(record) : undefined
}

/** What is given up while its node does not answer: only what is one of many, and only after long. */
export function lossLaws({ observed, records }: Snapshot, plan: Plan, nowMs: number): readonly string[] {
  const broken: string[] = []
  const before = replacedPods(records)
  for (const action of plan.actions) {
    if (action.kind !== 'writeRecord' || action.record.object.kind !== 'Node') continue
    const node = [...observed.nodes.values()].find(({ name }) => name === action.record.object.metadata.name)
    for (const uid of memoryOf(action.record)?.loss?.evicted ?? [])
      if (!before.has(uid)) broken.push(...givenUp(uid, node, nowMs))
  }
  return broken
}

function givenUp(uid: PodUid, node: ObservedNode | undefined, nowMs: number): readonly string[] {
  const { annotations, ownerReferences } = node?.pods.get(uid)?.record.pod.metadata ?? {}
  const owner = ownerReferences?.[0]?.kind
  const indexed = annotations?.['batch.kubernetes.io/job-completion-index'] !== undefined
  return [
    ...(node?.reachable === true ? [`${uid} is given up though its node answers`] : []),
    ...((owner !== 'ReplicaSet' && owner !== 'Job') || indexed ? [`${uid} of ${owner} is given up`] : []),
    ...(nowMs - Date.parse(node?.since ?? '') < PATIENCE_MS ? [`${uid} is given up too soon`] : []),
  ]
}
