import type { PodSpec, PreferredSchedulingTerm } from '../api/generated/types.ts'
import { matchesNodeTerm } from '../api/nodeAffinity.ts'
import type { NodeFacts } from '../api/nodes.ts'
import { isTolerated } from '../api/taints.ts'
import { type Checks, inDomain, type SpreadCheck, weightAt } from './checks.ts'
import type { Candidate } from './filters.ts'
import type { Room } from './room.ts'

/** One opinion on nodes that will do, from 0 to 100 each, more is better; undefined: no opinion. `weight` as in kube-scheduler. */
interface Score {
  readonly name: string
  readonly weight: number
  readonly of: (candidate: Candidate, nodes: Int32Array, room: Room) => Float64Array | undefined
}

/** kube-scheduler's default plugins and weights, but in fractions, so that small pods on large nodes are spread too. */
const SCORES: readonly Score[] = [
  { name: 'TaintToleration', weight: 3, of: fewestAvoided },
  { name: 'NodeAffinity', weight: 2, of: preferredNodes },
  { name: 'NodeResourcesFit', weight: 1, of: leastAllocated },
  { name: 'PodTopologySpread', weight: 2, of: spread },
  { name: 'InterPodAffinity', weight: 2, of: company },
  { name: 'NodeResourcesBalancedAllocation', weight: 1, of: balanced },
]

/** The sum of all opinions, by the nodes' places in `nodes`. */
export function scoresOf(candidate: Candidate, nodes: Int32Array, room: Room): Float64Array {
  const sums = new Float64Array(nodes.length)
  for (const { of, weight } of SCORES) {
    const scores = of(candidate, nodes, room)
    if (scores === undefined) continue
    for (let place = 0; place < sums.length; place += 1)
      sums[place] = (sums[place] ?? 0) + weight * (scores[place] ?? 0)
  }
  return sums
}

/** How much of cpu and memory would be left, on average. */
function leastAllocated({ facts }: Candidate, nodes: Int32Array, room: Room): Float64Array {
  const { allocatable, scoredCpuMillis, scoredMemoryBytes } = room
  return scored(nodes, (node) => {
    const cpu = left(allocatable.cpuMillis[node], scoredCpuMillis[node], facts.scoredCpuMillis)
    const memory = left(allocatable.memoryBytes[node], scoredMemoryBytes[node], facts.scoredMemoryBytes)
    return (cpu + memory) * 50
  })
}

function left(all = 0, used = 0, more = 0): number {
  return all <= 0 || used + more > all ? 0 : (all - used - more) / all
}

/** How alike the used shares of cpu and memory would be; what asks for nothing has no opinion. */
function balanced({ facts }: Candidate, nodes: Int32Array, room: Room): Float64Array | undefined {
  if (facts.cpuMillis === 0 && facts.memoryBytes === 0) return undefined
  const { allocatable, used } = room
  return scored(nodes, (node) => {
    const cpu = share(allocatable.cpuMillis[node], used.cpuMillis[node], facts.cpuMillis)
    const memory = share(allocatable.memoryBytes[node], used.memoryBytes[node], facts.memoryBytes)
    return 100 * (1 - Math.abs(cpu - memory) / 2)
  })
}

function share(all = 0, used = 0, more = 0): number {
  return all <= 0 ? 1 : Math.min(1, (used + more) / all)
}

function scored(nodes: Int32Array, of: (node: number) => number): Float64Array {
  const scores = new Float64Array(nodes.length)
  for (let place = 0; place < nodes.length; place += 1) scores[place] = of(nodes[place] ?? 0)
  return scores
}

/** Nodes with fewer taints that the pod would rather avoid (PreferNoSchedule). */
function fewestAvoided({ facts }: Candidate, nodes: Int32Array, room: Room): Float64Array | undefined {
  const avoided = scored(nodes, (node) => avoidedTaints(facts.spec, room.nodes[node]))
  const most = largest(avoided)
  return most === 0 ? undefined : avoided.map((count) => 100 - (100 * count) / most)
}

function avoidedTaints({ tolerations = [] }: PodSpec, node: NodeFacts | undefined): number {
  let count = 0
  for (const taint of node?.taints ?? []) {
    if (taint.effect === 'PreferNoSchedule' && !isTolerated(tolerations, taint)) count += 1
  }
  return count
}

