import type { PodTemplateSpec, ReplicaSet, ReplicaSetStatus } from '../../api/generated/types.ts'
import { nameHash, type ObjectKey } from '../../api/names.ts'
import type { StatusReport } from '../../api/plan.ts'
import { TEMPLATE_HASH } from '../../api/templates.ts'
import { type ControllerContext, type PodDeletion, type PodNote, type PodWish } from '../decision.ts'
import type { Bounds } from '../fenceposts.ts'
import { ownedPodWish } from '../ownedPod.ts'
import { inDeletionOrder } from './ranking.ts'
import type { SetRecord } from './sets.ts'
import { canBeDeleted, isActive, isAvailable, type PodView } from '../view.ts'

/** What pods of a ReplicaSet are made from. */
export interface PodSet {
  readonly key: ObjectKey
  readonly name: string
  readonly uid: string
  /** Of the template; empty for a ReplicaSet of its own, whose pods are not told apart. */
  readonly hash: string
  readonly template: PodTemplateSpec
}

/** A ReplicaSet with its pods, those that end and have ended included. */
export interface OwnedSet<S extends PodSet = SetRecord> {
  readonly set: S
  readonly pods: readonly PodView[]
}

/** What a set's pods come to, as observed. */
export interface SetState<S extends PodSet = SetRecord> extends OwnedSet<S> {
  readonly isNew: boolean
  readonly active: readonly PodView[]
  readonly ready: number
  readonly available: number
  readonly minReadySeconds: number
}

export function setState<S extends PodSet>(
  owned: OwnedSet<S>,
  isNew: boolean,
  minReadySeconds: number,
  nowMs: number,
): SetState<S> {
  const active = owned.pods.filter(isActive)
  let ready = 0
  let available = 0
  for (const pod of active) {
    if (pod.ready) ready += 1
    if (isAvailable(pod, minReadySeconds, nowMs)) available += 1
  }
  return { ...owned, isNew, active, ready, available, minReadySeconds }
}

/** A set and how many pods it is to have. */
export interface SizedSet<S extends PodSet = SetRecord> {
  readonly state: SetState<S>
  readonly replicas: number
}

export interface PodChanges {
  readonly creates: readonly PodWish[]
  readonly deletes: readonly PodDeletion[]
  readonly notes: readonly PodNote[]
}

/**
 * Brings every set to its size. The bounds are looked at once more, against the pods of this moment: a size may have been recorded
 * when more pods were available than now.
 */
export function podChanges(
  sets: readonly SizedSet<PodSet>[],
  bounds: Bounds,
  context: ControllerContext,
): PodChanges {
  const deletes: PodDeletion[] = []
  const notes: PodNote[] = []
  let spare = total(sets, ({ state }) => firmlyAvailable(state, context.nowMs)) - bounds.floor
  let tooMany = total(sets, ({ state }) => state.active.length) - bounds.ceiling
  for (const { state, replicas } of sets) {
    for (const pod of state.pods) replaceEnded(pod, deletes, notes)
    for (const pod of surplus(state, replicas, context.nowMs)) {
      const counted = isAvailable(pod, state.minReadySeconds, context.nowMs)
      if (!canBeDeleted(pod)) notes.push({ pod, bucket: 'wait', reason: heldReason(pod) })
      else if (counted && spare <= 0) notes.push({ pod, bucket: 'wait', reason: floorReason(bounds) })
      else {
        const reason = surplusReason(state, replicas)
        // No budget is asked about a smaller size, nor where all are to go before others come.
        const disrupts = !state.isNew && !bounds.recreates && tooMany <= 0
        deletes.push({ pod, bucket: 'delete', reason, ...(disrupts && { disrupts: 'rollout' }) })
        tooMany -= 1
        if (counted) spare -= 1
      }
    }
  }
  const room = bounds.ceiling - total(sets, ({ state }) => stillThere(state))
  return { creates: createsFor(sets, room, context), deletes, notes }
}

/** A pod counts until its deletion is on record: one that is only decided, or under way, may yet fail. */
function stillThere({ pods }: SetState<PodSet>): number {
  return pods.filter((pod) => !pod.finished && !pod.deletingOnRecord).length
}

