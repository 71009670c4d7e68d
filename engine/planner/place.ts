import type { Pod, PodSpec, PodStatus } from '../api/generated/types.ts'
import type { NodeName, ObjectKey, PodUid } from '../api/names.ts'
import type { CreatePod, StatusReport } from '../api/plan.ts'
import { type PodRecord, RECORD_VERSION } from '../api/records.ts'
import { DEFAULT_SCHEDULER } from '../api/schedulers.ts'
import { matchesSelector } from '../api/selectors.ts'
import {
  type Decision,
  nothing,
  type PodDeletion,
  type PodNote,
  type PodWish,
} from '../controllers/decision.ts'
import type { Placeable } from '../scheduler/pods.ts'
import { type BudgetRoom, preemptionFor } from '../scheduler/preempt.ts'
import type { Room } from '../scheduler/room.ts'
import { placementOf } from '../scheduler/schedule.ts'
import type { ClaimBook } from './claims/book.ts'
import { prioritiesOf } from './priorities.ts'
import { placeable, roomOf } from './room.ts'
import type { World } from './world.ts'
import { podsNamed } from './worldIndex.ts'
import type { WorldPod } from './worldPods.ts'

/** A pod that is wanted and cannot be made now. */
export interface Pending {
  readonly wish: PodWish
  readonly object: ObjectKey
  readonly message: string
  /** Kubernetes' reason in its PodScheduled condition. */
  readonly reason: 'Unschedulable' | 'SchedulingGated'
  /** Room is being made for it there. */
  readonly nominated?: NodeName
}

export interface Placements {
  readonly creates: readonly CreatePod[]
  readonly pending: readonly Pending[]
  /** Pods that make room for others, as decisions about their objects. */
  readonly preempted: readonly Decision[]
}

interface Wanted {
  readonly wish: PodWish
  readonly object: ObjectKey
  readonly pod: Placeable
}

/** A node for every pod that is wanted, the important ones first: each sees those that were placed before it. */
export function place(
  decisions: readonly Decision[],
  budgets: readonly BudgetRoom[],
  claims: ClaimBook,
  world: World,
): Placements {
  const pending: Pending[] = []
  const priority = prioritiesOf(world.snapshot.desired)
  const wanted = decisions.flatMap(({ creates, object }) =>
    creates.map((wish) => ({
      wish,
      object,
      pod: placeable(wish.metadata, wish.spec, wish.metadata.ownerReferences?.[0]?.uid, priority),
    })),
  )
  const free = withoutBlocked(wanted, world, pending)
  if (free.length === 0) return { creates: [], pending, preempted: [] }
  const going = decisions.flatMap(({ deletes }) => deletes.map(({ pod }) => pod))
  const scheduler = new Scheduler(roomOf(world, going, priority), budgets, claims, world)
  for (const one of free.toSorted((a, b) => b.pod.priority - a.pod.priority)) scheduler.place(one)
  return {
    creates: inOrderOf(wanted, scheduler.creates),
    pending: [...pending, ...scheduler.pending],
    preempted: scheduler.preempted,
  }
}

/** In the decisions' order again, whatever the order of placing was. */
function inOrderOf(wanted: readonly Wanted[], creates: ReadonlyMap<PodUid, CreatePod>): readonly CreatePod[] {
  return wanted.flatMap(({ wish }) => {
    const create = creates.get(wish.uid)
    return create === undefined ? [] : [create]
  })
}

