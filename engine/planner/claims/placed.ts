import { nodeKey, nodeMemory } from '../../api/nodeRecords.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { boundVolume, selectedNode } from '../../controllers/claim.ts'
import type { World } from '../world.ts'

/**
 * Bound to a volume, or to a folder of a node that is not given up: a claim whose node is dead has nothing any more, and begins anew with the next
 * pod that uses it.
 */
export function isPlaced(record: ObjectRecord, { snapshot }: World): boolean {
  if (boundVolume(record) !== undefined) return true
  const node = selectedNode(record)
  if (node === undefined) return false
  const isSilent = snapshot.observed.nodes.get(node)?.reachable === false
  return !isSilent || nodeMemory(snapshot.records.get(nodeKey(node))).givenUp === undefined
}
