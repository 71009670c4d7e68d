import { ipFamily } from '../../../../api/ipRanges.ts'
import type { PodNetwork } from '../../../../api/podNetwork.ts'
import type { RootPaths } from '../../paths.ts'
import { linkAddresses, wireguardPort } from '../nodes/entries.ts'

/** A node's link to all others, as it is to be. The texts are as `ip` and `wg` take and tell them. */
export interface WireguardLink {
  /** Of udp, at all ends. */
  readonly port: number
  readonly mtuBytes: number
  /** `10.244.1.0/32`: what the node itself sends has it. */
  readonly addresses: readonly string[]
  /** By public key. */
  readonly peers: ReadonlyMap<string, WireguardPeer>
}

export interface WireguardPeer {
  /** `198.51.100.13:61234`, `[2001:db8::13]:61234` */
  readonly endpoint: string
  /** What it may send, and is sent: its pods' ranges, sorted. */
  readonly ranges: readonly string[]
}

/** Undefined: no node is reached that way. */
export function wireguardLinkOf(
  { mtuBytes, peers, podCIDR }: PodNetwork,
  { rootId }: Pick<RootPaths, 'rootId'>,
): WireguardLink | undefined {
  const port = wireguardPort(rootId)
  const found = new Map<string, WireguardPeer>()
  for (const { range, wireguard } of peers) {
    if (wireguard === undefined) continue
    const { address, publicKey } = wireguard
    const endpoint = `${ipFamily(address) === 'IPv6' ? `[${address}]` : address}:${port}`
    const ranges = [...(found.get(publicKey)?.ranges ?? []), range].toSorted()
    found.set(publicKey, { endpoint, ranges })
  }
  if (found.size === 0) return undefined
  return { port, mtuBytes, addresses: linkAddresses(podCIDR), peers: found }
}

/** All that is routed to the link. */
export function rangesOf({ peers }: Pick<WireguardLink, 'peers'>): readonly string[] {
  return [...peers.values()].flatMap(({ ranges }) => ranges)
}
