import type { NodeState, Placeable } from './nodes.ts'

/** One opinion on how good a node is among those that will do. */
export interface Score {
  readonly name: string
  /** More is better; a score counts only where those before it are equal. */
  readonly of: (pod: Placeable, node: NodeState) => number
}

export const SCORES: readonly Score[] = [
  {
    name: 'SpreadOwner',
    of: (pod, node) => (pod.owner === undefined ? 0 : -(node.load.byOwner.get(pod.owner) ?? 0)),
  },
  { name: 'FewestPods', of: (_pod, node) => -node.load.pods },
]
