import type { StatefulSet } from '../../api/generated/types.ts'
import { portion } from '../fenceposts.ts'

/**
 * Which pods of a StatefulSet are to be made and which are to go: Kubernetes' updateStatefulSet
 * (pkg/controller/statefulset/stateful_set_control.go) over plain values. Creating comes before scaling down, and both before the rollout.
 */
export interface StatefulPod {
  readonly ordinal: number
  /** The name of its revision. */
  readonly revision: string | undefined
  readonly available: boolean
  /** Available, and that is on record: only then may another pod go for it. */
  readonly firm: boolean
  /** It will not come up by itself. */
  readonly broken: boolean
  readonly deleting: boolean
  readonly finished: boolean
  /** It cannot be deleted now: busy, or on a node that does not answer. */
  readonly held: boolean
}

export interface StatefulGoal {
  /** The first ordinal. */
  readonly start: number
  readonly replicas: number
  /** podManagementPolicy OrderedReady: one after the other. */
  readonly ordered: boolean
  readonly type: 'RollingUpdate' | 'OnDelete'
  /** Counted from the first ordinal: so many pods, and no more, stay at the current revision. */
  readonly partition: number
  readonly maxUnavailable: number
  /** Names of revisions: the last one that was rolled out whole, and the one of now. */
  readonly currentRevision: string
  readonly updateRevision: string
  /** There may be pods that nobody could read: nobody knows which ordinal is the highest. */
  readonly unread: boolean
}

export interface StatefulMoves<P extends StatefulPod = StatefulPod> {
  readonly creates: readonly StatefulCreate[]
  readonly deletes: readonly StatefulDeletion<P>[]
}

export interface StatefulCreate {
  readonly ordinal: number
  readonly revision: string
}

export interface StatefulDeletion<P extends StatefulPod = StatefulPod> {
  readonly pod: P
  readonly why: 'ended' | 'scaled' | 'outdated' | 'stuck' | 'double'
}

/** A percentage of the replicas is rounded down, but to no less than one: with 5 replicas 50% are 2, and 10% are 1. */
export function maxUnavailableOf({ spec }: StatefulSet): number {
  const { maxUnavailable = 1 } = spec.updateStrategy?.rollingUpdate ?? {}
  return Math.max(1, Math.floor(portion(maxUnavailable, spec.replicas ?? 1)))
}

/** The revision that a pod is made of, should it be missing. With OnDelete that is the one of now. */
export function wantedRevision(ordinal: number, goal: StatefulGoal): string {
  const isKept = goal.type === 'RollingUpdate' && ordinal < goal.start + goal.partition
  return isKept ? goal.currentRevision : goal.updateRevision
}

export function isInRange(ordinal: number, { replicas, start }: StatefulGoal): boolean {
  return ordinal >= start && ordinal < start + replicas
}

export function statefulMoves<P extends StatefulPod>(
  pods: readonly P[],
  goal: StatefulGoal,
): StatefulMoves<P> {
  const { double, single } = told(pods)
  const slots = slotsOf(single, goal)
  const filling = filled(slots, goal)
  const deletes: StatefulDeletion<P>[] = [...double, ...filling.deletes]
  if (filling.waits) return { creates: filling.creates, deletes }
  const condemned = single.filter(({ ordinal }) => !isInRange(ordinal, goal)).toReversed()
  const shrinking = shrunk(condemned, goal)
  deletes.push(...shrinking.deletes)
  if (!shrinking.waits && goal.type === 'RollingUpdate') deletes.push(...updated(slots, goal))
  return { creates: filling.creates, deletes }
}

interface Told<P extends StatefulPod> {
  /** By ordinal. */
  readonly single: readonly P[]
  readonly double: readonly StatefulDeletion<P>[]
}

/** Should there be two of one ordinal, the first stays. */
function told<P extends StatefulPod>(pods: readonly P[]): Told<P> {
  const single = new Map<number, P>()
  const double: StatefulDeletion<P>[] = []
  for (const pod of pods) {
    if (!single.has(pod.ordinal)) single.set(pod.ordinal, pod)
    else if (!pod.deleting) double.push({ pod, why: 'double' })
  }
  return { single: [...single.values()].toSorted((a, b) => a.ordinal - b.ordinal), double }
}

interface Slot<P extends StatefulPod> {
  readonly ordinal: number
  readonly pod: P | undefined
}

