import { matchesSelector } from '../api/selectors.ts'
import type { LabelSelector } from '../api/generated/types.ts'
import { type Candidate, candidateOf, hasRoom, refusalsOf } from './filters.ts'
import type { Placeable } from './pods.ts'
import type { Room } from './room.ts'
import { counted, enough } from './schedule.ts'

/** What a PodDisruptionBudget says to preemption. */
export interface BudgetRoom {
  readonly namespace: string
  readonly selector: LabelSelector | undefined
  /** How many of its pods may go now. */
  readonly allowed: number
}

export type Preemption =
  /** Pods that are going leave room there: nobody else has to go. */
  | { readonly kind: 'awaits'; readonly node: number }
  | {
      readonly kind: 'victims'
      readonly node: number
      readonly victims: readonly Placeable[]
      /** How many of them a budget does not let go. */
      readonly violations: number
    }
  /** As kube-scheduler adds it to why no node will do. */
  | { readonly kind: 'none'; readonly message: string }

interface Sacrifice {
  readonly node: number
  readonly victims: readonly Placeable[]
  readonly violations: number
}

/** Makes room for a pod that no node takes. Source: kube-scheduler's DefaultPreemption, but that pods which are going anyway are awaited. */
export function preemptionFor(pod: Placeable, budgets: readonly BudgetRoom[], room: Room): Preemption {
  const { version } = room
  const preemption = preemptionIn(pod, budgets, room)
  // Whom it took out to see what would be, it put back: the room is as it was.
  room.version = version
  return preemption
}

function preemptionIn(pod: Placeable, budgets: readonly BudgetRoom[], room: Room): Preemption {
  // A pod that names its node asks no scheduler, so nobody goes for it.
  if (pod.spec.nodeName !== undefined || room.nodes.length === 0) return { kind: 'none', message: '' }
  const candidate = candidateOf(pod, room)
  const helpful = helpfulNodes(candidate, room)
  const awaited = room.hasGoing
    ? helpful.find((node) => fitsWithout(candidate, node, isGoing, room))
    : undefined
  if (awaited !== undefined) return { kind: 'awaits', node: awaited }
  if (!pod.mayPreempt)
    return { kind: 'none', message: 'preemption: not eligible due to preemptionPolicy=Never.' }
  const most = Math.max(enough(room.nodes.length) / 5, 100)
  const sacrifices: Sacrifice[] = []
  const counts = new Map<string, number>()
  const say = (reason: string, times = 1): Map<string, number> =>
    counts.set(reason, (counts.get(reason) ?? 0) + times)
  const hopeless = room.nodes.length - helpful.length
  if (hopeless > 0) say('Preemption is not helpful for scheduling', hopeless)
  for (const node of helpful) {
    const outcome = room.lowestPriority < pod.priority ? sacrificeOn(candidate, node, budgets, room) : NOBODY
    if (typeof outcome === 'string') say(outcome)
    else sacrifices.push(outcome)
    if (sacrifices.length >= most) break
  }
  const best = leastOf(sacrifices)
  if (best !== undefined) return { kind: 'victims', ...best }
  return {
    kind: 'none',
    message: `preemption: 0/${room.nodes.length} nodes are available: ${counted(counts)}.`,
  }
}

const NOBODY = 'No preemption victims found for incoming pod'

/** Those where fewer pods could help. */
function helpfulNodes(candidate: Candidate, room: Room): readonly number[] {
  const found: number[] = []
  for (const node of candidate.answers.candidates) {
    if (!refusalsOf(candidate, node, room).some(({ final }) => final)) found.push(node)
  }
  return found
}

function isGoing({ deleting }: Placeable): boolean {
  return deleting
}

/** With these pods taken out for the moment of the question. */
function fitsWithout(
  { pod }: Candidate,
  node: number,
  without: (pod: Placeable) => boolean,
  room: Room,
): boolean {
  const out = room.podsOn(node).filter(without)
  if (out.length === 0) return false
  for (const one of out) room.remove(one, node)
  // Asked anew: the fewest pods of any domain may be others now.
  const fits = hasRoom(candidateOf(pod, room), node, room)
  for (const one of out) room.add(one, node)
  return fits
}

/** The pods that have to go from one node, as few and as unimportant as can be; in words, when none would help. */
function sacrificeOn(
  candidate: Candidate,
  node: number,
  budgets: readonly BudgetRoom[],
  room: Room,
): Sacrifice | string {
  const { pod } = candidate
  const lower = room.podsOn(node).filter(({ priority }) => priority < pod.priority)
  if (lower.length === 0) return NOBODY
  for (const one of lower) room.remove(one, node)
  const emptied = candidateOf(pod, room)
  const outcome = hasRoom(emptied, node, room)
    ? reprieved(pod, node, lower, budgets, room)
    : (refusalsOf(emptied, node, room)[0]?.reason ?? NOBODY)
  const back = typeof outcome === 'string' ? lower : outcome.victims
  for (const one of back) room.add(one, node)
  return outcome
}

/** One after the other comes back if there is still room: first those that a budget holds, the important ones before the others. */
function reprieved(
  pod: Placeable,
  node: number,
  lower: readonly Placeable[],
  budgets: readonly BudgetRoom[],
  room: Room,
): Sacrifice {
  const ordered = lower.toSorted(byImportance)
  const held = heldByBudgets(ordered, budgets)
  const victims: Placeable[] = []
  let violations = 0
  for (const one of [
    ...ordered.filter((other) => held.has(other)),
    ...ordered.filter((other) => !held.has(other)),
  ]) {
    room.add(one, node)
    if (hasRoom(candidateOf(pod, room), node, room)) continue
    room.remove(one, node)
    victims.push(one)
    if (held.has(one)) violations += 1
  }
  return { node, victims: victims.toSorted(byImportance), violations }
}

/** The higher priority first, then the older. */
function byImportance(a: Placeable, b: Placeable): number {
  return b.priority - a.priority || a.createdMs - b.createdMs || (a.uid < b.uid ? -1 : 1)
}

function heldByBudgets(pods: readonly Placeable[], budgets: readonly BudgetRoom[]): ReadonlySet<Placeable> {
  const left = budgets.map(({ allowed }) => allowed)
  const held = new Set<Placeable>()
  for (const pod of pods) {
    if (pod.deleting) continue
    budgets.forEach(({ namespace, selector }, index) => {
      if (namespace !== pod.namespace || !matchesSelector(selector, pod.labels)) return
      left[index] = (left[index] ?? 0) - 1
      if ((left[index] ?? 0) < 0) held.add(pod)
    })
  }
  return held
}

/** kube-scheduler's order: fewest broken budgets, lowest highest priority, lowest sum, fewest pods, youngest of the highest. */
function leastOf(sacrifices: readonly Sacrifice[]): Sacrifice | undefined {
  return sacrifices.toSorted(
    (a, b) =>
      a.violations - b.violations ||
      highest(a) - highest(b) ||
      total(a) - total(b) ||
      a.victims.length - b.victims.length ||
      oldestOfHighest(b) - oldestOfHighest(a) ||
      a.node - b.node,
  )[0]
}

function highest({ victims }: Sacrifice): number {
  return victims[0]?.priority ?? Number.NEGATIVE_INFINITY
}

/** Counted from the lowest priority that there is, so that more pods never weigh less. */
function total({ victims }: Sacrifice): number {
  return victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0)
}

function oldestOfHighest(sacrifice: Sacrifice): number {
  const top = highest(sacrifice)
  const ages = sacrifice.victims.filter(({ priority }) => priority === top).map(({ createdMs }) => createdMs)
  return Math.min(...ages)
}