/**
 * A readiness that is not on record yet would be forgotten with the engine, and nobody outside can see it: no other pod goes for it. It
 * is written with the same plan, so this holds a rollout up for no longer than that.
 */
function firmlyAvailable({ active, minReadySeconds }: SetState<PodSet>, nowMs: number): number {
  return active.filter((pod) => pod.readyOnRecord && isAvailable(pod, minReadySeconds, nowMs)).length
}

/** Kubernetes makes a new pod in the place of one that ended, and leaves the old one to be collected; here it goes at once. */
function replaceEnded(pod: PodView, deletes: PodDeletion[], notes: PodNote[]): void {
  if (!pod.finished || pod.deleting) return
  const why = pod.status.reason === undefined ? '' : ` (${pod.status.reason})`
  const reason = `has ended in phase ${pod.status.phase}${why}: another one takes its place`
  if (canBeDeleted(pod)) deletes.push({ pod, reason, bucket: 'delete' })
  else notes.push({ pod, bucket: 'wait', reason: heldReason(pod) })
}

function surplus(state: SetState<PodSet>, replicas: number, nowMs: number): readonly PodView[] {
  const tooMany = state.active.length - replicas
  if (tooMany <= 0) return []
  return inDeletionOrder(state.active, state.minReadySeconds, nowMs).slice(0, tooMany)
}

function surplusReason({ isNew, set }: SetState<PodSet>, replicas: number): string {
  return isNew
    ? `${set.name} is to have ${replicas}`
    : `is of an older revision: ${set.name} is to have ${replicas}`
}

function heldReason(pod: PodView): string {
  if (!pod.reachable) return `is to be deleted once node ${pod.node} answers`
  return `is to be deleted once ${pod.busy?.kind ?? 'its action'} is done`
}

function floorReason({ floor }: Bounds): string {
  return `is to be deleted once more than ${floor} pods are available`
}

function createsFor(
  sets: readonly SizedSet<PodSet>[],
  room: number,
  context: ControllerContext,
): readonly PodWish[] {
  const wishes: PodWish[] = []
  for (const { state, replicas } of sets) {
    const missing = Math.min(replicas - state.active.length, room - wishes.length)
    if (missing > 0) wishes.push(...wishesOf(state, missing, replicas, context))
  }
  return wishes
}

/** Names follow from the set and a number: the first ones that no pod of the set has. */
function wishesOf(
  { set, pods, active }: SetState<PodSet>,
  missing: number,
  replicas: number,
  context: ControllerContext,
): readonly PodWish[] {
  const taken = new Set(pods.map((pod) => pod.record.pod.metadata.name))
  const wishes: PodWish[] = []
  for (let number = 0; wishes.length < missing; number++) {
    const name = `${set.name}-${nameHash(5, set.uid, String(number))}`
    if (taken.has(name)) continue
    taken.add(name)
    const place = active.length + wishes.length + 1
    wishes.push(wishFor(set, name, `${place} of ${replicas} of ${set.name}`, context))
  }
  return wishes
}

function wishFor(set: PodSet, name: string, reason: string, context: ControllerContext): PodWish {
  const { metadata, spec } = set.template
  const labels = { ...metadata?.labels, ...(set.hash !== '' && { [TEMPLATE_HASH]: set.hash }) }
  return ownedPodWish(set, { name, metadata, labels, spec, reason }, context)
}

/** The official ReplicaSet, which is in no commit, with its status. */
export function setReport({ set, active, pods, ready, available }: SetState): StatusReport {
  const ending = pods.filter((pod) => pod.deleting).length
  const status: ReplicaSetStatus = {
    replicas: active.length,
    fullyLabeledReplicas: active.length,
    readyReplicas: ready,
    availableReplicas: available,
    terminatingReplicas: ending,
    observedGeneration: set.record.generation,
  }
  const { template } = set
  const labels = { ...template.metadata?.labels, [TEMPLATE_HASH]: set.hash }
  const object: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: set.record.object.metadata,
    spec: {
      replicas: set.replicas,
      selector: set.selector,
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
    status,
  }
  return { key: set.key, health: { kind: 'healthy' }, status, object }
}

function total<T>(items: readonly T[], of: (item: T) => number): number {
  let sum = 0
  for (const item of items) sum += of(item)
  return sum
}
