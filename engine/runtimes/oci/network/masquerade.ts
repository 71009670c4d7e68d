import type { Command, Transport } from '../../../transport/transport.ts'
import { runOrFail } from '../commands.ts'
import { readText } from '../node/node.ts'

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

export function deleteTableCommand(nft: string, table: string): Command {
  // Added first: deleting what is not there is an error.
  return { argv: [nft, '-f', '-'], stdin: `add table ip ${table}\ndelete table ip ${table}\n` }
}

const BRIDGE_SETTINGS = '/proc/sys/net/bridge'
const CALL_IPTABLES = 'bridge-nf-call-iptables'

/** Without it a Service's address does not work between two pods of one bridge: their packets never pass netfilter. */
async function filterBridged(transport: Transport): Promise<void> {
  const value = await readText(transport, `${BRIDGE_SETTINGS}/${CALL_IPTABLES}`)
  if (value.trim() !== '0') return
  await transport.writeTree(BRIDGE_SETTINGS, [
    { path: CALL_IPTABLES, mode: 0o644, what: { kind: 'file', content: '1\n' } },
  ])
}

export async function prepareNetwork(
  transport: Transport,
  nft: string,
  table: string,
  podCIDR: string,
): Promise<void> {
  await filterBridged(transport)
  const failing = { reason: 'NetworkNotReady', doing: `loading the nftables table ${table}` }
  await runOrFail(transport, masqueradeCommand(nft, table, podCIDR), failing)
}
