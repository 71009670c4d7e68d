import type { Command, Transport } from '../../../transport/transport.ts'
import { runOrFail } from '../commands.ts'
import type { RootPaths } from '../paths.ts'
import { changeSettings, FILTER_BRIDGED, FORWARDING } from './hostSettings.ts'
import { noteNatTables } from './portmapTraces.ts'

/**
 * One table for the root, the same however often it is loaded: what pods send out of their range leaves with the node's
 * address.
 */
export function masqueradeCommand(nft: string, table: string, podCIDR: string): Command {
  return {
    argv: [nft, '-f', '-'],
    stdin: [
      `add table ip ${table}`,
      `add chain ip ${table} postrouting { type nat hook postrouting priority 100; policy accept; }`,
      `flush chain ip ${table} postrouting`,
      `add rule ip ${table} postrouting ip saddr ${podCIDR} ip daddr != { ${podCIDR}, 224.0.0.0/4 } masquerade`,
      '',
    ].join('\n'),
  }
}

/** `ip reconcile-1a2b3c4d`, and so on: those that are there. */
export function dropTables(nft: string, tables: readonly string[]): Command {
  // Added first: deleting what is not there is an error.
  const lines = tables.flatMap((table) => [`add table ${table}\n`, `delete table ${table}\n`])
  return { argv: [nft, '-f', '-'], stdin: lines.join('') }
}

/** The host passes on what pods send, also what stays on their bridge, and lets it out by its own address. */
export async function prepareNetwork(
  transport: Transport,
  nft: string,
  paths: Pick<RootPaths, 'host' | 'table'>,
  podCIDR: string,
): Promise<void> {
  await changeSettings(transport, paths, { ...FORWARDING, ...FILTER_BRIDGED })
  await noteNatTables(transport, nft, paths)
  const failing = { reason: 'NetworkNotReady', doing: `loading the nftables table ${paths.table}` }
  await runOrFail(transport, masqueradeCommand(nft, paths.table, podCIDR), failing)
}