/** Those that no scheduler is asked about yet are pending. */
function withoutBlocked(wanted: readonly Wanted[], world: World, pending: Pending[]): readonly Wanted[] {
  if (wanted.length === 0) return []
  const [unread] = world.unread
  const names = new Set<ObjectKey>()
  return wanted.filter(({ object, wish }) => {
    const block = (message: string, reason: Pending['reason'] = 'Unschedulable'): false => {
      pending.push({ wish, object, message, reason })
      return false
    }
    if (unread !== undefined) return block(unread)
    // A Pod of the commit may be named like one that a Deployment made.
    if (names.has(wish.key) || podsNamed(wish.key, world).length > 0) return block('another pod has its name')
    names.add(wish.key)
    if ((wish.spec.schedulingGates ?? []).length > 0) return block(GATED, 'SchedulingGated')
    const { schedulerName } = wish.spec
    if (schedulerName && schedulerName !== DEFAULT_SCHEDULER)
      return block(`waits for the scheduler ${schedulerName}, which does not run here`)
    return true
  })
}

const GATED = 'Scheduling is blocked due to non-empty scheduling gates'

/** Places one pod after the other; what it decides about one is part of the room of the next. */
class Scheduler {
  readonly creates = new Map<PodUid, CreatePod>()
  readonly pending: Pending[] = []
  readonly #room: Room
  readonly #claims: ClaimBook
  readonly #world: World
  readonly #budgets: { -readonly [K in keyof BudgetRoom]: BudgetRoom[K] }[]
  readonly #deletions = new Map<ObjectKey, PodDeletion[]>()
  readonly #notes = new Map<ObjectKey, PodNote[]>()
  #pods: ReadonlyMap<PodUid, WorldPod> | undefined
  /** By spec: why it fits nowhere, true while the room is the same. Hundreds of one template are refused with one look. */
  readonly #refused = new Map<
    PodSpec,
    { readonly version: number; readonly one: Wanted; readonly message: string }
  >()

  constructor(room: Room, budgets: readonly BudgetRoom[], claims: ClaimBook, world: World) {
    this.#room = room
    this.#claims = claims
    this.#world = world
    this.#budgets = budgets.map((budget) => ({ ...budget }))
  }

  get preempted(): readonly Decision[] {
    const objects = new Set([...this.#deletions.keys(), ...this.#notes.keys()])
    return [...objects].toSorted().map((object) => ({
      ...nothing(object),
      deletes: this.#deletions.get(object) ?? [],
      notes: this.#notes.get(object) ?? [],
    }))
  }

  place(wanted: Wanted): void {
    const claims = this.#claims.lookUp(wanted.wish)
    if (claims.kind === 'wait') {
      this.#wait(wanted, `0/${this.#room.nodes.length} nodes are available: ${claims.message}`)
      return
    }
    const one = withNodes(wanted, claims.nodes)
    const { object, pod, wish } = one
    const known = this.#refused.get(pod.spec)
    if (known?.version === this.#room.version && isAlike(known.one, one)) {
      this.#wait(one, known.message)
      return
    }
    const placement = placementOf(pod, this.#room)
    if (placement.kind === 'none') {
      this.#makeRoom(one, placement.message)
      return
    }
    this.#room.add(pod, placement.node)
    const node = this.#room.nodes[placement.node]?.name
    if (node === undefined) return
    this.#claims.bind(wish, object, node)
    const create = createPod(wish, object, node, this.#world.context.commit)
    this.creates.set(wish.uid, withClaims(create, this.#claims.volumesOf(wish)))
  }

  /** Whom it waits for keeps the room for it: nobody who comes later takes it. */
  #makeRoom(one: Wanted, message: string): void {
    const preemption = preemptionFor(one.pod, this.#budgets, this.#room)
    switch (preemption.kind) {
      case 'none': {
        const whole = `${message} ${preemption.message}`.trim()
        this.#refused.set(one.pod.spec, { version: this.#room.version, one, message: whole })
        this.#wait(one, whole)
        return
      }
      case 'awaits':
        this.#nominate(one, preemption.node, message)
        return
      case 'victims':
        if (preemption.violations > 0) this.#spare(one, preemption, message)
        else this.#evict(one, preemption, message)
        return
      default:
        preemption satisfies never
    }
  }

  #wait({ object, wish }: Wanted, message: string): void {
    this.pending.push({ wish, object, message, reason: 'Unschedulable' })
  }

  #nominate({ object, pod, wish }: Wanted, node: number, message: string): void {
    const nominated = this.#room.nodes[node]?.name
    this.#room.add(pod, node)
    this.pending.push({
      wish,
      object,
      message,
      reason: 'Unschedulable',
      ...(nominated !== undefined && { nominated }),
    })
  }

  #evict(one: Wanted, { node, victims }: Victims, message: string): void {
    for (const victim of victims) {
      if (victim.deleting) continue
      this.#room.remove(victim, node)
      this.#room.add({ ...victim, deleting: true }, node)
      this.#takeFromBudgets(victim)
      const pod = this.#podOf(victim)
      if (pod === undefined) continue
      const reason = `PreemptionByScheduler: makes room for ${one.wish.label} of priority ${one.pod.priority}`
      const deletion: PodDeletion = { pod: pod.view, reason, bucket: 'delete', disrupts: 'preemption' }
      this.#deletions.getOrInsertComputed(pod.object, () => []).push(deletion)
    }
    this.#nominate(one, node, message)
  }

  /** Kubernetes would break the budget, if it has to; here budgets hold. */
  #spare(one: Wanted, { victims, violations }: Victims, message: string): void {
    const why = `preemption: ${violations} of ${victims.length} victims are held by a PodDisruptionBudget.`
    this.#wait(one, `${message} ${why}`)
    for (const victim of victims) {
      const pod = victim.deleting ? undefined : this.#podOf(victim)
      if (pod === undefined) continue
      const reason = `would make room for ${one.wish.label}, but a PodDisruptionBudget allows no disruption`
      this.#notes.getOrInsertComputed(pod.object, () => []).push({ pod: pod.view, bucket: 'wait', reason })
    }
  }

  #podOf({ uid }: Placeable): WorldPod | undefined {
    this.#pods ??= new Map(this.#world.pods.map((pod) => [pod.view.uid, pod]))
    return this.#pods.get(uid)
  }

  #takeFromBudgets({ labels, namespace }: Placeable): void {
    for (const budget of this.#budgets) {
      if (budget.namespace === namespace && matchesSelector(budget.selector, labels)) budget.allowed -= 1
    }
  }
}

