import { type Checks, checksOf, fewest, inDomain, weightAt } from './checks.ts'
import { type Placeable, type SchedulingFacts, schedulingFacts } from './pods.ts'
import type { NodeAnswers, Room } from './room.ts'

/** A pod that looks for a node, with everything about it that is the same for every node. */
export interface Candidate {
  readonly pod: Placeable
  readonly facts: SchedulingFacts
  readonly answers: NodeAnswers
  /** Undefined when neither it nor anybody else has wishes about other pods. */
  readonly checks: Checks | undefined
  /** By hard spread constraint: the fewest pods in any domain. */
  readonly fewest: readonly number[]
}

export function candidateOf(pod: Placeable, room: Room): Candidate {
  const facts = schedulingFacts(pod.spec)
  const spread = facts.hardSpread.length + facts.softSpread.length > 0
  const checks = room.hasTerms || facts.hasPodTerms || spread ? checksOf(pod, room) : undefined
  return { pod, facts, answers: room.answersTo(facts), checks, fewest: (checks?.hard ?? []).map(fewest) }
}

/** Looks at what a node has left and who is on it; what the node itself says (`answers`) has been asked before. */
export function hasRoom(candidate: Candidate, node: number, room: Room): boolean {
  const { checks, facts, pod } = candidate
  if (!hasResources(facts, node, room) || !room.hasFreePorts(facts, node)) return false
  if (!hasVolumes(pod, node, room)) return false
  // A pod that names its node asks a kubelet, which does not look at other pods.
  if (checks === undefined || facts.spec.nodeName !== undefined) return true
  return spreadRefusal(candidate, checks, node) === undefined && companyRefusal(checks, node) === undefined
}

function hasVolumes({ volumeNodes }: Placeable, node: number, { nodes }: Room): boolean {
  const name = nodes[node]?.name
  return volumeNodes === undefined || (name !== undefined && volumeNodes.has(name))
}

export interface Refusal {
  readonly reason: string
  /** True: deleting other pods would not help. */
  readonly final: boolean
}

/** Every reason that the first refusing filter gives, in kube-scheduler's words and order; empty when the node will do. */
export function refusalsOf(candidate: Candidate, node: number, room: Room): readonly Refusal[] {
  const { answers, checks, facts, pod } = candidate
  const answer = answers.refusals[node]
  if (answer !== undefined) return [{ reason: answer.reason, final: true }]
  if (!room.hasFreePorts(facts, node)) return [NO_PORTS]
  const lacking = lackingOf(facts, node, room)
  if (lacking.length > 0) return lacking
  if (!hasVolumes(pod, node, room)) return [OTHER_VOLUME]
  if (checks === undefined || facts.spec.nodeName !== undefined) return []
  const refusal = spreadRefusal(candidate, checks, node) ?? companyRefusal(checks, node)
  return refusal === undefined ? [] : [refusal]
}

const NO_PORTS: Refusal = {
  reason: "node(s) didn't have free ports for the requested pod ports",
  final: false,
}
const OTHER_VOLUME: Refusal = { reason: 'node(s) had volume node affinity conflict', final: true }
const SKEWED: Refusal = { reason: "node(s) didn't match pod topology spread constraints", final: false }
const NO_TOPOLOGY: Refusal = {
  reason: "node(s) didn't match pod topology spread constraints (missing required label)",
  final: true,
}
const NOT_NEAR: Refusal = { reason: "node(s) didn't match pod affinity rules", final: true }
const NOT_APART: Refusal = { reason: "node(s) didn't match pod anti-affinity rules", final: false }
const EXCLUDED: Refusal = {
  reason: "node(s) didn't satisfy existing pods anti-affinity rules",
  final: false,
}

function hasResources(facts: SchedulingFacts, node: number, room: Room): boolean {
  const { allocatable, used } = room
  if ((used.pods[node] ?? 0) >= (allocatable.pods[node] ?? 0)) return false
  if (lacks(facts.cpuMillis, node, used.cpuMillis, allocatable.cpuMillis)) return false
  if (lacks(facts.memoryBytes, node, used.memoryBytes, allocatable.memoryBytes)) return false
  if (lacks(facts.ephemeralBytes, node, used.ephemeralBytes, allocatable.ephemeralBytes)) return false
  for (const [name, amount] of facts.extended) {
    if (room.extendedUsed(node, name) + amount > extendedOf(name, node, room)) return false
  }
  return true
}

/** What is not asked for is not lacked, also where others took more than there is. */
function lacks(amount: number, node: number, used: Float64Array, allocatable: Float64Array): boolean {
  return amount > 0 && (used[node] ?? 0) + amount > (allocatable[node] ?? 0)
}

function extendedOf(name: string, node: number, { nodes }: Room): number {
  return nodes[node]?.allocatable?.extendedResources?.[name] ?? 0
}

/** Every resource that does not suffice; what even an empty node has not enough of, no deletion gives. */
function lackingOf(facts: SchedulingFacts, node: number, room: Room): readonly Refusal[] {
  const { allocatable, used } = room
  const found: Refusal[] = []
  const check = (name: string, amount: number, taken: number, all: number): void => {
    if (amount > 0 && taken + amount > all)
      found.push({ reason: `Insufficient ${name}`, final: amount > all })
  }
  if ((used.pods[node] ?? 0) >= (allocatable.pods[node] ?? 0))
    found.push({ reason: 'Too many pods', final: false })
  check('cpu', facts.cpuMillis, used.cpuMillis[node] ?? 0, allocatable.cpuMillis[node] ?? 0)
  check('memory', facts.memoryBytes, used.memoryBytes[node] ?? 0, allocatable.memoryBytes[node] ?? 0)
  check(
    'ephemeral-storage',
    facts.ephemeralBytes,
    used.ephemeralBytes[node] ?? 0,
    allocatable.ephemeralBytes[node] ?? 0,
  )
  for (const [name, amount] of facts.extended)
    check(name, amount, room.extendedUsed(node, name), extendedOf(name, node, room))
  return found
}

/** The skew that the pod would bring: pods in the node's domain, with it, less the fewest in any domain. */
function spreadRefusal(candidate: Candidate, { hard }: Checks, node: number): Refusal | undefined {
  for (let index = 0; index < hard.length; index += 1) {
    const check = hard[index]
    if (check === undefined) continue
    const there = inDomain(check.counts, node)
    if (there === undefined) return NO_TOPOLOGY
    const skew = there + check.self - (candidate.fewest[index] ?? 0)
    if (skew > check.constraint.maxSkew) return SKEWED
  }
  return undefined
}

function companyRefusal(checks: Checks, node: number): Refusal | undefined {
  return nearRefusal(checks, node) ?? apartRefusal(checks, node)
}

/** Where nobody matches yet, the first of pods that want to be near each other goes anywhere with the label. */
function nearRefusal({ near, nearSelf, nearTotal }: Checks, node: number): Refusal | undefined {
  let alone = false
  for (const counts of near) {
    const there = inDomain(counts, node)
    if (there === undefined) return NOT_NEAR
    if (there === 0) alone = true
  }
  if (!alone || (nearTotal() === 0 && nearSelf)) return undefined
  return NOT_NEAR
}

function apartRefusal({ apart, exclusions }: Checks, node: number): Refusal | undefined {
  for (const counts of apart) if ((inDomain(counts, node) ?? 0) > 0) return NOT_APART
  for (const standing of exclusions.list) if (weightAt(standing, node) > 0) return EXCLUDED
  return undefined
}
