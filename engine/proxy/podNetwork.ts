import { addressAt, type IpRange, ipFamily, ipRange, ipRanges, overlap } from '../api/ipRanges.ts'
import type { NodeName } from '../api/names.ts'
import type { NodeNetwork, PodNetwork, PodPeer, TunnelEnd } from '../api/podNetwork.ts'

export interface NetworkNode {
  readonly name: NodeName
  /** Absent: it was not asked yet. */
  readonly network: NodeNetwork | undefined
}

type KnownNode = NetworkNode & { readonly network: NodeNetwork }

/** What VXLAN puts before each packet, with the outer headers of Ethernet, IP and UDP. */
const TUNNEL_BYTES = { IPv4: 50, IPv6: 70 } as const

/** What WireGuard puts around each packet, over IPv6 at the most. */
const WIREGUARD_BYTES = 80

/** RFC 8200, section 5: the kernel has no IPv6 on a link that takes less. The tunnel's own packets are sent in pieces then. */
const IPV6_BYTES_MIN = 1280

/** Of each node that is known. Two that share a link have plain routes, in both directions; all others a tunnel. */
export function podNetworks(nodes: readonly NetworkNode[]): ReadonlyMap<NodeName, PodNetwork> {
  const known = nodes.filter((node): node is KnownNode => node.network !== undefined)
  const isWhole = known.length === nodes.length
  const ways = new Map(known.map((node) => [node.name, waysFrom(node, known)]))
  const linkBytes = Math.min(...known.map(({ network }) => network.mtuBytes))
  const headBytes = Math.max(
    ...known.map(({ name, network }) => headBytesOf(network, ways.get(name)?.peers ?? [])),
  )
  const hasIpv6 = known.some(({ network }) =>
    ipRanges(network.podCIDR).some(({ family }) => family === 'IPv6'),
  )
  const passing = linkBytes - headBytes
  const mtuBytes = hasIpv6 ? Math.max(passing, IPV6_BYTES_MIN) : passing
  return new Map(
    known.map(({ name, network }): [NodeName, PodNetwork] => {
      const { lacks, peers } = ways.get(name) ?? NO_WAYS
      const hasTunnel = peers.some(({ tunnel }) => tunnel !== undefined)
      const { podCIDR, wireguard } = network
      return [
        name,
        {
          isWhole,
          mtuBytes,
          podCIDR,
          ...(hasTunnel && { tunnel: endOf(network) }),
          ...(wireguard !== undefined && { sealed: wireguard.clusterCIDR }),
          peers,
          lacks,
        },
      ]
    }),
  )
}

/** Around the packets that leave this node. */
function headBytesOf({ address }: NodeNetwork, peers: readonly PodPeer[]): number {
  if (peers.some(({ wireguard }) => wireguard)) return WIREGUARD_BYTES
  return peers.some(({ tunnel }) => tunnel) ? TUNNEL_BYTES[ipFamily(address)] : 0
}

type Ways = Pick<PodNetwork, 'peers' | 'lacks'>

const NO_WAYS: Ways = { peers: [], lacks: [] }

function waysFrom(node: KnownNode, all: readonly KnownNode[]): Ways {
  const others = all.filter(({ name }) => name !== node.name)
  const lacks = others.flatMap((other) => lackOf(node, other) ?? [])
  const reached = others.filter((other) => lackOf(node, other) === undefined)
  const peers = reached.flatMap((other) =>
    ipRanges(other.network.podCIDR).map((range) => peerOf(node.network, other.network, range)),
  )
  return { peers: peers.toSorted((a, b) => (a.range < b.range ? -1 : 1)), lacks }
}

function lackOf(node: KnownNode, other: KnownNode): string | undefined {
  const [own, its] = [node.network.address, other.network.address]
  if (own === its)
    return `no network leads from node ${node.name} to node ${other.name}: both are at ${own} by their own word`
  if (ipFamily(own) !== ipFamily(its))
    return `no network leads from node ${node.name} at ${own} to node ${other.name} at ${its}: one is reached by IPv4, the other one by IPv6`
  return keyLackOf(node, [node, other])
}

/** Where one of them is to encrypt, nothing goes between them that is not. */
function keyLackOf({ name }: KnownNode, both: readonly [KnownNode, KnownNode]): string | undefined {
  if (both.every(({ network }) => network.wireguard === undefined)) return undefined
  const [without] = both.filter(({ network }) => network.wireguard?.publicKey === undefined)
  if (without === undefined) return undefined
  const [, other] = both
  const why = without.network.wireguard?.lack ?? 'for it has made none yet'
  return `no encrypted way leads from node ${name} to node ${other.name}: node ${without.name} has no key of WireGuard, ${why}`
}

function peerOf(own: NodeNetwork, other: NodeNetwork, range: IpRange): PodPeer {
  const publicKey = other.wireguard?.publicKey
  if (publicKey !== undefined) return { range: range.text, wireguard: { address: other.address, publicKey } }
  const neighbour = shareLink(own, other) ? neighbourOf(own, other, range.family) : undefined
  if (neighbour !== undefined) return { range: range.text, via: neighbour }
  return { range: range.text, via: addressAt(range, 0), tunnel: endOf(other) }
}

function endOf({ address, podCIDR }: NodeNetwork): TunnelEnd {
  return { address, mac: macOf(podCIDR) }
}

/** Locally administered; after `02:01` the first address of its pods' range of IPv4, which every node has and no other root of its host. */
function macOf(podCIDR: string): string {
  const [first] = ipRanges(podCIDR)
  const bytes = first === undefined ? [] : addressAt(first, 0).split('.').map(Number)
  return [2, 1, ...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/** What one of them alone believes is no way back. */
function shareLink(one: NodeNetwork, other: NodeNetwork): boolean {
  return sees(one, other.address) && sees(other, one.address)
}

function sees({ networks }: NodeNetwork, address: string): boolean {
  const lone = ipRange(`${address}/${ipFamily(address) === 'IPv4' ? 32 : 128}`)
  if (lone === undefined) return false
  return networks.some((network) => {
    const range = ipRange(network)
    return range !== undefined && overlap(range, lone)
  })
}

/** An address of the other one, of this family, that both have on the link that they share. */
function neighbourOf(own: NodeNetwork, other: NodeNetwork, family: IpRange['family']): string | undefined {
  if (ipFamily(other.address) === family) return other.address
  const [first] = addressesOf(own, family).filter((address) => sees(other, address))
  if (first === undefined) return undefined
  return addressesOf(other, family).find((address) => sees(own, address))
}

function addressesOf({ networks }: NodeNetwork, family: IpRange['family']): readonly string[] {
  return networks
    .map((network) => network.slice(0, network.indexOf('/')))
    .filter((address) => ipFamily(address) === family)
}
