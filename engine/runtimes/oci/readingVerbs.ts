import type { NodeInfo } from '../../api/cri.ts'
import type { NodeName, PodUid } from '../../api/names.ts'
import type { PodListing, Runtime } from '../runtime.ts'
import { fitBridge } from './network/bridgeRange.ts'
import { RuntimeFailure } from '../runtime.ts'
import { podStats } from './containers/stats.ts'
import { podEvents } from './hook/events.ts'
import { gathered } from './gathered.ts'
import { type GroupOf, groupsBelow, measurePods } from './measures/measure.ts'
import { whereabouts } from './network/nodes/whereabouts.ts'
import { makeKey } from './network/wireguard/key.ts'
import { readRoot } from './node/root.ts'
import type { OciNode } from './ociNode.ts'
import { inspectPods, listPods, type LookAtContainers } from './pods/listing.ts'
import { createUpkeep } from './upkeep/upkeep.ts'

/** Where containers are other than where the OCI runtime has them. */
export interface ContainerPlaces {
  readonly look?: LookAtContainers
  readonly groupOf?: GroupOf
}

type ReadingVerbs = Pick<
  Runtime,
  'check' | 'prepare' | 'list' | 'upkeep' | 'inspect' | 'events' | 'stats' | 'measure'
>

export function readingVerbs(
  node: OciNode,
  name: NodeName,
  { look, groupOf = groupsBelow(node.paths) }: ContainerPlaces = {},
): ReadingVerbs {
  const { paths, transport } = node
  const inspect = gathered<PodUid, PodListing | string>(
    async (uids) => await inspectPods(transport, paths, uids, look),
  )
  return {
    check: async () => await withNetwork(node, (await node.look()).info),
    prepare: async () => {
      const { info } = await node.facts()
      await fitBridge(transport, paths)
      await makeAskedKey(node)
      return await withNetwork(node, info)
    },
    list: async () => await listPods(transport, paths, look),
    upkeep: createUpkeep(node),
    inspect: async (uid) => {
      const listing = await inspect(uid)
      if (typeof listing === 'string') throw new RuntimeFailure('UnreadablePod', `pod ${uid}: ${listing}`)
      return listing
    },
    events: (signal) => podEvents(transport, paths.events, name, signal),
    stats: async (uid) => await podStats(transport, paths, (await node.look()).cgroups, uid, groupOf),
    measure: async (pods, signal) =>
      await measurePods(transport, groupOf, (await node.look()).cgroups, pods, signal),
  }
}

/** Where it can have none, what leads to other nodes says so. */
async function makeAskedKey({ paths, transport }: OciNode): Promise<void> {
  const root = await readRoot(transport, paths.root)
  if (root?.encryption !== undefined) await makeKey(transport, paths)
}

/** Looked at each time: addresses are given out anew, and a node may have been given its pods' range since the last time. */
async function withNetwork({ paths, transport }: OciNode, info: NodeInfo): Promise<NodeInfo> {
  const network = await whereabouts(transport, paths, await readRoot(transport, paths.root), info.addresses)
  return network === undefined ? info : { ...info, network }
}
