import { ipFamily } from '../../../../api/ipRanges.ts'
import type { Command } from '../../../../transport/transport.ts'
import type { NetworkEntries } from './entries.ts'

/** Where the rule stands, in the root's own table of the family that the tunnel itself is of. */
export interface GuardPlace {
  readonly nft: string
  readonly table: string
}

const CHAIN = 'tunnel'

/**
 * Only the other nodes may send into the tunnel: nothing else looks at who has put a packet in there. Of the tunnel's port and number alone, which
 * begins four bytes behind udp's header. All of it at once, in place of what was there.
 */
export function guardCommand({ nft, table }: GuardPlace, { forwardings, link }: Guarded): Command {
  const family = familyOf(link)
  const peers = [...new Set(forwardings.flatMap((one) => one.split(' dst ')[1] ?? []))].toSorted()
  const others = peers.length === 0 ? '' : `${family} saddr != { ${peers.join(', ')} } `
  const lines = [
    ...emptied(family, table),
    `add rule ${family} ${table} ${CHAIN} udp dport ${link.port} @th,96,24 ${link.id} ${others}drop`,
  ]
  return { argv: [nft, '-f', '-'], stdin: `${lines.join('\n')}\n` }
}

export type Guarded = Pick<NetworkEntries, 'forwardings'> & {
  readonly link: NonNullable<NetworkEntries['link']>
}

/** It may be there or not. */
export function unguardCommand({ nft, table }: GuardPlace, link: Guarded['link']): Command {
  const family = familyOf(link)
  const lines = [...emptied(family, table), `delete chain ${family} ${table} ${CHAIN}`]
  return { argv: [nft, '-f', '-'], stdin: `${lines.join('\n')}\n` }
}

/** How the kernel says it, which is not how it was told. */
export function guardListCommand({ nft, table }: GuardPlace, link: Guarded['link']): Command {
  return { argv: [nft, 'list', 'chain', familyOf(link), table, CHAIN] }
}

/** Before what others filter: it is theirs to let in what is left. */
function emptied(family: string, table: string): readonly string[] {
  return [
    `add table ${family} ${table}`,
    `add chain ${family} ${table} ${CHAIN} { type filter hook input priority -10; policy accept; }`,
    `flush chain ${family} ${table} ${CHAIN}`,
  ]
}

function familyOf({ local }: Pick<Guarded['link'], 'local'>): 'ip' | 'ip6' {
  return ipFamily(local) === 'IPv6' ? 'ip6' : 'ip'
}
