import { ipRanges, rangeText } from '../../../api/ipRanges.ts'
import type { RootRecord } from '../../../api/records.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { runOrFail } from '../commands.ts'
import type { RootPaths } from '../paths.ts'
import { changeSettings, FILTER_BRIDGED, FILTER_BRIDGED6, FORWARDING, FORWARDING6 } from './hostSettings.ts'
import { noteNatTables } from './portmapTraces.ts'

/** The node's own, and those of all nodes where its own are a part of these. */
type PodRanges = Pick<RootRecord, 'podCIDR' | 'clusterCIDR'>

/**
 * One table for the root and each family, the same however often it is loaded: what the node's pods send to others than pods leaves with
 * the node's address.
 */
export function masqueradeCommand(nft: string, table: string, { clusterCIDR, podCIDR }: PodRanges): Command {
  const all = ipRanges(clusterCIDR ?? podCIDR)
  const lines = ipRanges(podCIDR).flatMap((range) => {
    const [family, multicast] = range.family === 'IPv4' ? ['ip', '224.0.0.0/4'] : ['ip6', 'ff00::/8']
    const pods = rangeText(all.find((one) => one.family === range.family) ?? range)
    return [
      `add table ${family} ${table}`,
      `add chain ${family} ${table} postrouting { type nat hook postrouting priority 100; policy accept; }`,
      `flush chain ${family} ${table} postrouting`,
      `add rule ${family} ${table} postrouting ${family} saddr ${rangeText(range)} ${family} daddr != { ${pods}, ${multicast} } masquerade`,
    ]
  })
  return { argv: [nft, '-f', '-'], stdin: `${lines.join('\n')}\n` }
}

/** `ip reconcile-1a2b3c4d`, and so on: those that are there. */
export function dropTables(nft: string, tables: readonly string[]): Command {
  // Added first: deleting what is not there is an error.
  const lines = tables.flatMap((table) => [`add table ${table}\n`, `delete table ${table}\n`])
  return { argv: [nft, '-f', '-'], stdin: lines.join('') }
}

/** The host passes on what pods send, also what stays on their bridge. What was there before is on record first: plugins change it, too. */
export async function prepareNetwork(
  transport: Transport,
  nft: string,
  paths: Pick<RootPaths, 'host' | 'table'>,
  podCIDR: string,
): Promise<void> {
  const six = ipRanges(podCIDR).some(({ family }) => family === 'IPv6')
  const settings = { ...FORWARDING, ...FILTER_BRIDGED, ...(six && { ...FORWARDING6, ...FILTER_BRIDGED6 }) }
  await changeSettings(transport, paths, settings)
  await noteNatTables(transport, nft, paths)
}

/** What pods send is let out by the host's own address. */
export async function masquerade(
  transport: Transport,
  nft: string,
  paths: Pick<RootPaths, 'table'>,
  ranges: PodRanges,
): Promise<void> {
  const failing = { reason: 'NetworkNotReady', doing: `loading the nftables table ${paths.table}` }
  await runOrFail(transport, masqueradeCommand(nft, paths.table, ranges), failing)
}
