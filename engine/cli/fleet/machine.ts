import type { NodeName } from '../../api/names.ts'
import type { Desired } from '../../api/snapshot.ts'
import { rootPaths } from '../../runtimes/oci/paths.ts'
import { createOciRuntime } from '../../runtimes/oci/runtime.ts'
import { readRoot } from '../../runtimes/oci/node/root.ts'
import type { Runtime } from '../../runtimes/runtime.ts'
import { TransportError } from '../../transport/transport.ts'
import { CREATE_RUNTIME } from '../createRuntime.ts'
import type { Station } from '../station.ts'
import { UserError } from '../userError.ts'
import type { World } from '../world.ts'
import { tellNodes } from './driving.ts'
import type { Reached } from './nodes.ts'
import { fleetRuntime } from './runtime.ts'
import { giveRoot, wayTo } from './ways.ts'

export interface Fleet {
  readonly runtime: Runtime
  readonly runtimes: ReadonlyMap<NodeName, Runtime>
}

/** Other machines, driven from this one, which keeps the object records and has no pods. Nothing is connected yet. */
export async function openFleet(
  fleet: readonly Reached[],
  { station, head }: { readonly station: Station; readonly head: NodeName },
  desired: Pick<Desired, 'cluster'> | undefined,
  world: World,
): Promise<Fleet> {
  const { root, transport } = station
  const paths = await rootPaths(transport, root)
  if ((await transport.listDirectory(paths.pods)).length > 0) {
    throw new UserError(
      `this machine still has pods on ${root}, and the repository puts them on other machines only: run reconcile down first, or name another --root`,
    )
  }
  if (station.record?.nodes !== undefined) tellNodes(world, station.record)
  const keeper = await createOciRuntime({ transport, root, node: head })
  const { readObjectRecords, writeObjectRecord, deleteObjectRecord } = keeper
  const mirrors = desired?.cluster.spec?.registries?.mirrors
  const opened = fleet.map(async (node): Promise<readonly [NodeName, Runtime]> => {
    const runtime = await CREATE_RUNTIME[node.runtime ?? 'oci']({
      transport: await wayTo(node, root, world),
      root: paths.root,
      node: node.name,
      ...(mirrors === undefined ? {} : { mirrors }),
    })
    return [node.name, { ...runtime, readObjectRecords, writeObjectRecord, deleteObjectRecord }]
  })
  const runtimes = new Map(await Promise.all(opened))
  const all = fleetRuntime(runtimes, keeper)
  const prepare: Runtime['prepare'] = async (signal) => {
    await giveRoots(fleet, station, world)
    return await all.prepare(signal)
  }
  return { runtime: { ...all, prepare }, runtimes }
}

/** As this machine's root says by now. A node that does not answer gets it when it is connected. */
async function giveRoots(
  fleet: readonly Reached[],
  { root, transport }: Station,
  world: World,
): Promise<void> {
  const record = await readRoot(transport, root)
  if (record === undefined) return
  tellNodes(world, record)
  const path = (await rootPaths(transport, root)).root
  const given = fleet.map(async (node) => {
    try {
      await giveRoot(node, path, record, await wayTo(node, root, world))
    } catch (error) {
      if (!(error instanceof TransportError)) throw error
    }
  })
  await Promise.all(given)
}
