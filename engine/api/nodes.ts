import type { NodeInfo } from './cri.ts'
import type { Node, Taint } from './generated/types.ts'
import { nodeName, type NodeName } from './names.ts'
import type { Labels } from './selectors.ts'
import type { ObservedNode, Snapshot } from './snapshot.ts'

/** A node as the scheduler and the DaemonSet controller look at it: what the commit says of it, and what it answered. */
export interface NodeFacts {
  readonly name: NodeName
  readonly reachable: boolean
  readonly unschedulable: boolean
  /** As given, with kubernetes.io/hostname, kubernetes.io/os and, once the node has answered, kubernetes.io/arch. */
  readonly labels: Labels
  readonly taints: readonly Taint[]
  /** Absent while the node has never answered. */
  readonly info: NodeInfo | undefined
}

/** The nodes of the commit; without any, all that were observed. By name. */
export function nodesOf({ desired, observed }: Snapshot): readonly NodeFacts[] {
  const facts =
    desired.nodes.length === 0
      ? [...observed.nodes.values()].map((node) => factsOf(node.name, node, undefined))
      : desired.nodes.map((node) => {
          const name = nodeName(node.metadata.name ?? '')
          return factsOf(name, observed.nodes.get(name), node)
        })
  return facts.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

const NO_LABELS: Labels = {}
const NO_TAINTS: readonly Taint[] = []

function factsOf(name: NodeName, observed: ObservedNode | undefined, node: Node | undefined): NodeFacts {
  const arch = observed?.info?.architecture
  return {
    name,
    reachable: observed?.reachable === true,
    unschedulable: node?.spec?.unschedulable === true,
    labels: {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      ...(arch !== undefined && { 'kubernetes.io/arch': arch }),
      ...(node?.metadata.labels ?? NO_LABELS),
    },
    taints: node?.spec?.taints ?? NO_TAINTS,
    info: observed?.info,
  }
}
