import { type IpRange, ipRanges, rangeText } from '../../../../api/ipRanges.ts'
import type { Command } from '../../../../transport/transport.ts'
import type { RootPaths } from '../../paths.ts'

type Place = Pick<RootPaths, 'bridge' | 'table' | 'wireguard'> & { readonly nft: string }

/** By hook: what comes from a pod elsewhere, what is passed on to one, and what the machine itself sends there. */
const CHAINS = [
  ['sealed-in', 'prerouting priority -310'],
  ['sealed-on', 'forward priority -10'],
  ['sealed-out', 'output priority -10'],
] as const

/**
 * Nothing goes to the pods' ranges, or comes from there, but by WireGuard and the bridge of the machine's own pods: also where there is no way to a
 * node, whose pods the way to everywhere would be taken for. Senders are told at once. All of it in one, in place of what was there.
 */
export function sealCommand(place: Place, sealed: string): Command {
  const own = `{ "lo", "${place.bridge}", "${place.wireguard}" }`
  const lines = ipRanges(sealed).flatMap((range) => {
    const { family, icmp } = namesOf(range)
    const add = `add rule ${family} ${place.table}`
    const to = `oifname != ${own} ${family} daddr ${rangeText(range)} reject with ${icmp} type admin-prohibited`
    return [
      `add table ${family} ${place.table}`,
      ...CHAINS.flatMap(([chain, hook]) => [
        `add chain ${family} ${place.table} ${chain} { type filter hook ${hook}; policy accept; }`,
        `flush chain ${family} ${place.table} ${chain}`,
      ]),
      `${add} sealed-in iifname != ${own} ${family} saddr ${rangeText(range)} drop`,
      `${add} sealed-on ${to}`,
      `${add} sealed-out ${to}`,
    ]
  })
  return { argv: [place.nft, '-f', '-'], stdin: `${lines.join('\n')}\n` }
}

/** They may be there or not. */
export function unsealCommand({ nft, table }: Pick<Place, 'nft' | 'table'>, sealed: string): Command {
  const lines = ipRanges(sealed).flatMap((range) => {
    const { family } = namesOf(range)
    return [
      `add table ${family} ${table}`,
      ...CHAINS.flatMap(([chain, hook]) => [
        `add chain ${family} ${table} ${chain} { type filter hook ${hook}; policy accept; }`,
        `flush chain ${family} ${table} ${chain}`,
        `delete chain ${family} ${table} ${chain}`,
      ]),
    ]
  })
  return { argv: [nft, '-f', '-'], stdin: `${lines.join('\n')}\n` }
}

export function sealListCommands(
  { nft, table }: Pick<Place, 'nft' | 'table'>,
  sealed: string,
): readonly Command[] {
  return ipRanges(sealed).map((range) => ({ argv: [nft, 'list', 'table', namesOf(range).family, table] }))
}

/** Of a table as nft tells it: the chains of the seal, each up to the bracket that stands alone. */
export function sealIn(table: string): string {
  return (table.match(/^\tchain sealed-[^]*?^\t\}$/gm) ?? []).join('\n')
}

function namesOf({ family }: IpRange) {
  return family === 'IPv4' ? { family: 'ip', icmp: 'icmp' } : { family: 'ip6', icmp: 'icmpv6' }
}
