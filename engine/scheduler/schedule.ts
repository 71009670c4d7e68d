import type { NodeName } from '../api/names.ts'
import { FILTERS } from './filters.ts'
import type { NodeState, Placeable } from './nodes.ts'
import { SCORES } from './scores.ts'

export type Placement =
  | { readonly kind: 'node'; readonly node: NodeName }
  /** As kube-scheduler says it: `0/3 nodes are available: 1 Too many pods, 2 node(s) were unschedulable.` */
  | { readonly kind: 'none'; readonly message: string }

/** The best of the nodes that will do, or why none will; `nodes` by name, so that equals are told apart by their names. */
export function placementOf(pod: Placeable, nodes: readonly NodeState[]): Placement {
  const refusals = new Map<string, number>()
  let best: NodeState | undefined
  for (const node of nodes) {
    const refusal = firstRefusal(pod, node)
    if (refusal !== undefined) refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1)
    else if (best === undefined || isBetter(pod, node, best)) best = node
  }
  if (best !== undefined) return { kind: 'node', node: best.name }
  return { kind: 'none', message: unavailable(nodes.length, refusals) }
}

function firstRefusal(pod: Placeable, node: NodeState): string | undefined {
  for (const { refusal } of FILTERS) {
    const reason = refusal(pod, node)
    if (reason !== undefined) return reason
  }
  return undefined
}

function isBetter(pod: Placeable, node: NodeState, than: NodeState): boolean {
  for (const { of } of SCORES) {
    const difference = of(pod, node) - of(pod, than)
    if (difference !== 0) return difference > 0
  }
  return false
}

function unavailable(total: number, refusals: ReadonlyMap<string, number>): string {
  if (total === 0) return 'no nodes available to schedule pods'
  const reasons = [...refusals].map(([reason, count]) => `${count} ${reason}`).toSorted()
  return `0/${total} nodes are available: ${reasons.join(', ')}.`
}
