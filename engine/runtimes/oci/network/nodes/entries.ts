import { addressAt, ipRanges } from '../../../../api/ipRanges.ts'
import type { PodNetwork } from '../../../../api/podNetwork.ts'
import type { RootPaths } from '../../paths.ts'

/** What stands in a node's kernel for the pods of other nodes. The texts are as `ip` and `bridge` take them. */
export interface NetworkEntries {
  readonly link?: TunnelLink
  readonly routes: readonly Route[]
  /** `10.244.3.0 lladdr 02:01:0a:f4:03:00`, of the tunnel's link. */
  readonly neighbours: readonly string[]
  /** `02:01:0a:f4:03:00 dst 198.51.100.13`: behind which machine of the tunnel's link. */
  readonly forwardings: readonly string[]
}

export interface Route {
  readonly range: string
  readonly via: string
  readonly isTunnelled: boolean
}

/** One end of a tunnel to all machines that there are entries for. */
export interface TunnelLink {
  readonly mac: string
  /** VXLAN's network identifier, of 24 bits. */
  readonly id: number
  /** Of udp, at both ends. */
  readonly port: number
  readonly local: string
  readonly mtuBytes: number
  /** `10.244.1.0/32`: what the node itself sends has it, so that the answer comes back by the tunnel. */
  readonly addresses: readonly string[]
}

export function entriesOf(
  { mtuBytes, peers, podCIDR, tunnel }: PodNetwork,
  { rootId }: Pick<RootPaths, 'rootId'>,
): NetworkEntries {
  const hops = peers.flatMap(({ via, ...peer }) => (via === undefined ? [] : [{ ...peer, via }]))
  const routes = hops.map(({ range, tunnel: end, via }) => ({ range, via, isTunnelled: end !== undefined }))
  if (tunnel === undefined) return { routes, neighbours: [], forwardings: [] }
  const ends = hops.flatMap(({ tunnel: end, via }) => (end === undefined ? [] : [{ ...end, via }]))
  return {
    link: {
      mac: tunnel.mac,
      ...numbersOf(rootId),
      local: tunnel.address,
      mtuBytes,
      addresses: linkAddresses(podCIDR),
    },
    routes,
    neighbours: ends.map(({ mac, via }) => `${via} lladdr ${mac}`),
    forwardings: [...new Set(ends.map(({ address, mac }) => `${mac} dst ${address}`))],
  }
}

/** Of a link to other nodes: the first address of each of the node's parts. */
export function linkAddresses(podCIDR: string): readonly string[] {
  return ipRanges(podCIDR).map((range) => `${addressAt(range, 0)}/${range.family === 'IPv4' ? 32 : 128}`)
}

/** Of udp ports: above those that Linux gives to whoever asks for any, and far above those of Services. */
const [FIRST_PORT, PORTS] = [61_000, 4_000] as const

/** The root's path is the same on all nodes, so they all find the same. Two roots of one host may share the port, and hardly ever do. */
export function numbersOf(rootId: string): Pick<TunnelLink, 'id' | 'port'> {
  const number = Number.parseInt(rootId, 16)
  return { id: (number % (2 ** 24 - 1)) + 1, port: FIRST_PORT + (number % PORTS) }
}

/** As far from the tunnel's port as can be: while one takes the other's place both are there. */
export function wireguardPort(rootId: string): number {
  return FIRST_PORT + ((Number.parseInt(rootId, 16) + PORTS / 2) % PORTS)
}
