import type { NodeName } from '../../api/names.ts'
import type { Desired } from '../../api/snapshot.ts'
import { BOOT_ID } from '../../runtimes/oci/node/node.ts'
import { readRoot } from '../../runtimes/oci/node/root.ts'
import { rootPaths } from '../../runtimes/oci/paths.ts'
import { createOciRuntime } from '../../runtimes/oci/runtime.ts'
import type { Runtime } from '../../runtimes/runtime.ts'
import { TransportError } from '../../transport/transport.ts'
import { CREATE_RUNTIME } from '../createRuntime.ts'
import { openRuntime, type Station } from '../station.ts'
import type { World } from '../world.ts'
import { tellNodes } from './driving.ts'
import { coveredRuntime, mirroredVerbs } from './mirroring.ts'
import { fleetNodes, isLocal, type Reached } from './nodes.ts'
import { perBoot } from './perBoot.ts'
import { fleetRuntime } from './runtime.ts'
import { giveRoot, wayTo } from './ways.ts'

export interface Fleet {
  readonly runtime: Runtime
  readonly runtimes: ReadonlyMap<NodeName, Runtime>
}

type Asked = Pick<Desired, 'cluster' | 'nodes'> | undefined

/** Several machines, this one among them or not, driven from this one, which keeps the object records. Nothing is connected yet. */
export async function openFleet(
  { head, station }: { readonly station: Station; readonly head: NodeName },
  desired: Asked,
  world: World,
): Promise<Fleet> {
  const { record, root, transport } = station
  const fleet = await withPods(fleetNodes(record, desired), station)
  if (record?.nodes !== undefined) tellNodes(world, record)
  const here = fleet.find(isLocal)
  const keeper =
    here === undefined
      ? await createOciRuntime({ transport, root, node: head })
      : await openRuntime(station, { kind: here.runtime ?? 'oci', node: here.name }, desired, world)
  const records = mirroredVerbs(keeper, station, world)
  const opened = fleet.map(async (node): Promise<readonly [NodeName, Runtime]> => {
    const runtime = isLocal(node) ? keeper : await openNode(node, station, desired, world)
    return [node.name, { ...coveredRuntime(runtime, world), ...records }]
  })
  const runtimes = new Map(await Promise.all(opened))
  const all = fleetRuntime(runtimes, { ...keeper, ...records })
  const prepare: Runtime['prepare'] = async (signal) => {
    await giveRoots(fleet, station, world)
    return await all.prepare(signal)
  }
  return { runtime: { ...all, prepare }, runtimes }
}

async function openNode(
  node: Reached,
  { root, transport }: Station,
  desired: Asked,
  world: World,
): Promise<Runtime> {
  const mirrors = desired?.cluster.spec?.registries?.mirrors
  const way = await wayTo(node, root, world)
  const options = {
    transport: way,
    root: (await rootPaths(transport, root)).root,
    node: node.name,
    ...(mirrors === undefined ? {} : { mirrors }),
  }
  const runtime = await perBoot(way, async () => await CREATE_RUNTIME[node.runtime ?? 'oci'](options))
  return { ...runtime, ping: async (signal) => void (await way.readFile(BOOT_ID, signal)) }
}

/** This machine is no node of the fleet any more once it has no pods. */
export async function withPods<N extends Reached>(
  fleet: readonly N[],
  { root, transport }: Station,
): Promise<readonly N[]> {
  const here = fleet.find(isLocal)
  if (here?.leaves !== true) return fleet
  const { pods } = await rootPaths(transport, root)
  return (await transport.listDirectory(pods)).length > 0 ? fleet : fleet.filter((node) => node !== here)
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
  const given = fleet
    .filter((node) => !isLocal(node))
    .map(async (node) => {
      try {
        await giveRoot(node, path, record, await wayTo(node, root, world))
      } catch (error) {
        if (!(error instanceof TransportError)) throw error
      }
    })
  await Promise.all(given)
}
