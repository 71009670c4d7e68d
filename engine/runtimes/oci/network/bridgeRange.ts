import { addressAt, type IpRange, ipRanges } from '../../../api/ipRanges.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { runOrFail } from '../commands.ts'
import type { RootPaths } from '../paths.ts'
import { readRoot } from '../node/root.ts'
import { kernelRoutes, routeKey } from './kernelRoutes.ts'

/**
 * Gives the bridge the range that the node has by now: a machine that was alone had all pods' addresses, and has a part of them beside others.
 * Pods that were made with the whole range take it for their link, so that the node answers on it for those elsewhere. Of IPv4; a wider
 * range of IPv6 is in nobody's way.
 */
export async function fitBridge(
  transport: Transport,
  { bridge, root: folder }: Pick<RootPaths, 'bridge' | 'root'>,
): Promise<void> {
  const { podCIDR } = (await readRoot(transport, folder)) ?? { podCIDR: '' }
  const range = ipRanges(podCIDR).find(({ family }) => family === 'IPv4')
  if (range === undefined) return
  const routes = await kernelRoutes(transport)
  const former = formerPrefixes(range).filter((prefix) =>
    routes.has(routeKey(bridge, gatewayOf(range, prefix))),
  )
  if (former.length === 0) return
  const failing = { reason: 'NetworkNotReady', doing: `giving bridge ${bridge} the range ${podCIDR}` }
  await runOrFail(transport, rangeBatch(bridge, range, former), failing)
  const what = { kind: 'file', content: '1' } as const
  await transport.writeTree(`/proc/sys/net/ipv4/conf/${bridge}`, [{ path: 'proxy_arp', mode: 0o644, what }])
}

/** Ranges with the same first address: one that has another one is another podCIDR, which is for others to tell. */
function formerPrefixes({ prefix: own }: IpRange): readonly number[] {
  return Array.from({ length: 23 }, (_, index) => index + 8).filter((prefix) => prefix !== own)
}

function gatewayOf(range: IpRange, prefix: number): string {
  return `${addressAt(range, 1)}/${prefix}`
}

/** One process. */
export function rangeBatch(bridge: string, range: IpRange, former: readonly number[]): Command {
  const lines = [
    `address replace ${gatewayOf(range, range.prefix)} brd + dev ${bridge}`,
    ...former.map((prefix) => `address delete ${gatewayOf(range, prefix)} dev ${bridge}`),
  ]
  return { argv: ['ip', '-batch', '-'], stdin: `${lines.join('\n')}\n` }
}
