import type { NodeName } from '../api/names.ts'
import type { Snapshot } from '../api/snapshot.ts'
import { selectedNode } from '../controllers/claim.ts'

/**
 * Machines that the commit does not have any more and that need not be driven on: they answer, have no pods, and no claim's folder. One with a
 * claim keeps it until the claim is deleted, since the data is nowhere else.
 */
export function emptiedNodes({ busy, desired, observed, records }: Snapshot): readonly NodeName[] {
  const { formerNodes = [] } = desired
  if (formerNodes.length === 0) return []
  const used = new Set<NodeName | undefined>([
    ...[...busy.values()].map((action) => ('node' in action ? action.node : undefined)),
    ...[...records.values()].map(selectedNode),
  ])
  return formerNodes.filter((name) => {
    const node = observed.nodes.get(name)
    if (node?.reachable !== true || node.unlisted === true || used.has(name)) return false
    return node.pods.size === 0 && (node.unreadable ?? []).length === 0
  })
}
