import { type Allocatable, allocatableOf, overReserved, type Reserved, reservedOf } from './allocatable.ts'
import type { NodeInfo } from './cri.ts'
import type { Node, NodeDrain, Taint } from './generated/types.ts'
import { nodeName, type NodeName, type Timestamp } from './names.ts'
import { OUT_OF_SERVICE_TAINT, UNREACHABLE_TAINTS } from './nodeLoss.ts'
import { nodeKey, type NodeMemory, nodeMemory } from './nodeRecords.ts'
import type { Labels } from './selectors.ts'
import type { ObservedNode, Snapshot } from './snapshot.ts'

/** A node as the scheduler and the DaemonSet controller look at it: what the commit and people say of it, and what it answered. */
export interface NodeFacts {
  readonly name: NodeName
  readonly reachable: boolean
  /** Since when it counts as unreachable. */
  readonly lostSince: Timestamp | undefined
  /** Somebody has said that nothing runs there any more. */
  readonly fenced: boolean
  /** The commit does not have it any more: it takes no pods, and all that it has go elsewhere. */
  readonly leaves: boolean
  /** The commit says so, or somebody has by command; also because it is drained. */
  readonly unschedulable: boolean
  /** Its pods are to go: the commit says so, or somebody has by command, or both. */
  readonly drains: readonly NodeDraining[]
  /** As given, with kubernetes.io/hostname, kubernetes.io/os and, once the node has answered, kubernetes.io/arch. */
  readonly labels: Labels
  readonly taints: readonly Taint[]
  /** Absent while the node has never answered. */
  readonly info: NodeInfo | undefined
  /** Of that, what pods may request: all but what is reserved. */
  readonly allocatable: Allocatable | undefined
  /** What is reserved beyond what there is: a sentence each. */
  readonly overReserved: readonly string[]
}

export interface NodeDraining {
  readonly options: NodeDrain
  /** When it began, in the words of its record; absent: this plan begins it. Pods that are younger stay. */
  readonly startedAt?: string
  /** By command it ends with the last pod; the commit's lasts as long as the commit says so. */
  readonly by: 'command' | 'commit'
}

/** The nodes of the commit, and those that it does not have any more and that are driven still; without any, all that were observed. By name. */
export function nodesOf({ desired, observed, records }: Snapshot): readonly NodeFacts[] {
  const saidOf = (name: NodeName) => ({
    memory: nodeMemory(records.get(nodeKey(name))),
    reserved: reservedOf(desired, name),
  })
  const written = desired.nodes.map((node) => {
    const name = nodeName(node.metadata.name ?? '')
    return factsOf(name, observed.nodes.get(name), node, saidOf(name))
  })
  const names = new Set(written.map(({ name }) => name))
  const others = [...observed.nodes.values()].filter(({ name }) => !names.has(name))
  const unwritten = others.map((node) => {
    const said = saidOf(node.name)
    const facts = factsOf(node.name, node, undefined, said)
    return written.length === 0 ? facts : leaving(facts, said.memory)
  })
  const facts = [...written, ...unwritten]
  return facts.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** What nobody makes again goes, too: the machine is to be empty. */
const EMPTIED: NodeDrain = { force: true, deleteEmptyDirData: true }

function leaving(node: NodeFacts, { drainedSince }: NodeMemory): NodeFacts {
  const draining = {
    options: EMPTIED,
    by: 'commit',
    ...(drainedSince !== undefined && { startedAt: drainedSince }),
  } as const
  return { ...node, leaves: true, unschedulable: true, drains: [...node.drains, draining] }
}

const NO_LABELS: Labels = {}
const NO_TAINTS: readonly Taint[] = []

function factsOf(
  name: NodeName,
  observed: ObservedNode | undefined,
  node: Node | undefined,
  { memory, reserved }: { readonly memory: NodeMemory; readonly reserved: Reserved },
): NodeFacts {
  const info = observed?.info
  const arch = info?.architecture
  const drains = drainsOf(node?.spec?.drain, memory)
  return {
    name,
    reachable: observed?.reachable === true,
    lostSince: observed?.lostSince,
    fenced: memory.fenced !== undefined,
    leaves: false,
    unschedulable: node?.spec?.unschedulable === true || memory.unschedulable === true || drains.length > 0,
    drains,
    labels: {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      ...(arch !== undefined && { 'kubernetes.io/arch': arch }),
      ...(node?.metadata.labels ?? NO_LABELS),
    },
    taints: taintsOf(node, observed, memory),
    info,
    allocatable: info && allocatableOf(info, reserved),
    overReserved: info === undefined ? [] : overReserved(info, reserved),
  }
}

/** The commit's, and those that follow from how the node is. */
function taintsOf(
  node: Node | undefined,
  observed: ObservedNode | undefined,
  { fenced }: NodeMemory,
): readonly Taint[] {
  const own = node?.spec?.taints ?? NO_TAINTS
  if (observed?.lostSince === undefined && fenced === undefined) return own
  return [
    ...own,
    ...(observed?.lostSince === undefined ? [] : UNREACHABLE_TAINTS),
    ...(fenced === undefined ? [] : [OUT_OF_SERVICE_TAINT]),
  ]
}

const NO_DRAINS: readonly NodeDraining[] = []

function drainsOf(
  options: NodeDrain | undefined,
  { drain, drainedSince }: NodeMemory,
): readonly NodeDraining[] {
  if (options === undefined && drain === undefined) return NO_DRAINS
  const drains: NodeDraining[] = []
  if (drain !== undefined) {
    const { startedAt, ...said } = drain
    drains.push({ options: said, startedAt, by: 'command' })
  }
  if (options !== undefined)
    drains.push({ options, by: 'commit', ...(drainedSince !== undefined && { startedAt: drainedSince }) })
  return drains
}
