import type { HostPort } from '../api/hostPorts.ts'
import { portsConflict } from '../api/hostPorts.ts'
import { namedNodes } from '../api/nodeAffinity.ts'
import type { NodeFacts } from '../api/nodes.ts'
import { Company, type Domains, domainsOf } from './company.ts'
import { type NodeRefusal, nodeRefusal } from './nodeFilters.ts'
import { type Placeable, type SchedulingFacts, schedulingFacts } from './pods.ts'
import type { NamespaceLabels } from './terms.ts'

/** What every node answers to a spec, whatever runs on it. */
export interface NodeAnswers {
  /** By node: undefined where it will do. */
  readonly refusals: readonly (NodeRefusal | undefined)[]
  /** The nodes that will do, ascending. */
  readonly candidates: Int32Array
}

/** What the pods of one node come to. */
export interface NodeLoad {
  /** They themselves, once somebody asks who they are. */
  readonly pods: () => readonly Placeable[]
  readonly count: number
  readonly cpuMillis: number
  readonly memoryBytes: number
  readonly ephemeralBytes: number
  readonly scoredCpuMillis: number
  readonly scoredMemoryBytes: number
  readonly extended: ReadonlyMap<string, number>
  readonly ports: readonly HostPort[]
  /** By owner: how many of its pods stay here. */
  readonly owners: ReadonlyMap<string, number>
  readonly hasTerms: boolean
  readonly hasGoing: boolean
  readonly lowestPriority: number
}

/** `pods`: what of each the sums need; `all` makes the same pods whole. */
export function loadOf(
  pods: Iterable<Pick<Placeable, 'spec' | 'owner' | 'deleting' | 'priority'>>,
  all: () => readonly Placeable[],
): NodeLoad {
  const extended = new Map<string, number>()
  const owners = new Map<string, number>()
  const ports: HostPort[] = []
  const sums = { count: 0, cpuMillis: 0, memoryBytes: 0, ephemeralBytes: 0 }
  const scored = { scoredCpuMillis: 0, scoredMemoryBytes: 0 }
  const flags = { hasTerms: false, hasGoing: false, lowestPriority: Number.POSITIVE_INFINITY }
  for (const { deleting, owner, priority, spec } of pods) {
    const facts = schedulingFacts(spec)
    sums.count += 1
    sums.cpuMillis += facts.cpuMillis
    sums.memoryBytes += facts.memoryBytes
    sums.ephemeralBytes += facts.ephemeralBytes
    scored.scoredCpuMillis += facts.scoredCpuMillis
    scored.scoredMemoryBytes += facts.scoredMemoryBytes
    for (const [name, amount] of facts.extended) extended.set(name, (extended.get(name) ?? 0) + amount)
    if (facts.ports.length > 0) ports.push(...facts.ports)
    if (owner !== undefined && !deleting) owners.set(owner, (owners.get(owner) ?? 0) + 1)
    flags.hasTerms ||= facts.hasPodTerms
    flags.hasGoing ||= deleting
    flags.lowestPriority = Math.min(flags.lowestPriority, priority)
  }
  return { pods: all, ...sums, ...scored, extended, ports, owners, ...flags }
}

interface Used {
  readonly cpuMillis: Float64Array
  readonly memoryBytes: Float64Array
  readonly ephemeralBytes: Float64Array
  readonly pods: Float64Array
}

/**
 * The nodes and what they have left, which every pod placed makes less. Nodes are numbered by their names' order, and all that is asked
 * for every pod lies in arrays by that number.
 */
export class Room {
  readonly nodes: readonly NodeFacts[]
  readonly allocatable: Used
  readonly used: Used
  /** For scores: pods that ask for nothing counted with what they are likely to take. */
  readonly scoredCpuMillis: Float64Array
  readonly scoredMemoryBytes: Float64Array
  readonly #pods: (Placeable[] | undefined)[]
  readonly #loads: (NodeLoad | undefined)[]
  readonly #ports = new Map<number, HostPort[]>()
  readonly #extended = new Map<number, Map<string, number>>()
  readonly #owners = new Map<string, Map<number, number>>()
  readonly #answers = new Map<string, NodeAnswers>()
  readonly #namespaces: NamespaceLabels
  readonly #numbers: ReadonlyMap<string, number>
  #company: Company | undefined
  #zones: Domains | undefined
  #termed = false
  /** Some pod is on its way out. */
  hasGoing = false
  /** The lowest priority that there has been. */
  lowestPriority = Number.POSITIVE_INFINITY
  /** Counts changes: what was found out is still true while it is the same. */
  version = 0

