import type { PodDisruptionBudget } from '../api/generated/types.ts'
import { keyParts, type ObjectKey } from '../api/names.ts'
import type { Disruption } from '../api/plan.ts'
import { matchesSelector } from '../api/selectors.ts'
import type { Decision, PodDeletion, PodNote } from '../controllers/decision.ts'
import {
  budgetDecision,
  type BudgetNumbers,
  budgetNumbers,
  type Scale,
} from '../controllers/podDisruptionBudget.ts'
import type { PodView } from '../controllers/view.ts'
import type { BudgetRoom } from '../scheduler/preempt.ts'
import { isScalable } from './autoscale.ts'
import type { World } from './world.ts'
import type { WorldPod } from './worldPods.ts'

/** A PodDisruptionBudget with its pods and numbers. */
export interface Budget {
  readonly key: ObjectKey
  readonly budget: PodDisruptionBudget
  readonly pods: ReadonlySet<PodView>
  readonly numbers: BudgetNumbers
}

const none: readonly Budget[] = []

/** By key. */
export function budgetsOf(world: World): readonly Budget[] {
  const budgets = [...world.wanted.values()].filter(({ object }) => object.kind === 'PodDisruptionBudget')
  if (budgets.length === 0) return none
  const byNamespace = Map.groupBy(world.pods, ({ view }) => keyParts(view.key).namespace)
  return budgets
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .flatMap(({ key, object }) => {
      if (object.kind !== 'PodDisruptionBudget') return []
      const { selector } = object.spec
      const pods = (byNamespace.get(keyParts(key).namespace) ?? []).filter(({ view }) =>
        matchesSelector(selector, view.record.pod.metadata.labels),
      )
      const views = pods.map(({ view }) => view)
      return [
        {
          key,
          budget: object,
          pods: new Set(views),
          numbers: budgetNumbers(object.spec, views, scaleOf(pods, world)),
        },
      ]
    })
}

/** The sum of what the pods' controllers want. Pods without one are not counted, as in Kubernetes. */
function scaleOf(pods: readonly WorldPod[], world: World): Scale {
  let total = 0
  const seen = new Set<ObjectKey>()
  for (const { object, owner, view } of pods) {
    if (owner === undefined || view.deleting || seen.has(object)) continue
    seen.add(object)
    const wanted = world.wanted.get(object)?.object
    const scaled = wanted !== undefined && isScalable(wanted)
    if (scaled) total += wanted.spec.replicas ?? 1
    // What has left the commit wants nothing.
    if (scaled || wanted === undefined) continue
    const message = `${wanted.kind} ${keyParts(object).name} does not implement the scale subresource`
    return { kind: 'unknown', message }
  }
  return { kind: 'known', pods: total }
}

/** Taints drive pods out whatever their budgets say, as in Kubernetes. */
export const HELD: ReadonlySet<Disruption | undefined> = new Set<Disruption>([
  'rollout',
  'drain',
  'preemption',
])

/** What of the budgets is left as deletions are let through. */
export class Allowance {
  readonly #budgets: readonly Budget[]
  readonly #left: Map<ObjectKey, number>

  constructor(budgets: readonly Budget[]) {
    this.#budgets = budgets
    this.#left = new Map(budgets.map(({ key, numbers }) => [key, spareOf(numbers)]))
  }

  left(key: ObjectKey): number {
    return this.#left.get(key) ?? 0
  }

  /** The budget that holds this deletion back; undefined: it may go, and is counted. */
  take({ disrupts, pod }: PodDeletion): Budget | undefined {
    if (!HELD.has(disrupts)) return undefined
    const concerned = this.#budgets.filter(({ pods }) => pods.has(pod))
    const holder = concerned.find((budget) => !this.#allows(budget, pod, disrupts))
    if (holder !== undefined) return holder
    for (const { key } of concerned) if (pod.ready) this.#left.set(key, this.left(key) - 1)
    return undefined
  }

  /**
   * As the eviction API decides. One thing is ours: a rollout always gets rid of pods that are not ready, or a broken revision could never
   * be replaced by the one that mends it (Kubernetes' rollouts do not ask budgets at all).
   */
  #allows({ budget, key, numbers }: Budget, pod: PodView, disrupts: Disruption | undefined): boolean {
    if (pod.ready) return this.left(key) > 0
    if (disrupts === 'rollout' || pod.finished || pod.status.phase === 'Pending') return true
    if (budget.spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
    return numbers.desiredHealthy > 0 && numbers.currentHealthy >= numbers.desiredHealthy
  }
}

/** Where no pods are expected any more (their controller wants none) the status allows nothing, yet nothing is kept either. */
function spareOf({ currentHealthy, desiredHealthy, failure }: BudgetNumbers): number {
  return failure === undefined ? Math.max(0, currentHealthy - desiredHealthy) : 0
}

/** Takes out of the decisions what budgets hold back; it becomes a note with the reason. No pod was to come in its place yet. */
export function held(decisions: readonly Decision[], allowance: Allowance): readonly Decision[] {
  return decisions.map((decision) => {
    if (!decision.deletes.some(({ disrupts }) => HELD.has(disrupts))) return decision
    const notes: PodNote[] = []
    const deletes = decision.deletes.filter((deletion) => {
      const budget = deletion.pod.deleting ? undefined : allowance.take(deletion)
      if (budget !== undefined)
        notes.push({ pod: deletion.pod, bucket: 'wait', reason: heldReason(deletion, budget) })
      return budget === undefined
    })
    if (notes.length === 0) return decision
    return { ...decision, deletes, notes: [...decision.notes, ...notes] }
  })
}

/** Their statuses. */
export function budgetDecisions(budgets: readonly Budget[], world: World): readonly Decision[] {
  return budgets.flatMap(({ key, numbers }) => {
    const desired = world.wanted.get(key)
    if (desired?.object.kind !== 'PodDisruptionBudget' || desired.written.kind !== 'PodDisruptionBudget')
      return []
    const record = world.snapshot.records.get(key)
    const input = { desired, object: desired.object, written: desired.written, record, pods: [] }
    return [budgetDecision(input, numbers, world.context)]
  })
}

/** What preemption may still take, after all else. */
export function budgetRooms(budgets: readonly Budget[], allowance: Allowance): readonly BudgetRoom[] {
  return budgets.map(({ budget, key }) => ({
    namespace: keyParts(key).namespace,
    selector: budget.spec.selector,
    allowed: allowance.left(key),
  }))
}

function heldReason({ reason }: PodDeletion, { key, numbers }: Budget): string {
  const { name, namespace } = keyParts(key)
  const { currentHealthy, desiredHealthy, failure } = numbers
  const why = failure ?? `${currentHealthy} of its pods are healthy, ${desiredHealthy} have to be`
  return `${reason}; PodDisruptionBudget ${namespace}/${name} does not let it go: ${why}`
}
