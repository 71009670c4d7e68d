import type { Family } from '../api/traffic.ts'
import { chainOf, type Spread } from './elements.ts'

/** The sets and maps, empty. */
export function declarations(family: Family): readonly string[] {
  const address = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr'
  // A number of 32 bits, whatever it is taken modulo. It has no type by name, and what nft 1.0.6 says by example (`typeof`) belongs to
  // one protocol: so these maps do.
  const index = 'numgen random mod 65536'
  return [
    `  map services { type ${address} . inet_proto . inet_service : verdict; }`,
    `  map node-services { type inet_proto . inet_service : verdict; }`,
    `  map unanswered { type ${address} . inet_proto . inet_service : verdict; }`,
    `  map node-unanswered { type inet_proto . inet_service : verdict; }`,
    ...PROTOCOLS.flatMap((protocol) => {
      const to = `${family} daddr . ${protocol} dport`
      return [
        `  map endpoints-${protocol} { typeof ${to} . ${index} : ${to}; }`,
        `  map node-endpoints-${protocol} { typeof ${protocol} dport . ${index} : ${to}; }`,
      ]
    }),
    `  set returning { type ${address} . inet_proto . inet_service; }`,
    `  set node-returning { type inet_proto . inet_service; }`,
    `  set hairpin { type ${address} . ${address}; }`,
    `  map sticky { type ${address} . ${address} . inet_proto . inet_service : ${address} . inet_service; size 65536; flags dynamic,timeout; }`,
  ]
}

/** Loopback's addresses leave no machine, so nothing that comes back would find them. */
function ownAddress(family: Family): string {
  return `fib daddr type local ${family} daddr != ${family === 'ip' ? '127.0.0.0/8' : '::1'}`
}

/** What packets come by first. */
export function baseChains({
  family,
  podRange,
}: {
  readonly family: Family
  readonly podRange: string
}): readonly string[] {
  const service = `${family} daddr . meta l4proto . th dport`
  const own = ownAddress(family)
  return [
    '  chain refuse {',
    '    meta l4proto tcp reject with tcp reset',
    `    reject with ${family === 'ip' ? 'icmp' : 'icmpv6'} port-unreachable`,
    '  }',
    '  chain check {',
    `    ${service} vmap @unanswered`,
    `    ${own} meta l4proto . th dport vmap @node-unanswered`,
    '  }',
    '  chain dispatch {',
    `    ${service} vmap @services`,
    `    ${own} meta l4proto . th dport vmap @node-services`,
    '  }',
    '  chain check-prerouting { type filter hook prerouting priority -110; ct state new jump check; }',
    '  chain check-output { type filter hook output priority -110; ct state new jump check; }',
    '  chain prerouting { type nat hook prerouting priority -100; jump dispatch; }',
    '  chain output { type nat hook output priority -100; jump dispatch; }',
    '  chain learn { }',
    '  chain remember { type filter hook postrouting priority 90; ct state new ct status dnat jump learn; }',
    '  chain postrouting {',
    '    type nat hook postrouting priority 100;',
    `    ct status dnat ${family} saddr . ${family} daddr @hairpin masquerade`,
    ...PROTOCOLS.flatMap((protocol) => [
      `    ct status dnat meta l4proto ${protocol} ${family} daddr != ${podRange} ${original(family)} @returning masquerade`,
      `    ct status dnat meta l4proto ${protocol} ${family} daddr != ${podRange} meta l4proto . ct original proto-dst @node-returning masquerade`,
    ]),
    '  }',
  ]
}

/** A connection's destination before it was given an endpoint. nft knows the type of its port only beside a protocol. */
function original(family: Family): string {
  return `ct original ${family} daddr . meta l4proto . ct original proto-dst`
}

const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const

/** How connections are spread over so many endpoints, and what remembers a client for so long. */
export function chainLines(
  table: string,
  family: Family,
  spreads: Iterable<Spread>,
  stickySeconds: Iterable<number>,
): readonly string[] {
  const place = `${family} daddr . meta l4proto . th dport`
  const lines: string[] = []
  for (const spread of spreads) {
    const chain = chainOf(spread)
    lines.push(`add chain ${table} ${chain}`)
    if (spread.sticky) {
      lines.push(
        `add rule ${table} ${chain} dnat to ${family} saddr . ${place} map @sticky`,
        `add rule ${table} ${chain} goto ${chainOf({ ...spread, sticky: false })}`,
      )
    } else {
      const { endpoints, node, protocol } = spread
      const key = node ? `${protocol} dport` : `${family} daddr . ${protocol} dport`
      const map = `${node ? 'node-' : ''}endpoints-${protocol}`
      lines.push(`add rule ${table} ${chain} dnat to ${key} . numgen random mod ${endpoints} map @${map}`)
    }
  }
  for (const seconds of stickySeconds) lines.push(...stickyLines(table, family, seconds))
  return lines
}

/** A connection is remembered under what it asked for, and each further one renews that. */
function stickyLines(table: string, family: Family, seconds: number): readonly string[] {
  const address = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr'
  const key = `${family} saddr . ${original(family)}`
  const update = `update @sticky { ${key} timeout ${seconds}s : ${family} daddr . th dport }`
  return [
    `add set ${table} sticky-${seconds} { type ${address} . inet_proto . inet_service; }`,
    `add set ${table} node-sticky-${seconds} { type inet_proto . inet_service; }`,
    ...PROTOCOLS.flatMap((protocol) => [
      `add rule ${table} learn meta l4proto ${protocol} ${original(family)} @sticky-${seconds} ${update}`,
      `add rule ${table} learn meta l4proto ${protocol} meta l4proto . ct original proto-dst @node-sticky-${seconds} ${update}`,
    ]),
  ]
}
