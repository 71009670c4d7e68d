import type { PodSpec } from '../../engine/api/generated/types.ts'
import { nodeName, podUid } from '../../engine/api/names.ts'
import type { NodeFacts } from '../../engine/api/nodes.ts'
import { candidateOf, refusalsOf } from '../../engine/scheduler/filters.ts'
import type { Placeable } from '../../engine/scheduler/pods.ts'
import { Room } from '../../engine/scheduler/room.ts'
import { placementOf } from '../../engine/scheduler/schedule.ts'
import type { NamespaceLabels } from '../../engine/scheduler/terms.ts'

/** What a node may be told to be; labels beside its hostname. */
export interface NodeWords {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  readonly taints?: NodeFacts['taints']
  readonly cpuMillis?: number
  readonly memoryBytes?: number
  readonly ephemeralStorageBytes?: number
  readonly extendedResources?: Readonly<Record<string, number>>
  readonly podsMax?: number
  readonly reachable?: boolean
  readonly unschedulable?: boolean
}

export function node(name: string, words: Omit<NodeWords, 'name'> = {}): NodeFacts {
  const { labels, reachable = true, taints = [], unschedulable = false, ...capacity } = words
  const info = {
    node: nodeName(name),
    runtime: 'model',
    bootId: 'boot',
    addresses: [],
    cpuMillis: 4000,
    memoryBytes: 8 * 2 ** 30,
    podsMax: 110,
    warnings: [],
    ...capacity,
  }
  return {
    name: nodeName(name),
    reachable,
    unschedulable,
    labels: { 'kubernetes.io/hostname': name, ...labels },
    taints,
    drains: [],
    lostSince: undefined,
    fenced: false,
    leaves: false,
    info,
    allocatable: info,
    overReserved: [],
  }
}

let uids = 0

export function pod(spec: Partial<PodSpec> = {}, changes: Partial<Placeable> = {}): Placeable {
  uids += 1
  return {
    uid: podUid(`uid-${uids}`),
    namespace: 'default',
    labels: {},
    spec: { containers: [{ name: 'app', image: 'app' }], ...spec },
    owner: undefined,
    priority: 0,
    mayPreempt: true,
    deleting: false,
    createdMs: uids,
    ...changes,
  }
}

export function asking(
  requests: Readonly<Record<string, string>>,
  changes: Partial<Placeable> = {},
  spec: Partial<PodSpec> = {},
): Placeable {
  return pod({ containers: [{ name: 'app', image: 'app', resources: { requests } }], ...spec }, changes)
}

/** Nodes, and who is on them by the node's name. */
export function room(
  nodes: readonly NodeFacts[],
  bound: Readonly<Record<string, readonly Placeable[]>> = {},
  namespaces?: NamespaceLabels,
): Room {
  const made = new Room(nodes, namespaces)
  for (const [name, pods] of Object.entries(bound)) {
    const number = made.numberOf(name)
    if (number === undefined) throw new Error(`no node ${name}`)
    for (const one of pods) made.add(one, number)
  }
  return made
}

/** The node's name, or why there is none. */
export function placed(one: Placeable, rooms: Room): string {
  const placement = placementOf(one, rooms)
  return placement.kind === 'none' ? placement.message : (rooms.nodes[placement.node]?.name ?? '')
}

/** Names of the nodes that would do. */
export function fitting(one: Placeable, rooms: Room): readonly string[] {
  const candidate = candidateOf(one, rooms)
  return rooms.nodes
    .filter((_, number) => refusalsOf(candidate, number, rooms).length === 0)
    .map(({ name }) => name)
}