function slotsOf<P extends StatefulPod>(pods: readonly P[], goal: StatefulGoal): readonly Slot<P>[] {
  const byOrdinal = new Map(pods.map((pod) => [pod.ordinal, pod]))
  return Array.from({ length: goal.replicas }, (_, index) => {
    const ordinal = goal.start + index
    return { ordinal, pod: byOrdinal.get(ordinal) }
  })
}

interface Filling<P extends StatefulPod> extends StatefulMoves<P> {
  /** Nothing more is done before these pods are up. */
  readonly waits: boolean
}

/** Every ordinal gets its pod; in order, each one available before the next, unless they may come all at once. */
function filled<P extends StatefulPod>(slots: readonly Slot<P>[], goal: StatefulGoal): Filling<P> {
  const creates: StatefulCreate[] = []
  const deletes: StatefulDeletion<P>[] = []
  for (const { ordinal, pod } of slots) {
    if (pod === undefined) creates.push({ ordinal, revision: wantedRevision(ordinal, goal) })
    else if (pod.finished && !pod.deleting) deletes.push({ pod, why: 'ended' })
    else if (pod.available) continue
    else if (goal.ordered && isStuck(pod, slots, goal)) deletes.push({ pod, why: 'stuck' })
    if (goal.ordered) return { creates, deletes, waits: true }
  }
  return { creates, deletes, waits: deletes.length > 0 }
}

/**
 * A pod that does not come up and is of a template that nobody wants any more. Kubernetes documents that it waits for such a pod, also when
 * the template is put right, until somebody deletes it by hand (issue 67250). Here the repository alone is to be enough, so it goes; but one that
 * may only be unwell for a moment never out of turn: it is of a rollout that was given up, or all after it have been updated.
 */
function isStuck<P extends StatefulPod>(pod: P, slots: readonly Slot<P>[], goal: StatefulGoal): boolean {
  if (goal.type !== 'RollingUpdate' || pod.deleting) return false
  if (pod.revision === wantedRevision(pod.ordinal, goal)) return false
  if (pod.broken) return true
  const down = slots.filter((slot) => slot.pod !== undefined && !slot.pod.available)
  if (down.length > goal.maxUnavailable) return false
  return (
    pod.revision !== goal.currentRevision ||
    slots.every((slot) => slot.ordinal <= pod.ordinal || !isOutdated(slot, goal))
  )
}

function isOutdated({ ordinal, pod }: Slot<StatefulPod>, goal: StatefulGoal): boolean {
  return pod !== undefined && pod.revision !== wantedRevision(ordinal, goal)
}

interface Shrinking<P extends StatefulPod> {
  readonly deletes: readonly StatefulDeletion<P>[]
  readonly waits: boolean
}

/**
 * Those that are too many, the highest ordinal first; in order, each one gone before the next goes. One that is not available is
 * waited for while there is a lower one that is not available either: scaling halts where a set is unwell.
 */
function shrunk<P extends StatefulPod>(condemned: readonly P[], goal: StatefulGoal): Shrinking<P> {
  const present = condemned.filter(({ deleting }) => !deleting)
  if (!goal.ordered) return { deletes: present.map((pod) => ({ pod, why: 'scaled' })), waits: false }
  const [first] = condemned
  if (first === undefined) return { deletes: [], waits: false }
  const firstUnwell = condemned.findLast(({ available, deleting }) => !available || deleting)
  if (goal.unread) return { deletes: [], waits: true }
  const halts = !first.available && !first.finished && first !== firstUnwell
  if (first.deleting || halts) return { deletes: [], waits: true }
  return { deletes: [{ pod: first, why: 'scaled' }], waits: true }
}

/** The rollout, from the highest ordinal down to the partition, so that no more than maxUnavailable are away at a time. */
function updated<P extends StatefulPod>(
  slots: readonly Slot<P>[],
  goal: StatefulGoal,
): readonly StatefulDeletion<P>[] {
  const unavailable = slots.filter(({ pod }) => pod?.firm !== true).length
  const targets = slots
    .filter((slot) => slot.ordinal >= goal.start + goal.partition && isOutdated(slot, goal))
    .flatMap(({ pod }) => (pod === undefined || pod.deleting ? [] : [pod]))
    .toReversed()
  // What serves nobody takes nothing away; in order there is none, since all were waited for.
  const idle = goal.ordered ? [] : targets.filter(({ available }) => !available)
  const serving = targets.filter((pod) => !idle.includes(pod))
  const next = serving.slice(0, Math.max(0, goal.maxUnavailable - unavailable))
  return [...idle, ...next].map((pod) => ({ pod, why: 'outdated' }))
}
