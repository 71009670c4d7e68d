import { keyParts, type ObjectKey, objectKey } from '../../engine/api/names.ts'
import type { Plan } from '../../engine/api/plan.ts'
import type { Snapshot } from '../../engine/api/snapshot.ts'
import { syncMemory } from '../../engine/api/sync.ts'

/** What no plan may do to objects that are suspended, or never pruned: counted from the records alone. */
export function railLaws({ desired, observed, records }: Snapshot, plan: Plan): readonly string[] {
  const pods = [...observed.nodes.values()].flatMap((node) => [...node.pods])
  const going = new Set(
    pods.flatMap(([uid, { record }]) => (record.pod.metadata.deletionTimestamp === undefined ? [] : [uid])),
  )
  const suspended = new Set(syncMemory(records).suspended.map(({ object }) => object))
  const kept = new Set(keptKeys(records).filter((key) => !desired.objects.has(key)))
  return plan.actions.flatMap((action) => {
    const { kind, object } = action
    if (suspended.has(object) && !('uid' in action && going.has(action.uid)))
      return [`${kind} of ${object}, which is suspended`]
    const isPruned = kind === 'deleteRecord' || (kind === 'deletePod' && /no longer in/.test(action.reason))
    return isPruned && kept.has(object) ? [`${kind} of ${object}, which is never pruned`] : []
  })
}

export function keptKeys(records: Snapshot['records']): readonly ObjectKey[] {
  return [...records.keys()].flatMap((key) => {
    const { kind, name, namespace } = keyParts(key)
    const [of = '', ...rest] = name.split('.')
    return kind === 'Kept' ? [objectKey(of, namespace, rest.join('.'))] : []
  })
}
