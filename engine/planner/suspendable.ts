import { keyParts, type ObjectKey, objectText } from '../api/names.ts'
import type { Desired, Snapshot } from '../api/snapshot.ts'
import { canBeLeftAlone } from '../api/syncAnnotations.ts'
import { runningObjects, topOfPod, topOfRecord } from './running.ts'
import { identityOf } from './worldPods.ts'

/** Why this object cannot be suspended; undefined: it can. `inForce`: the objects of the commit in force, where they are known. */
export function suspendProblem(
  object: ObjectKey,
  current: Pick<Snapshot, 'observed' | 'records'> & { readonly inForce?: Desired['objects'] },
): string | undefined {
  const { inForce, records } = current
  const name = objectText(object)
  if (!canBeLeftAlone(keyParts(object).kind)) return `nothing runs of ${name} by itself: suspend what uses it`
  const record = records.get(object)
  if (inForce?.has(object) === true) return undefined
  const top = record === undefined ? object : topOfRecord(record, records)
  if (top !== object) return `${name} is made from ${objectText(top)}: suspend that one`
  const running = runningObjects(current)
  if (running.has(object)) return undefined
  const owner = ownerOfPod(object, current)
  if (owner !== undefined) return `${name} is a pod of ${objectText(owner)}: suspend that one`
  return `there is no ${name}`
}

function ownerOfPod(
  pod: ObjectKey,
  { observed, records }: Pick<Snapshot, 'observed' | 'records'>,
): ObjectKey | undefined {
  for (const node of observed.nodes.values()) {
    for (const { record } of node.pods.values()) {
      const { key } = identityOf(record)
      if (key === pod) return topOfPod(record, records)
    }
  }
  return undefined
}