function preferredNodes({ facts }: Candidate, nodes: Int32Array, room: Room): Float64Array | undefined {
  const terms = facts.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  if (terms.length === 0) return undefined
  const weights = scored(nodes, (node) => preferenceFor(terms, room.nodes[node]))
  const most = largest(weights)
  return most === 0 ? undefined : weights.map((weight) => (100 * weight) / most)
}

function preferenceFor(terms: readonly PreferredSchedulingTerm[], node: NodeFacts | undefined): number {
  let sum = 0
  for (const { preference, weight } of terms) {
    if (node !== undefined && matchesNodeTerm(preference, node)) sum += weight
  }
  return sum
}

/** Fewer pods of its own in the node's domains; without constraints of its own, fewer of its owner's on the node and in its zone. */
function spread(candidate: Candidate, nodes: Int32Array, room: Room): Float64Array | undefined {
  const { checks, facts, pod } = candidate
  if (checks !== undefined && checks.soft.length > 0) return bySoftConstraints(checks.soft, nodes)
  if (pod.owner === undefined || facts.hardSpread.length > 0) return undefined
  const owned = room.ownersPods(pod.owner)
  return owned.size === 0 ? undefined : byOwner(owned, nodes, room)
}

/** kube-scheduler's built-in constraints for pods with none: maxSkew 3 over hosts, 5 over zones. */
const HOST_SKEW = 3
const ZONE_SKEW = 5

function byOwner(owned: ReadonlyMap<number, number>, nodes: Int32Array, room: Room): Float64Array {
  const zones = room.zones
  const inZone = new Float64Array(zones.size)
  for (const [node, count] of owned) {
    const zone = zones.ids[node] ?? -1
    if (zone >= 0) inZone[zone] = (inZone[zone] ?? 0) + count
  }
  const hostWeight = Math.log(nodes.length + 2)
  const zoneWeight = Math.log(zones.size + 2)
  return reversed(
    scored(nodes, (node) => {
      const zone = zones.ids[node] ?? -1
      const onZone = zone < 0 ? 0 : (inZone[zone] ?? 0) * zoneWeight + ZONE_SKEW - 1
      return (owned.get(node) ?? 0) * hostWeight + HOST_SKEW - 1 + onZone
    }),
  )
}

/** Nodes without one of the keys get nothing. */
function bySoftConstraints(checks: readonly SpreadCheck[], nodes: Int32Array): Float64Array {
  const weights = checks.map(({ constraint, domainCount }) =>
    Math.log((constraint.topologyKey === 'kubernetes.io/hostname' ? nodes.length : domainCount) + 2),
  )
  const raw = scored(nodes, (node) => {
    let sum = 0
    for (let index = 0; index < checks.length; index += 1) {
      const check = checks[index]
      const there = check === undefined ? undefined : inDomain(check.counts, node)
      if (check === undefined || there === undefined) return Number.NaN
      sum += there * (weights[index] ?? 1) + check.constraint.maxSkew - 1
    }
    return sum
  })
  return reversed(raw)
}

/** 100 x (most + least - score) / most, as in kube-scheduler; NaN, which is no score, becomes 0. */
function reversed(raw: Float64Array): Float64Array {
  let most = 0
  let least = Number.POSITIVE_INFINITY
  for (const score of raw) {
    if (Number.isNaN(score)) continue
    if (score > most) most = score
    if (score < least) least = score
  }
  return raw.map((score) => {
    if (Number.isNaN(score)) return 0
    return most === 0 ? 100 : (100 * (most + least - score)) / most
  })
}

/** What it prefers to be near or far from, and what those that are there prefer about it. */
function company({ checks }: Candidate, nodes: Int32Array): Float64Array | undefined {
  if (checks === undefined) return undefined
  if (checks.preferred.length === 0 && checks.preferences.list.length === 0) return undefined
  const raw = scored(nodes, (node) => companyAt(checks, node))
  const most = largest(raw)
  const least = -largest(raw.map((score) => -score))
  return most === least ? undefined : raw.map((score) => (100 * (score - least)) / (most - least))
}

function companyAt({ preferences, preferred }: Checks, node: number): number {
  let sum = 0
  for (const { counts, weight } of preferred) sum += weight * (inDomain(counts, node) ?? 0)
  for (const standing of preferences.list) sum += weightAt(standing, node)
  return sum
}

function largest(values: Float64Array): number {
  let most = Number.NEGATIVE_INFINITY
  for (const value of values) if (value > most) most = value
  return values.length === 0 ? 0 : most
}
