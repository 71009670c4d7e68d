import { firstRangeWith } from '../api/nodeRanges.ts'
import { RECORD_VERSION, type RootOwner, type RootRecord } from '../api/records.ts'
import { otherRuntime } from '../api/runtimeLimits.ts'
import type { Desired } from '../api/snapshot.ts'
import { choosePodCidr, type Place, rootIdOf, writeRoot } from '../runtimes/oci/node/root.ts'
import { rootPaths } from '../runtimes/oci/paths.ts'

import { tellNodes } from './fleet/driving.ts'
import { fleetNodes, isLocal, type Reached, withRanges } from './fleet/nodes.ts'
import { newHashKey } from './hashKey.ts'
import type { Machine, Station } from './station.ts'
import type { World } from './world.ts'

/** Makes the root this commit's, before anything is made for it: whoever comes next has to know whose pods these are. */
export async function writeRootFor(
  station: Station,
  owner: RootOwner,
  { kind, node }: Pick<Machine, 'kind' | 'node'>,
  desired: Desired,
  world: World,
): Promise<RootRecord> {
  const { record, root, transport } = station
  const fleet = await wholeFleet(station, desired)
  const { encryption, podCIDR: configured } = desired.cluster.spec ?? {}
  const before = record?.clusterCIDR ?? record?.podCIDR
  const clusterCIDR =
    before !== undefined && (configured === undefined || configured === before)
      ? before
      : await choosePodCidr(await places(station, fleet, world), root, configured, before)
  const nodes =
    fleet.length === 0
      ? undefined
      : withRanges(fleet, {
          before: record?.nodes ?? [],
          podCIDR: clusterCIDR,
          ...(record !== undefined && { local: await ownPart(station, clusterCIDR) }),
        })
  const here = nodes?.find(isLocal)
  // A machine that is alone again keeps its part: its pods' way out is the part's first address.
  const kept = record?.clusterCIDR === clusterCIDR ? record.podCIDR : undefined
  const part = nodes === undefined ? kept : here?.podCIDR
  const next: RootRecord = {
    recordVersion: RECORD_VERSION,
    rootId: record?.rootId ?? (await rootIdOf(transport, root)),
    owner,
    podCIDR: part ?? clusterCIDR,
    ...(part !== undefined && { clusterCIDR }),
    ...(nodes !== undefined && encryption !== undefined && { encryption }),
    head: node,
    ...otherRuntime(nodes === undefined ? kind : here?.runtime),
    ...(nodes !== undefined && { nodes }),
    hashKey: record?.hashKey ?? newHashKey(),
    appliedCommit: desired.commit,
  }
  if (JSON.stringify(next) !== JSON.stringify(record)) await writeRoot(transport, root, next)
  if (nodes !== undefined) await tellFleet(next, station, world)
  return next
}

async function tellFleet(record: RootRecord, station: Station, world: World): Promise<void> {
  const { mirrorTo } = await import('./fleet/mirroring.ts')
  tellNodes(world, record)
  await mirrorTo(record, station, world)
}

async function wholeFleet(station: Station, desired: Desired): Promise<readonly Reached[]> {
  const fleet = fleetNodes(station.record, desired)
  if (fleet.length === 0) return fleet
  const { withPods } = await import('./fleet/machine.ts')
  return await withPods(fleet, station)
}

/** Whose routes the range must not overlap with: those of machines that have no pods of this root yet. */
async function places(
  { record, root, transport }: Station,
  fleet: readonly Reached[],
  world: World,
): Promise<readonly Place[]> {
  const known = new Set(record?.nodes?.map(({ name }) => name))
  const others = fleet.filter((node) => !isLocal(node) && !known.has(node.name))
  if (others.length === 0) return [{ transport }]
  const { wayTo } = await import('./fleet/ways.ts')
  const ways = others.map(async (node) => ({ transport: await wayTo(node, root, world), node: node.name }))
  return [{ transport }, ...(await Promise.all(ways))]
}

/** What a machine that was alone keeps of the range: the part that has all addresses that its pods have. */
async function ownPart({ root, transport }: Station, clusterCIDR: string): Promise<string> {
  const { leases } = await rootPaths(transport, root)
  return firstRangeWith(clusterCIDR, await transport.listDirectory(leases))
}
