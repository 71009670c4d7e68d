import { ipRanges } from '../../../api/ipRanges.ts'
import type { Frontend, NodeTraffic, TrafficProblem } from '../../../api/traffic.ts'
import { findProgram } from '../node/programs.ts'
import { readRoot } from '../node/root.ts'
import { once } from '../once.ts'
import { gatewaysOf } from '../upkeep/bridge.ts'
import type { Looking, Repair } from '../upkeep/repair.ts'
import { routeRepair, settingsRepair, tableRepair } from './serviceRepairs.ts'
import { createFlowKeeper } from './flowKeeper.ts'
import {
  changeSettings,
  FILTER_BRIDGED,
  FILTER_BRIDGED6,
  FORWARDING,
  FORWARDING6,
  loadBridgeFilter,
  type Settings,
  unset,
} from './hostSettings.ts'
import { routeServices, unrouted, unrouteServices } from './serviceRoute.ts'
import { ServiceTable } from './serviceTable.ts'
import { TakenPorts } from './takenPorts.ts'
import type { OciNode } from '../ociNode.ts'
import { readMark, writeMark } from './trafficMark.ts'
import { type InTurn, turnsOf } from './turns.ts'

export interface Services {
  /** The same once more looks whether ports that another process had are free by now. */
  apply(traffic: NodeTraffic, signal?: AbortSignal): Promise<readonly TrafficProblem[]>
  /** What is amiss of what was last applied. */
  repairs(looking: Looking): Promise<readonly Repair[]>
  /** The pod that had this address has ended, and its address is given back: connections to it end. */
  podGone(address: string): Promise<void>
}

type ServicesNode = Pick<OciNode, 'transport' | 'paths' | 'look' | 'context'>

const FAILING = { reason: 'NetworkNotReady', doing: 'leading Services to pods' }

/** Services' addresses and ports, in the kernel: a route, settings, tables of nftables, and the connections that it follows. */
export function createServices(node: ServicesNode): Services {
  const keeper = new ServiceKeeper(node)
  const { asked, inTurn } = turnsOf(node, 'traffic', FAILING)
  return {
    apply: async (traffic, signal) => await asked(signal, async () => await keeper.apply(traffic, signal)),
    repairs: async (looking) => await inTurn(async () => await keeper.repairs(looking, inTurn)),
    podGone: async (address) => await keeper.podGone(address),
  }
}

class ServiceKeeper {
  readonly #node: ServicesNode
  readonly #parts: () => Promise<Parts>
  #last: NodeTraffic | undefined
  #ranges: readonly string[] = []
  #settings: Settings = {}
  #isBridgeFiltered = true

  constructor(node: ServicesNode) {
    this.#node = node
    this.#parts = once(async () => await partsOf(node))
  }

  async apply(traffic: NodeTraffic, signal?: AbortSignal): Promise<readonly TrafficProblem[]> {
    const { frontends, serviceRanges } = traffic
    if (frontends.length === 0 && serviceRanges.length === 0) {
      await this.#leave(signal)
      this.#last = traffic
      return []
    }
    const { flows, gateways, taken, table } = await this.#parts()
    if (this.#last === undefined || serviceRanges.join() !== this.#ranges.join())
      await this.#route(serviceRanges, signal)
    await this.#set(settingsFor(frontends, gateways))
    const { free, problems } = await taken.sort(frontends)
    await flows.follow(await table.load(free, signal), serviceRanges, signal)
    this.#last = traffic
    return [...problems, ...flows.lacks(frontends), ...(this.#isBridgeFiltered ? [] : [UNFILTERED])]
  }

  async repairs({ isFirst }: Looking, inTurn: InTurn): Promise<readonly Repair[]> {
    if (isFirst || this.#last === undefined || this.#ranges.length === 0) return []
    const { gateways, table } = await this.#parts()
    const { paths, transport } = this.#node
    const [lost, changed, isTampered] = await Promise.all([
      unrouted({ transport, paths }, this.#ranges),
      unset(transport, this.#settings),
      table.isTampered(),
    ])
    return [
      ...(changed.length > 0 ? [settingsRepair(this.#node, changed, this.#settings)] : []),
      ...(lost.length > 0 ? [routeRepair({ transport, paths, gateways }, lost, inTurn)] : []),
      ...(isTampered ? [tableRepair(paths.serviceTable, table, inTurn)] : []),
    ]
  }

  async podGone(address: string): Promise<void> {
    if (this.#last === undefined || this.#last.frontends.length === 0) return
    await (await this.#parts()).flows.end(address)
  }

  async #route(ranges: readonly string[], signal?: AbortSignal): Promise<void> {
    const { paths, transport } = this.#node
    const { gateways } = await this.#parts()
    const before = (await readMark(transport, paths))?.ranges ?? []
    // Before anything of it is made, so that it is known when the engine is killed.
    await writeMark(transport, paths, { ranges })
    await routeServices({ transport, paths, gateways }, ranges, signal)
    const left = before.filter((one) => !ranges.includes(one))
    await unrouteServices({ transport, paths }, left, signal)
    this.#ranges = ranges
  }

  async #set(settings: Settings): Promise<void> {
    if (Object.keys(settings).join() === Object.keys(this.#settings).join()) return
    const { paths, transport } = this.#node
    this.#isBridgeFiltered = await loadBridgeFilter(transport, paths)
    await changeSettings(transport, paths, settings)
    this.#settings = settings
  }

  /** Also what an engine before has made. */
  async #leave(signal?: AbortSignal): Promise<void> {
    const { paths, transport } = this.#node
    const mark = await readMark(transport, paths)
    if (mark === undefined) return
    const { table } = await this.#parts()
    await table.clear(signal)
    await unrouteServices({ transport, paths }, mark.ranges, signal)
    await transport.remove(paths.traffic)
    this.#ranges = []
  }
}

const UNFILTERED: TrafficProblem = {
  reason: 'NetworkNotReady',
  message:
    'pods do not reach Services whose pods are on the same node: this kernel has no br_netfilter, which shows bridged packets to nftables; load it (modprobe br_netfilter), or take a kernel that has it',
}

type Parts = Awaited<ReturnType<typeof partsOf>>

async function partsOf({ context, look, paths, transport }: ServicesNode) {
  // Also makes the bridge's range known, and the node ready.
  const { facts } = await context()
  const root = await readRoot(transport, paths.root)
  if (root === undefined) throw new Error(`${paths.rootFile} is gone`)
  const gateways = gatewaysOf(root.podCIDR)
  const { addresses } = (await look()).info
  const own = new Set([...addresses, ...gateways.map((gateway) => gateway.split('/')[0] ?? '')])
  const conntrack = await findProgram(transport, 'conntrack')
  return {
    gateways,
    table: new ServiceTable({
      transport,
      nft: facts.nft,
      table: paths.serviceTable,
      podRanges: ipRanges(root.podCIDR),
    }),
    taken: new TakenPorts(transport, own),
    flows: createFlowKeeper(transport, conntrack, own),
  }
}

function settingsFor(frontends: readonly Frontend[], gateways: readonly string[]): Settings {
  const six = frontends.some(({ family }) => family === 'ip6')
  const hasPods6 = gateways.some((gateway) => gateway.includes(':'))
  return {
    ...FORWARDING,
    ...FILTER_BRIDGED,
    ...(six && FILTER_BRIDGED6),
    ...(hasPods6 && FORWARDING6),
  }
}
