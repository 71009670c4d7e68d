import { RECORD_VERSION, type RootOwner, type RootRecord } from '../api/records.ts'
import { otherRuntime } from '../api/runtimeLimits.ts'
import type { Desired } from '../api/snapshot.ts'
import { choosePodCidr, rootIdOf, writeRoot } from '../runtimes/oci/node/root.ts'
import { fleetNodes, withRanges } from './fleet/nodes.ts'
import { newHashKey } from './hashKey.ts'
import type { Machine, Station } from './station.ts'

/** Makes the root this commit's, before anything is made for it: whoever comes next has to know whose pods these are. */
export async function writeRootFor(
  { record, root, transport }: Station,
  owner: RootOwner,
  { kind, node }: Pick<Machine, 'kind' | 'node'>,
  desired: Desired,
): Promise<RootRecord> {
  const configured = desired.cluster.spec?.podCIDR
  const podCIDR =
    record !== undefined && (configured === undefined || configured === record.podCIDR)
      ? record.podCIDR
      : await choosePodCidr(transport, root, configured)
  const fleet = fleetNodes(undefined, desired)
  const known = record?.podCIDR === podCIDR ? (record.nodes ?? []) : []
  const next: RootRecord = {
    recordVersion: RECORD_VERSION,
    rootId: record?.rootId ?? (await rootIdOf(transport, root)),
    owner,
    podCIDR,
    head: node,
    ...otherRuntime(kind),
    ...(fleet.length > 0 && { nodes: withRanges(fleet, known, podCIDR) }),
    hashKey: record?.hashKey ?? newHashKey(),
    appliedCommit: desired.commit,
  }
  if (JSON.stringify(next) !== JSON.stringify(record)) await writeRoot(transport, root, next)
  return next
}