  constructor(nodes: readonly NodeFacts[], namespaces: NamespaceLabels = nameOnly) {
    const filled = (of: (node: NodeFacts) => number): Float64Array => Float64Array.from(nodes, of)
    this.nodes = nodes
    this.#namespaces = namespaces
    this.#numbers = new Map(nodes.map(({ name }, index) => [name, index]))
    this.#pods = nodes.map(() => undefined)
    this.#loads = nodes.map(() => undefined)
    this.allocatable = {
      cpuMillis: filled(({ allocatable }) => allocatable?.cpuMillis ?? 0),
      memoryBytes: filled(({ allocatable }) => allocatable?.memoryBytes ?? 0),
      ephemeralBytes: filled(
        ({ allocatable }) => allocatable?.ephemeralStorageBytes ?? Number.POSITIVE_INFINITY,
      ),
      pods: filled(({ allocatable }) => allocatable?.podsMax ?? 0),
    }
    const empty = (): Float64Array => new Float64Array(nodes.length)
    this.used = { cpuMillis: empty(), memoryBytes: empty(), ephemeralBytes: empty(), pods: empty() }
    this.scoredCpuMillis = empty()
    this.scoredMemoryBytes = empty()
  }

  /** Undefined for a node that is not among these. */
  numberOf(node: string): number | undefined {
    return this.#numbers.get(node)
  }

  podsOn(node: number): readonly Placeable[] {
    return this.#podsOf(node)
  }

