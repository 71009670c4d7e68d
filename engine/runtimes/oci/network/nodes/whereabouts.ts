import { ipFamily, isSpecialIp, canonicalIp } from '../../../../api/ipRanges.ts'
import type { NodeNetwork } from '../../../../api/podNetwork.ts'
import type { RootRecord } from '../../../../api/records.ts'
import type { Command, Transport } from '../../../../transport/transport.ts'
import { runOrFail } from '../../commands.ts'
import { isObject, parseJson } from '../../json.ts'
import { wireguardOf, type WireguardPlace } from '../wireguard/key.ts'

const FAILING = { reason: 'InvalidNode', doing: "reading the node's addresses" }

/**
 * Of a node of several: where others send what is for its pods. That is where the connection from the head comes in, or, where that says nothing,
 * the first of `addresses`. Undefined: the cluster has no other node, or this one has no address that others could use.
 */
export async function whereabouts(
  transport: Transport,
  paths: WireguardPlace,
  root: Pick<RootRecord, 'podCIDR' | 'clusterCIDR' | 'encryption'> | undefined,
  addresses: readonly string[],
): Promise<NodeNetwork | undefined> {
  if (root?.clusterCIDR === undefined) return undefined
  const { stdout } = await runOrFail(transport, ADDRESSES, FAILING)
  const links = parseLinks(stdout)
  const candidates = [await transport.arrivedAt(), ...addresses].filter((one) => one !== undefined)
  for (const address of candidates) {
    const found = isUsable(address) ? placeOf(address, links) : undefined
    if (found === undefined) continue
    if (root.encryption === undefined) return { podCIDR: root.podCIDR, ...found }
    const wireguard = { clusterCIDR: root.clusterCIDR, ...(await wireguardOf(transport, paths)) }
    return { podCIDR: root.podCIDR, ...found, wireguard }
  }
  return undefined
}

const ADDRESSES: Command = { argv: ['ip', '-json', 'address', 'show'] }

interface Link {
  readonly mtuBytes: number
  /** `192.0.2.11/24` */
  readonly networks: readonly string[]
}

/** As `ip -json address show` tells them: `[{"mtu": 1500, "addr_info": [{"local": "192.0.2.11", "prefixlen": 24, "scope": "global"}]}]`. */
export function parseLinks(stdout: string): readonly Link[] {
  const list = parseJson(stdout)
  if (!Array.isArray(list)) return []
  return list.flatMap((item: unknown): Link[] => {
    if (!isObject(item) || typeof item['mtu'] !== 'number') return []
    const all: unknown = item['addr_info']
    return [{ mtuBytes: item['mtu'], networks: Array.isArray(all) ? all.flatMap(networkOf) : [] }]
  })
}

/** Addresses of IPv6 that will be others soon, or are none yet. */
const PASSING = ['temporary', 'deprecated', 'tentative', 'dadfailed']

/** Of a link from one machine to one other, which `address` names, nobody else is in its network. */
function networkOf(item: unknown): readonly string[] {
  if (!isObject(item) || item['scope'] !== 'global' || typeof item['local'] !== 'string') return []
  if (PASSING.some((flag) => item[flag] === true)) return []
  const { address, local, prefixlen } = item
  const alone = ipFamily(local) === 'IPv4' ? 32 : 128
  return [`${local}/${address === undefined ? Number(prefixlen) : alone}`]
}

function isUsable(address: string): boolean {
  return canonicalIp(address) !== undefined && !isSpecialIp(address)
}

function placeOf(address: string, links: readonly Link[]): Omit<NodeNetwork, 'podCIDR'> | undefined {
  const link = links.find(({ networks }) => networks.some((one) => one.startsWith(`${address}/`)))
  return link === undefined
    ? undefined
    : { address, networks: link.networks.toSorted(), mtuBytes: link.mtuBytes }
}
