import type { ControllerContext } from '../controllers/decision.ts'
import type { SetRecord } from '../controllers/replicaset/sets.ts'
import { nodeName, type ObjectKey } from '../api/names.ts'
import type { Violation } from '../api/plan.ts'
import type { ObjectRecord } from '../api/records.ts'
import type { DesiredObject, Snapshot } from '../api/snapshot.ts'
import { tooFewNodes } from './bindings.ts'
import { inOrder } from './inOrder.ts'
import { HandsOff } from './leftAlone.ts'
import { withLosses } from './losses.ts'
import { childrenOf, wantedObjects } from './wanted.ts'
import { indexOf, type PodIndex } from './worldIndex.ts'

/** The snapshot, put in order once: everything that is asked of it while planning is an index here. */
export interface World extends PodIndex {
  readonly snapshot: Snapshot
  readonly context: ControllerContext
  /** Records of what an object made (revisions, Jobs), by that object; by key. */
  readonly children: ReadonlyMap<ObjectKey, readonly ObjectRecord[]>
  /** The commit's objects, and what was made from them and wants pods itself: a CronJob's Jobs. */
  readonly wanted: ReadonlyMap<ObjectKey, DesiredObject>
  /** By Deployment, oldest first. */
  readonly sets: ReadonlyMap<ObjectKey, readonly SetRecord[]>
  /** Why nobody knows all pods that there are: nothing may be made while it may be there already. A sentence each. */
  readonly unread: readonly string[]
  readonly violations: readonly Violation[]
  /** The objects that nothing is done about. */
  readonly off: HandsOff
}

export function worldOf(told: Snapshot, now: Temporal.Instant): World {
  const snapshot = withLosses(told, now)
  const unread = unreadPods(snapshot)
  const context = {
    now,
    nowMs: now.epochMilliseconds,
    commit: snapshot.desired.commit,
    unread: unread.length > 0,
  }
  const violations: Violation[] = []
  const { index, sets: records } = indexOf(snapshot, now, violations)
  const sets = Map.groupBy(records.values(), (set) => set.deployment)
  return {
    snapshot,
    context,
    ...index,
    children: childrenOf(snapshot),
    wanted: wantedObjects(snapshot),
    sets: new Map(
      [...sets].map(([key, group]) => [key, inOrder(group, (set) => `${set.created} ${set.name}`)]),
    ),
    unread,
    violations,
    off: new HandsOff(snapshot),
  }
}

function unreadPods(snapshot: Snapshot): readonly string[] {
  const { desired, observed } = snapshot
  const nodes = [...observed.nodes.values()]
  const silent = nodes.filter(({ unlisted }) => unlisted === true).map(({ name }) => name)
  const unseen = desired.nodes
    .map(({ metadata }) => nodeName(metadata.name ?? ''))
    .filter((name) => !observed.nodes.has(name))
  const few = tooFewNodes(snapshot)
  return [
    ...(few === undefined ? [] : [few]),
    ...[...silent, ...unseen].toSorted().map((name) => `node ${name} was never read: the pod may be there`),
    ...nodes.flatMap(({ unreadable = [] }) => unreadable.map(mayBeIt)),
  ]
}

function mayBeIt(sentence: string): string {
  return `${sentence}; it may be this pod, which is not made before that one is mended or gone`
}
