import type { NodeName } from '../api/names.ts'
import type { PodNetwork } from '../api/podNetwork.ts'
import type { Observed } from '../api/snapshot.ts'
import { NO_TRAFFIC, type NodeTraffic } from '../api/traffic.ts'
import { type NetworkNode, podNetworks } from '../proxy/podNetwork.ts'
import { inOrder } from './inOrder.ts'
import type { ServicesPlan } from './services/services.ts'

/** How pods reach those of other nodes is added to what the nodes answer; with one node all is as it was. */
export function withPodNetwork(services: ServicesPlan, { nodes }: Observed): ServicesPlan {
  const joinable = [...nodes.values()].filter(({ info }) => info?.isApart !== true)
  if (joinable.length < 2) return services
  const all = inOrder(joinable, ({ name }) => name)
  // Nodes that have been asked and are no part of a network: of a simulation.
  if (all.every(({ info }) => info !== undefined && info.network === undefined)) return services
  const networks = networksOf(all.map(({ info, name }) => ({ name, network: info?.network })))
  const traffic = all.map(({ info, name }): [NodeName, NodeTraffic] => {
    const base = services.traffic?.get(name) ?? NO_TRAFFIC
    const network = info === undefined ? 'unknown' : networks.get(name)
    return [name, network === undefined ? base : joined(base, network)]
  })
  return { ...services, traffic: new Map([...(services.traffic ?? []), ...traffic]) }
}

let last: { readonly text: string; readonly networks: ReadonlyMap<NodeName, PodNetwork> } | undefined

/** The very same as long as the nodes say the same. */
function networksOf(nodes: readonly NetworkNode[]): ReadonlyMap<NodeName, PodNetwork> {
  const text = JSON.stringify(nodes)
  if (last?.text !== text) last = { text, networks: podNetworks(nodes) }
  return last.networks
}

const UNKNOWN = {}
const joins = new WeakMap<NodeTraffic, WeakMap<object, NodeTraffic>>()

/** Likewise. */
function joined(base: NodeTraffic, network: PodNetwork | 'unknown'): NodeTraffic {
  return joins
    .getOrInsertComputed(base, () => new WeakMap())
    .getOrInsertComputed(network === 'unknown' ? UNKNOWN : network, () => ({ ...base, network }))
}
