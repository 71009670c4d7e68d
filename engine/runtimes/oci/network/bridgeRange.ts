import { addressAt, type IpRange, ipRanges, rangeText } from '../../../api/ipRanges.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { runCommand, runOrFail } from '../commands.ts'
import { podPaths, type RootPaths } from '../paths.ts'
import { readRoot } from '../node/root.ts'
import { allSandboxes } from '../upkeep/sandboxes.ts'
import { kernelRoutes, routeKey } from './kernelRoutes.ts'

/**
 * Gives the bridge the range that the node has by now: a machine that was alone had all pods' addresses, and has a part of them beside others.
 * Pods that were made with the whole range take it for their link: of IPv4 the node answers on it for those elsewhere, of IPv6, where it
 * could do so for single addresses only, the pods are told the way.
 */
export async function fitBridge(transport: Transport, paths: RootPaths): Promise<void> {
  const { podCIDR } = (await readRoot(transport, paths.root)) ?? { podCIDR: '' }
  const routes = await kernelRoutes(transport)
  for (const range of ipRanges(podCIDR)) {
    const former = formerPrefixes(range).filter((prefix) =>
      routes.has(routeKey(paths.bridge, gatewayOf(range, prefix))),
    )
    if (former.length > 0) await fitTo(range, former, transport, paths)
  }
}

async function fitTo(
  range: IpRange,
  former: readonly number[],
  transport: Transport,
  paths: RootPaths,
): Promise<void> {
  const { bridge } = paths
  // Before the bridge, whose range tells that it is still to be done.
  if (range.family === 'IPv6') await tellPods(range, former, transport, paths)
  const failing = {
    reason: 'NetworkNotReady',
    doing: `giving bridge ${bridge} the range ${rangeText(range)}`,
  }
  await runOrFail(transport, rangeBatch(bridge, range, former), failing)
  if (range.family === 'IPv6') return
  const what = { kind: 'file', content: '1' } as const
  await transport.writeTree(`/proc/sys/net/ipv4/conf/${bridge}`, [{ path: 'proxy_arp', mode: 0o644, what }])
}

/** Ranges with the same first address: one that has another one is another podCIDR, which is for others to tell. */
function formerPrefixes({ family, prefix: own }: IpRange): readonly number[] {
  const [least, most] = family === 'IPv4' ? [8, 30] : [8, 126]
  return Array.from({ length: most - least + 1 }, (_, index) => index + least).filter(
    (prefix) => prefix !== own,
  )
}

function gatewayOf(range: IpRange, prefix: number): string {
  return `${addressAt(range, 1)}/${prefix}`
}

/** One process. The kernel keeps an address of IPv6 once, with whichever prefix came first. */
export function rangeBatch(bridge: string, range: IpRange, former: readonly number[]): Command {
  const own = gatewayOf(range, range.prefix)
  const away = former.map((prefix) => `address delete ${gatewayOf(range, prefix)} dev ${bridge}`)
  const lines =
    range.family === 'IPv4'
      ? [`address replace ${own} brd + dev ${bridge}`, ...away]
      : [...away, `address replace ${own} nodad dev ${bridge}`]
  return { argv: ['ip', '-batch', '-'], stdin: `${lines.join('\n')}\n` }
}

async function tellPods(
  range: IpRange,
  former: readonly number[],
  transport: Transport,
  paths: RootPaths,
): Promise<void> {
  const failing = { reason: 'NetworkNotReady', doing: 'telling pods the way to those of other nodes' }
  // One that is being removed has no link any more.
  for (const [uid, { ip6 }] of await allSandboxes({ transport, paths }))
    if (ip6 !== undefined)
      await runCommand(transport, podBatch(podPaths(paths, uid).pins.net, range, former), failing)
}

/** Before the route to the whole range that came with the pod's address, which the kernel gives the metric 256. */
export function podBatch(pin: string, range: IpRange, former: readonly number[]): Command {
  const lines = [
    `route replace ${rangeText(range)} dev eth0 metric 128`,
    ...former
      .filter((prefix) => prefix < range.prefix)
      .map(
        (prefix) => `route replace ${wholeOf(range, prefix)} via ${addressAt(range, 1)} dev eth0 metric 128`,
      ),
  ]
  return { argv: ['nsenter', `--net=${pin}`, 'ip', '-batch', '-'], stdin: `${lines.join('\n')}\n` }
}

/** The range has its first address. */
function wholeOf(range: IpRange, prefix: number): string {
  return `${addressAt(range, 0)}/${prefix}`
}