type Victims = Extract<ReturnType<typeof preemptionFor>, { readonly kind: 'victims' }>

/** Where its volumes are, if they are anywhere yet. */
function withNodes(one: Wanted, nodes: ReadonlySet<NodeName> | undefined): Wanted {
  return nodes === undefined ? one : { ...one, pod: { ...one.pod, volumeNodes: nodes } }
}

/** Nobody could tell them apart, but for their names. */
function isAlike(a: Wanted, b: Wanted): boolean {
  return a.pod.owner !== undefined && a.pod.owner === b.pod.owner && a.object === b.object
}

function createPod(wish: PodWish, object: ObjectKey, node: NodeName, commit: string): CreatePod {
  const record: PodRecord = {
    recordVersion: RECORD_VERSION,
    generation: 1,
    node,
    commit,
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: wish.metadata, spec: wish.spec },
    ...(wish.writtenSpec !== undefined && { writtenSpec: wish.writtenSpec }),
    ...(wish.runtimeHandler !== undefined && { runtimeHandler: wish.runtimeHandler }),
    conditions: [],
    containers: {},
  }
  return { kind: 'createPod', node, uid: wish.uid, pod: wish.label, object, reason: wish.reason, record }
}

function withClaims(create: CreatePod, claims: PodRecord['claims']): CreatePod {
  return claims === undefined ? create : { ...create, record: { ...create.record, claims } }
}

/** The official Pod that waits for a node. */
export function pendingReport({ message, nominated, reason, wish }: Pending): StatusReport {
  const status: PodStatus = {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason, message }],
    ...(nominated !== undefined && { nominatedNodeName: nominated }),
  }
  const object: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: wish.metadata, spec: wish.spec, status }
  return { key: wish.key, health: { kind: 'progressing', message }, status, object }
}