  #podsOf(node: number): Placeable[] {
    const known = this.#pods[node]
    if (known !== undefined) return known
    const pods = [...(this.#loads[node]?.pods() ?? [])]
    this.#pods[node] = pods
    return pods
  }

  /** All that a node has, at once: before anything else is put there. */
  load(node: number, load: NodeLoad): void {
    const { used } = this
    this.#loads[node] = load
    bump(used.pods, node, load.count)
    bump(used.cpuMillis, node, load.cpuMillis)
    bump(used.memoryBytes, node, load.memoryBytes)
    bump(used.ephemeralBytes, node, load.ephemeralBytes)
    bump(this.scoredCpuMillis, node, load.scoredCpuMillis)
    bump(this.scoredMemoryBytes, node, load.scoredMemoryBytes)
    if (load.extended.size > 0) this.#extended.set(node, new Map(load.extended))
    if (load.ports.length > 0) this.#ports.set(node, [...load.ports])
    this.#termed ||= load.hasTerms
    this.hasGoing ||= load.hasGoing
    this.lowestPriority = Math.min(this.lowestPriority, load.lowestPriority)
  }

  /** Once anybody asks about other pods; before, nobody is counted. */
  get company(): Company {
    if (this.#company !== undefined) return this.#company
    const company = new Company(this.nodes, this.#namespaces)
    for (let node = 0; node < this.nodes.length; node += 1) {
      for (const pod of this.#podsOf(node)) company.add(pod, node, 1)
    }
    this.#company = company
    return company
  }

  get zones(): Domains {
    this.#zones ??= domainsOf(this.nodes, ZONE)
    return this.#zones
  }

  /** Some pod here has wishes about the company that it is in. */
  get hasTerms(): boolean {
    return this.#termed
  }

  /** By node: how many pods of this owner stay there. */
  ownersPods(owner: string): ReadonlyMap<number, number> {
    return this.#ownersOf(owner)
  }

  #ownersOf(owner: string): Map<number, number> {
    return this.#owners.getOrInsertComputed(owner, () => {
      const counts = new Map<number, number>()
      this.#loads.forEach((load, node) => {
        const count = load?.owners.get(owner)
        if (count !== undefined) counts.set(node, count)
      })
      return counts
    })
  }

  extendedUsed(node: number, resource: string): number {
    return this.#extended.get(node)?.get(resource) ?? 0
  }

  hasFreePorts(facts: SchedulingFacts, node: number): boolean {
    const taken = facts.ports.length === 0 ? undefined : this.#ports.get(node)
    if (taken === undefined) return true
    return !facts.ports.some((port) => taken.some((used) => portsConflict(port, used)))
  }

  add(pod: Placeable, node: number): void {
    this.#podsOf(node).push(pod)
    this.#count(pod, node, 1)
    const { ports } = schedulingFacts(pod.spec)
    if (ports.length > 0) this.#ports.set(node, [...(this.#ports.get(node) ?? []), ...ports])
  }

  remove(pod: Placeable, node: number): void {
    const pods = this.#podsOf(node)
    const index = pods.indexOf(pod)
    if (index < 0) return
    this.#count(pod, node, -1)
    pods.splice(index, 1)
    if (this.#ports.has(node))
      this.#ports.set(
        node,
        pods.flatMap(({ spec }) => schedulingFacts(spec).ports),
      )
  }

  #count(pod: Placeable, node: number, count: 1 | -1): void {
    const facts = schedulingFacts(pod.spec)
    const { used } = this
    this.version += 1
    bump(used.pods, node, count)
    bump(used.cpuMillis, node, count * facts.cpuMillis)
    bump(used.memoryBytes, node, count * facts.memoryBytes)
    bump(used.ephemeralBytes, node, count * facts.ephemeralBytes)
    bump(this.scoredCpuMillis, node, count * facts.scoredCpuMillis)
    bump(this.scoredMemoryBytes, node, count * facts.scoredMemoryBytes)
    for (const [name, amount] of facts.extended) {
      const extended = this.#extended.getOrInsertComputed(node, () => new Map<string, number>())
      extended.set(name, (extended.get(name) ?? 0) + count * amount)
    }
    if (pod.owner !== undefined && !pod.deleting) {
      const owners = this.#ownersOf(pod.owner)
      owners.set(node, (owners.get(node) ?? 0) + count)
    }
    this.#termed ||= facts.hasPodTerms
    this.hasGoing ||= pod.deleting
    if (pod.priority < this.lowestPriority) this.lowestPriority = pod.priority
    this.#company?.add(pod, node, count)
  }

  /** Kept by the spec's words: pods of one template get one answer. */
  answersTo({ nodeText, spec }: SchedulingFacts): NodeAnswers {
    const found = this.#answers.get(nodeText)
    if (found !== undefined) return found
    const named = spec.nodeName === undefined ? namedNodes(spec) : undefined
    const answers =
      named === undefined
        ? answersOf(this.nodes.map((node) => nodeRefusal(spec, node)))
        : this.#answersOfNamed(spec, named)
    this.#answers.set(nodeText, answers)
    return answers
  }

  /** As a DaemonSet's pods name theirs: nobody else is asked. */
  #answersOfNamed(spec: SchedulingFacts['spec'], names: ReadonlySet<string>): NodeAnswers {
    const refusals: (NodeRefusal | undefined)[] = Array.from(this.nodes, () => NOT_NAMED)
    for (const name of names) {
      const number = this.#numbers.get(name)
      const node = number === undefined ? undefined : this.nodes[number]
      if (number !== undefined && node !== undefined) refusals[number] = nodeRefusal(spec, node)
    }
    return answersOf(refusals)
  }
}

const ZONE = 'topology.kubernetes.io/zone'
const NOT_NAMED: NodeRefusal = { reason: "node(s) didn't match Pod's node affinity/selector" }

function answersOf(refusals: readonly (NodeRefusal | undefined)[]): NodeAnswers {
  const candidates: number[] = []
  refusals.forEach((refusal, node) => {
    if (refusal === undefined) candidates.push(node)
  })
  return { refusals, candidates: Int32Array.from(candidates) }
}

function bump(array: Float64Array, index: number, by: number): void {
  array[index] = (array[index] ?? 0) + by
}

function nameOnly(namespace: string): Readonly<Record<string, string>> {
  return { 'kubernetes.io/metadata.name': namespace }
}
