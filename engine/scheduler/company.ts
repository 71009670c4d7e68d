import type { Labels } from '../api/selectors.ts'
import { schedulingFacts, type Placeable } from './pods.ts'
import { affinityTerm, type Kind, type NamespaceLabels, type Term } from './terms.ts'

/** Which domain of one topology key each node is in. */
export interface Domains {
  /** By node; -1 where the node has no such label. */
  readonly ids: Int32Array
  readonly size: number
}

/** How many pods that a term matches each node has, kept up to date as pods come. */
export interface Counter {
  readonly matches: (kind: Kind) => boolean
  readonly perNode: Int32Array
  total: number
  readonly followers: DomainCounts[]
}

/** The same by domain, over the nodes that count. */
export interface DomainCounts {
  readonly domains: Domains
  /** 1 where a node counts. */
  readonly eligible: Uint8Array
  readonly counts: Int32Array
}

/** A wish of pods that have a node, about those that look for one. */
export interface StandingTerm {
  readonly term: Term
  readonly domains: Domains
  /** How much it weighs by domain: the number of pods that wish it, or their preferences' weights. */
  readonly weights: Float64Array
}

interface KindState {
  readonly kind: Kind
  readonly nodes: Map<number, number>
  readonly counters: Counter[]
  readonly standing: readonly { readonly of: StandingTerm; readonly weight: number }[]
}

/** kube-scheduler's HardPodAffinityWeight: what somebody must be near likes to be near, too. */
const HARD_AFFINITY_WEIGHT = 1

/**
 * Who is where, as far as anybody asks: pods of equal labels are one kind, every selector has one counter, and a pod that comes changes
 * only the counters that match its kind.
 */
export class Company {
  readonly #nodes: readonly Labelled[]
  readonly #namespaces: NamespaceLabels
  readonly #domains = new Map<string, Domains>()
  readonly #kinds = new Map<string, KindState>()
  readonly #counters = new Map<string, Counter>()
  readonly #standing = new Map<string, StandingTerm>()
  /** Anti-affinity that pods with a node require: no pod that it matches may come near. Only grows. */
  readonly exclusions: StandingTerm[] = []
  /** What they would like, for or against. Only grows. */
  readonly preferences: StandingTerm[] = []

  constructor(nodes: readonly Labelled[], namespaces: NamespaceLabels) {
    this.#nodes = nodes
    this.#namespaces = namespaces
  }

  domains(topologyKey: string): Domains {
    const found = this.#domains.get(topologyKey)
    if (found !== undefined) return found
    const domains = domainsOf(this.#nodes, topologyKey)
    this.#domains.set(topologyKey, domains)
    return domains
  }

  term(term: Parameters<typeof affinityTerm>[0], of: Kind): Term {
    return affinityTerm(term, of, this.#namespaces)
  }

  /** `text` stands for `matches`: of one text there is one counter. */
  counter(text: string, matches: (kind: Kind) => boolean): Counter {
    const found = this.#counters.get(text)
    if (found !== undefined) return found
    const counter: Counter = {
      matches,
      perNode: new Int32Array(this.#nodes.length),
      total: 0,
      followers: [],
    }
    this.#counters.set(text, counter)
    for (const state of this.#kinds.values()) {
      if (!matches(state.kind)) continue
      state.counters.push(counter)
      for (const [node, count] of state.nodes) tally(counter, node, count)
    }
    return counter
  }

  /** Counts by domain from now on; `eligible` absent: every node counts. */
  byDomain(counter: Counter, domains: Domains, eligible?: Uint8Array): DomainCounts {
    const follower = {
      domains,
      eligible: eligible ?? new Uint8Array(this.#nodes.length).fill(1),
      counts: new Int32Array(domains.size),
    }
    counter.perNode.forEach((count, node) => {
      if (count !== 0) follow(follower, node, count)
    })
    counter.followers.push(follower)
    return follower
  }

  /** `count` pods like this one come to a node; with -1, one goes. */
  add(pod: Placeable, node: number, count: number): void {
    const state = this.#stateOf(pod)
    state.nodes.set(node, (state.nodes.get(node) ?? 0) + count)
    for (const counter of state.counters) tally(counter, node, count)
    for (const { of, weight } of state.standing) {
      const id = of.domains.ids[node] ?? -1
      if (id >= 0) of.weights[id] = (of.weights[id] ?? 0) + weight * count
    }
  }

  #stateOf(pod: Placeable): KindState {
    const text = kindText(pod)
    const found = this.#kinds.get(text)
    if (found !== undefined) return found
    const { deleting, labels, namespace } = pod
    const kind: Kind = { deleting, labels, namespace }
    const counters = [...this.#counters.values()].filter(({ matches }) => matches(kind))
    const state = { kind, nodes: new Map(), counters, standing: this.#standingOf(pod, kind) }
    this.#kinds.set(text, state)
    return state
  }

  #standingOf(pod: Placeable, kind: Kind): KindState['standing'] {
    const facts = schedulingFacts(pod.spec)
    if (!facts.hasPodTerms) return []
    const prefers = (term: Parameters<typeof affinityTerm>[0], weight: number) => ({
      of: this.#stand('prefer', this.preferences, this.term(term, kind)),
      weight,
    })
    return [
      ...facts.antiAffinity.map((term) => ({
        of: this.#stand('exclude', this.exclusions, this.term(term, kind)),
        weight: 1,
      })),
      ...facts.affinity.map((term) => prefers(term, HARD_AFFINITY_WEIGHT)),
      ...facts.preferredAffinity.map(({ podAffinityTerm, weight }) => prefers(podAffinityTerm, weight)),
      ...facts.preferredAntiAffinity.map(({ podAffinityTerm, weight }) => prefers(podAffinityTerm, -weight)),
    ]
  }

  #stand(sort: 'exclude' | 'prefer', list: StandingTerm[], term: Term): StandingTerm {
    const key = `${sort} ${term.text}`
    const found = this.#standing.get(key)
    if (found !== undefined) return found
    const domains = this.domains(term.topologyKey)
    const standing = { term, domains, weights: new Float64Array(domains.size) }
    this.#standing.set(key, standing)
    list.push(standing)
    return standing
  }
}

interface Labelled {
  readonly labels: Labels
}

export function domainsOf(nodes: readonly Labelled[], topologyKey: string): Domains {
  const numbers = new Map<string, number>()
  const ids = new Int32Array(nodes.length).fill(-1)
  nodes.forEach(({ labels }, node) => {
    const value = labels[topologyKey]
    if (value === undefined) return
    ids[node] = numbers.getOrInsert(value, numbers.size)
  })
  return { ids, size: numbers.size }
}

function tally(counter: Counter, node: number, count: number): void {
  counter.perNode[node] = (counter.perNode[node] ?? 0) + count
  counter.total += count
  for (const follower of counter.followers) follow(follower, node, count)
}

function follow({ counts, domains, eligible }: DomainCounts, node: number, count: number): void {
  const id = domains.ids[node] ?? -1
  if (id >= 0 && eligible[node] === 1) counts[id] = (counts[id] ?? 0) + count
}

const texts = new WeakMap<Labels, string>()

/** Equal for pods that others cannot tell apart, and whose own wishes are the same. */
export function kindText({ deleting, labels, namespace, spec }: Placeable): string {
  let text = texts.get(labels)
  if (text === undefined) {
    text = Object.keys(labels)
      .toSorted()
      .map((key) => `${key}=${labels[key]}`)
      .join(',')
    texts.set(labels, text)
  }
  return `${namespace} ${deleting ? '-' : '+'} ${text} ${schedulingFacts(spec).companyText}`
}
