import type { ObjectKey, PodUid } from '../api/names.ts'
import type { Plan } from '../api/plan.ts'
import type { Desired } from '../api/snapshot.ts'
import { memoised } from '../api/memo.ts'
import { autoscalersOf } from './autoscale.ts'

const targetsOf = memoised((objects: Desired['objects']): ReadonlySet<ObjectKey> => {
  return new Set(autoscalersOf(objects).map(({ target }) => target))
})

const NONE: ReadonlySet<PodUid> = new Set()

/**
 * The pods whose usage the next plans are made from: those of what an autoscaler scales, but for the ones that are to go. Whoever observes
 * measures these and no others.
 */
export function podsToMeasure(
  { verdicts }: Pick<Plan, 'verdicts'>,
  { objects }: Desired,
): ReadonlySet<PodUid> {
  const targets = targetsOf(objects)
  if (targets.size === 0) return NONE
  const uids = new Set<PodUid>()
  for (const { bucket, object, uid } of verdicts) {
    if (bucket !== 'delete' && targets.has(object)) uids.add(uid)
  }
  return uids
}
