import type { ObjectKey, PodUid } from '../api/names.ts'
import type { PodAction } from '../api/plan.ts'
import { prioritiesOf } from './priorities.ts'
import type { World } from './world.ts'

/**
 * Where several pods are to begin at once, as all of a node's do after a reboot, the more important ones come first, and of those that are
 * equally important the first in the plan's own order: a node does a few things at a time. All other actions stay in their places.
 */
export function byImportance(
  actions: readonly PodAction[],
  place: ReadonlyMap<ObjectKey, number>,
  world: World,
): readonly PodAction[] {
  const beginnings = actions.filter(begins)
  if (beginnings.length < 2) return actions
  const priorities = prioritiesIn(world, new Set(beginnings.map(({ uid }) => uid)))
  const sorted = beginnings.toSorted(
    (a, b) =>
      (priorities.get(b.uid) ?? 0) - (priorities.get(a.uid) ?? 0) ||
      (place.get(a.object) ?? 0) - (place.get(b.object) ?? 0),
  )
  const next = sorted.values()
  return actions.map((action) => (begins(action) ? (next.next().value ?? action) : action))
}

function begins({ kind }: PodAction): boolean {
  return kind === 'createPod' || kind === 'startContainers'
}

function prioritiesIn({ pods, snapshot }: World, uids: ReadonlySet<PodUid>): ReadonlyMap<PodUid, number> {
  const priorityOf = prioritiesOf(snapshot.desired)
  const found = new Map<PodUid, number>()
  for (const { view } of pods)
    if (uids.has(view.uid)) found.set(view.uid, priorityOf(view.record.pod.spec).value)
  return found
}
