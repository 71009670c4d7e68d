import type { Frontend, NodeTraffic, TrafficProblem } from '../../../api/traffic.ts'
import { failure } from '../commands.ts'
import { findProgram } from '../node/programs.ts'
import { readRoot } from '../node/root.ts'
import { once } from '../once.ts'
import { oneByOne } from '../oneByOne.ts'
import { gatewayOf } from '../upkeep/bridge.ts'
import type { Looking, Repair } from '../upkeep/repair.ts'
import { createFlowKeeper } from './flowKeeper.ts'
import {
  changeSettings,
  FILTER_BRIDGED,
  FILTER_BRIDGED6,
  FORWARDING,
  type Settings,
  unset,
} from './hostSettings.ts'
import { routeServices, unrouted, unrouteServices } from './serviceRoute.ts'
import { ServiceTable } from './serviceTable.ts'
import { TakenPorts } from './takenPorts.ts'
import type { OciNode } from '../ociNode.ts'
import { readMark, writeMark } from './trafficMark.ts'

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
  const { paths, transport } = node
  const parts = once(async () => await partsOf(node))
  /** Of the last that was applied. */
  let ranges: readonly string[] = []
  let last: NodeTraffic | undefined
  let settings: Settings = {}
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> =>
    await oneByOne(`traffic of ${paths.root}`, work)

  const leave = async (signal?: AbortSignal): Promise<void> => {
    const mark = await readMark(transport, paths)
    if (mark === undefined) return
    const { table } = await parts()
    await table.clear(signal)
    await unrouteServices({ transport, paths }, mark.ranges, signal)
    await transport.remove(paths.traffic)
    ranges = []
  }

  const apply = async (traffic: NodeTraffic, signal?: AbortSignal): Promise<readonly TrafficProblem[]> => {
    const { frontends, serviceRanges } = traffic
    if (frontends.length === 0 && serviceRanges.length === 0) {
      await leave(signal)
      last = traffic
      return []
    }
    const { flows, gateway, taken, table } = await parts()
    settings = settingsFor(frontends)
    if (serviceRanges.join() !== ranges.join() || last === undefined) {
      // Before anything of it is made, so that it is known when the engine is killed.
      await writeMark(transport, paths, { ranges: serviceRanges })
      await changeSettings(transport, paths, settings)
      await routeServices({ transport, paths, gateway }, serviceRanges, signal)
      await unrouteServices(
        { transport, paths },
        ranges.filter((one) => !serviceRanges.includes(one)),
        signal,
      )
      ranges = serviceRanges
    }
    const { free, problems } = await taken.sort(frontends)
    const change = await table.load(free, signal)
    const warnings = await flows.follow(change, signal)
    last = traffic
    return [...problems, ...warnings]
  }

  const repairs = async (looking: Looking): Promise<readonly Repair[]> => {
    if (last === undefined || ranges.length === 0) return []
    return await serviceRepairs(node, looking, { ...(await parts()), ranges, settings }, inTurn)
  }

  return {
    apply: async (traffic, signal) =>
      await inTurn(async () => {
        try {
          return await apply(traffic, signal)
        } catch (error) {
          signal?.throwIfAborted()
          throw failure(FAILING, error)
        }
      }),
    repairs,
    podGone: async (address) => {
      if (last === undefined || last.frontends.length === 0) return
      await (await parts()).flows.end(address)
    },
  }
}

type Parts = Awaited<ReturnType<typeof partsOf>>

async function partsOf({ context, look, paths, transport }: ServicesNode) {
  // Also makes the bridge's range known, and the node ready.
  const { facts } = await context()
  const root = await readRoot(transport, paths.root)
  if (root === undefined) throw new Error(`${paths.rootFile} is gone`)
  const gateway = gatewayOf(root.podCIDR)
  const { addresses } = (await look()).info
  const own = new Set([...addresses, gateway.split('/')[0] ?? ''])
  const conntrack = await findProgram(transport, 'conntrack')
  return {
    gateway,
    table: new ServiceTable({ transport, nft: facts.nft, table: paths.serviceTable, podRange: root.podCIDR }),
    taken: new TakenPorts(transport, own),
    flows: createFlowKeeper(transport, conntrack, own),
  }
}

function settingsFor(frontends: readonly Frontend[]): Settings {
  const six = frontends.some(({ family }) => family === 'ip6')
  return { ...FORWARDING, ...FILTER_BRIDGED, ...(six && FILTER_BRIDGED6) }
}

async function serviceRepairs(
  { paths, transport }: ServicesNode,
  { isFirst }: Looking,
  {
    gateway,
    ranges,
    settings,
    table,
  }: Parts & { readonly ranges: readonly string[]; readonly settings: Settings },
  inTurn: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<readonly Repair[]> {
  if (isFirst) return []
  const [lost, changed, isTampered] = await Promise.all([
    unrouted({ transport, paths }, ranges),
    unset(transport, settings),
    table.isTampered(),
  ])
  const repairs: Repair[] = []
  if (changed.length > 0) {
    const names = changed.map((name) => name.replaceAll('/', '.')).join(' and ')
    repairs.push({
      found: `${names} of the kernel is not as pods need it`,
      mend: async () => {
        await changeSettings(transport, paths, settings)
        return 'it was set again'
      },
    })
  }
  if (lost.length > 0) {
    repairs.push({
      found: `the route to ${lost.join(' and ')} is gone`,
      mend: async (_, signal) => {
        await inTurn(async () => await routeServices({ transport, paths, gateway }, ranges, signal))
        return 'it was made again'
      },
    })
  }
  if (isTampered) {
    repairs.push({
      found: `nftables tables ${paths.serviceTable} were changed by somebody`,
      mend: async (_, signal) => {
        await inTurn(async () => await table.reload(signal))
        return 'they were loaded again'
      },
    })
  }
  return repairs
}
