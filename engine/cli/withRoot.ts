import type { RootRecord } from '../api/records.ts'
import type { Desired } from '../api/snapshot.ts'
import { fleetNodes, isLocal, ownName } from './fleet/nodes.ts'
import { newHashKey } from './hashKey.ts'

/**
 * With what only the root knows. One that has no key yet gets hashes that nobody sees again. Where other machines still have pods, a commit
 * without any node means this machine, and not all that there are.
 */
export function withRoot(asked: Desired, record: RootRecord | undefined): Desired {
  // Those of a record before this one.
  const { formerNodes: _, ...desired } = asked
  const hashKey = record?.hashKey ?? newHashKey()
  const fleet = fleetNodes(record, desired)
  if (fleet.length === 0) return { ...desired, hashKey }
  const former = fleet.filter((node) => node.leaves === true && !isLocal(node)).map(({ name }) => name)
  const name = record?.head ?? ownName()
  return {
    ...desired,
    hashKey,
    ...(former.length > 0 && { formerNodes: former }),
    ...(desired.nodes.length === 0 && {
      nodes: [{ apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name } }],
    }),
  }
}
