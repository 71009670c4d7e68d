import type { TopologySpreadConstraint } from '../api/generated/types.ts'
import { matchesNodeAffinity } from '../api/nodeAffinity.ts'
import type { NodeFacts } from '../api/nodes.ts'
import { KEEPS_AWAY, untoleratedTaint } from '../api/taints.ts'
import type { DomainCounts, StandingTerm } from './company.ts'
import { kindText } from './company.ts'
import { type Placeable, type SchedulingFacts, schedulingFacts } from './pods.ts'
import type { Room } from './room.ts'
import { type Kind, spreadTerm, type Term } from './terms.ts'

/** One constraint with the counts that it is held against. */
export interface SpreadCheck {
  readonly constraint: TopologySpreadConstraint
  readonly counts: DomainCounts
  /** 1 for domains with a node that counts. */
  readonly present: Uint8Array
  readonly domainCount: number
  /** The pod counts towards its own constraint. */
  readonly self: 0 | 1
}

/** What a kind of pods wants of the pods around it, tied to the counts that answer it. */
export interface Checks {
  readonly hard: readonly SpreadCheck[]
  readonly soft: readonly SpreadCheck[]
  /** One for each required term; counted are pods that match all of them. */
  readonly near: readonly DomainCounts[]
  readonly nearTotal: () => number
  /** It matches its own terms: the first of such pods needs no company. */
  readonly nearSelf: boolean
  readonly apart: readonly DomainCounts[]
  readonly preferred: readonly { readonly counts: DomainCounts; readonly weight: number }[]
  /** Of pods that have a node, those that match this kind. */
  readonly exclusions: Standing
  readonly preferences: Standing
}

/** The terms of a growing list that match one kind. */
export interface Standing {
  readonly list: readonly StandingTerm[]
}

const kept = new WeakMap<Room, Map<string, Checks>>()

/** Of pods that others cannot tell apart and that want the same there is one set of checks in a room. */
export function checksOf(pod: Placeable, room: Room): Checks {
  const facts = schedulingFacts(pod.spec)
  const known = kept.getOrInsertComputed(room, () => new Map<string, Checks>())
  const text = `${kindText(pod)} ${facts.hardSpread.length + facts.softSpread.length > 0 ? facts.nodeText : ''}`
  return known.getOrInsertComputed(text, () => makeChecks(pod, facts, room))
}

function makeChecks(pod: Placeable, facts: SchedulingFacts, room: Room): Checks {
  const { company } = room
  const kind: Kind = { namespace: pod.namespace, labels: pod.labels, deleting: false }
  const ofTerm = (term: Term): DomainCounts =>
    company.byDomain(company.counter(`one ${term.text}`, term.matches), company.domains(term.topologyKey))
  const near = facts.affinity.map((term) => company.term(term, kind))
  const matchesAll = (one: Kind): boolean => near.every(({ matches }) => matches(one))
  const nearCounter =
    near.length === 0
      ? undefined
      : company.counter(`all ${near.map(({ text }) => text).join(' ')}`, matchesAll)
  return {
    hard: spreadChecks(facts.hardSpread, kind, facts, room),
    soft: spreadChecks(facts.softSpread, kind, facts, room),
    near:
      nearCounter === undefined
        ? []
        : near.map(({ topologyKey }) => company.byDomain(nearCounter, company.domains(topologyKey))),
    nearTotal: () => nearCounter?.total ?? 0,
    nearSelf: matchesAll(kind),
    apart: facts.antiAffinity.map((term) => ofTerm(company.term(term, kind))),
    preferred: [
      ...facts.preferredAffinity.map((one) => ({ one, sign: 1 })),
      ...facts.preferredAntiAffinity.map((one) => ({ one, sign: -1 })),
    ].map(({ one, sign }) => ({
      counts: ofTerm(company.term(one.podAffinityTerm, kind)),
      weight: sign * one.weight,
    })),
    exclusions: new Matching(company.exclusions, kind),
    preferences: new Matching(company.preferences, kind),
  }
}

class Matching implements Standing {
  readonly #all: readonly StandingTerm[]
  readonly #kind: Kind
  readonly #found: StandingTerm[] = []
  #seen = 0

  constructor(all: readonly StandingTerm[], kind: Kind) {
    this.#all = all
    this.#kind = kind
  }

  get list(): readonly StandingTerm[] {
    for (; this.#seen < this.#all.length; this.#seen += 1) {
      const one = this.#all[this.#seen]
      if (one?.term.matches(this.#kind) === true) this.#found.push(one)
    }
    return this.#found
  }
}

function spreadChecks(
  constraints: readonly TopologySpreadConstraint[],
  kind: Kind,
  facts: SchedulingFacts,
  { company, nodes }: Room,
): readonly SpreadCheck[] {
  return constraints.map((constraint) => {
    const term = spreadTerm(constraint, kind)
    const counter = company.counter(`spread ${term.text}`, term.matches)
    const eligible = Uint8Array.from(nodes, (node) => Number(isCounted(constraint, constraints, facts, node)))
    const domains = company.domains(constraint.topologyKey)
    const present = new Uint8Array(domains.size)
    eligible.forEach((counts, node) => {
      const id = domains.ids[node] ?? -1
      if (counts === 1 && id >= 0) present[id] = 1
    })
    return {
      constraint,
      counts: company.byDomain(counter, domains, eligible),
      present,
      domainCount: present.reduce((sum, one) => sum + one, 0),
      self: term.matches(kind) ? 1 : 0,
    }
  })
}

/** Nodes that lack a key of any constraint, or that the pod could not go to anyway, are left out (policies Honor and Ignore). */
function isCounted(
  { nodeAffinityPolicy, nodeTaintsPolicy }: TopologySpreadConstraint,
  all: readonly TopologySpreadConstraint[],
  { spec }: SchedulingFacts,
  node: NodeFacts,
): boolean {
  if (!all.every(({ topologyKey }) => node.labels[topologyKey] !== undefined)) return false
  if (nodeAffinityPolicy !== 'Ignore' && !matchesNodeAffinity(spec, node)) return false
  if (nodeTaintsPolicy !== 'Honor') return true
  return untoleratedTaint(spec.tolerations ?? [], node.taints, KEEPS_AWAY) === undefined
}

/** The fewest pods in any domain; with fewer domains than minDomains, none. */
export function fewest({ constraint, counts, domainCount, present }: SpreadCheck): number {
  if (domainCount < (constraint.minDomains ?? 1)) return 0
  let least = Number.POSITIVE_INFINITY
  for (let id = 0; id < present.length; id += 1) {
    if (present[id] === 1) least = Math.min(least, counts.counts[id] ?? 0)
  }
  return Number.isFinite(least) ? least : 0
}

/** How many there are in the node's domain; undefined where it has none. */
export function inDomain({ counts, domains }: DomainCounts, node: number): number | undefined {
  const id = domains.ids[node] ?? -1
  return id < 0 ? undefined : (counts[id] ?? 0)
}

export function weightAt({ domains, weights }: StandingTerm, node: number): number {
  const id = domains.ids[node] ?? -1
  return id < 0 ? 0 : (weights[id] ?? 0)
}
