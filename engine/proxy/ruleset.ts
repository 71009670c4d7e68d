import type { Family, Frontend } from '../api/traffic.ts'
import { chainOf, type Element, elementsOf, type Spread, spreadOf } from './elements.ts'

/** All that one table says: of one family, on one node. */
export interface Ruleset {
  readonly family: Family
  readonly table: string
  /** The pods of this node: what goes elsewhere may have to come back. */
  readonly podRange: string
  /** By what they answer for, which no two share. */
  readonly frontends: ReadonlyMap<string, Frontend>
  /** Kept when nothing needs them any more: an empty chain costs nothing, and removing one a lot. */
  readonly spreads: ReadonlyMap<string, Spread>
  readonly stickySeconds: ReadonlySet<number>
}

export interface TableOptions {
  readonly family: Family
  readonly table: string
  readonly podRange: string
}

/** Those of the other family are left out. What two frontends ask for goes to the first, in the order given. */
export function rulesetOf(
  frontends: readonly Frontend[],
  { family, podRange, table }: TableOptions,
): Ruleset {
  const found = new Map<string, Frontend>()
  const spreads = new Map<string, Spread>()
  const stickySeconds = new Set<number>()
  for (const frontend of frontends) {
    const key = keyOf(frontend)
    if (frontend.family !== family || found.has(key)) continue
    found.set(key, frontend)
    for (const spread of spreadsFor(frontend)) spreads.set(chainOf(spread), spread)
    if (frontend.stickySeconds !== undefined) stickySeconds.add(frontend.stickySeconds)
  }
  return { family, table, podRange, frontends: found, spreads, stickySeconds }
}

/** A client that is new to a sticky Service is spread like all others. */
function spreadsFor(frontend: Frontend): readonly Spread[] {
  const spread = spreadOf(frontend)
  if (spread === undefined) return []
  return spread.sticky ? [{ ...spread, sticky: false }, spread] : [spread]
}

function keyOf({ address = '', port, protocol }: Frontend): string {
  return `${address} ${protocol} ${port}`
}

/** The whole table in nft's language, in place of whatever stands under its name: one transaction. */
export function rulesetText(ruleset: Ruleset): string {
  const { family, table } = ruleset
  const name = `${family} ${table}`
  return [
    // so that the deletion finds one
    `add table ${name}`,
    `delete table ${name}`,
    `table ${name} {`,
    ...declarations(ruleset),
    ...baseChains(ruleset),
    '}',
    ...chainLines(name, ruleset, ruleset.spreads.values(), ruleset.stickySeconds),
    ...elementLines(name, 'add', [...ruleset.frontends.values()].flatMap(elementsOf)),
    ...elementLines(name, 'add', hairpins(ruleset)),
    '',
  ].join('\n')
}

/** What leads from one to the other, and the ruleset that stands then. Empty: nothing. */
export function changeText(
  before: Ruleset,
  wanted: Ruleset,
): { readonly text: string; readonly after: Ruleset } {
  const after: Ruleset = {
    ...wanted,
    spreads: new Map([...before.spreads, ...wanted.spreads]),
    stickySeconds: new Set([...before.stickySeconds, ...wanted.stickySeconds]),
  }
  const name = `${before.family} ${before.table}`
  const newSpreads = [...wanted.spreads.values()].filter((one) => !before.spreads.has(chainOf(one)))
  const newSticky = [...wanted.stickySeconds].filter((one) => !before.stickySeconds.has(one))
  const gone = [...changed(before, wanted)].flatMap(elementsOf)
  const come = [...changed(wanted, before)].flatMap(elementsOf)
  const lines = [
    ...chainLines(name, wanted, newSpreads, newSticky),
    ...elementLines(name, 'delete', without(gone, come)),
    ...elementLines(name, 'add', without(come, gone)),
    ...elementLines(name, 'delete', without(hairpins(before), hairpins(wanted))),
    ...elementLines(name, 'add', without(hairpins(wanted), hairpins(before))),
  ]
  return { text: lines.length === 0 ? '' : `${lines.join('\n')}\n`, after }
}

function* changed(these: Ruleset, others: Ruleset): Iterable<Frontend> {
  for (const [key, frontend] of these.frontends) {
    const other = others.frontends.get(key)
    if (other === frontend) continue
    if (other === undefined || JSON.stringify(other) !== JSON.stringify(frontend)) yield frontend
  }
}

function without<E extends NamedElement>(these: readonly E[], others: readonly E[]): readonly E[] {
  if (others.length === 0) return these
  const known = new Set(others.map(lineOf))
  return these.filter((one) => !known.has(lineOf(one)))
}

interface NamedElement extends Omit<Element, 'set'> {
  readonly set: string
}

function lineOf({ key, set, value = '' }: NamedElement): string {
  return `${set} ${key} : ${value}`
}

/** Pods here that may reach themselves through a Service: their answers have to come by this node. */
function hairpins({ frontends }: Ruleset): readonly NamedElement[] {
  const local = new Set<string>()
  for (const { endpoints } of frontends.values()) {
    for (const endpoint of endpoints) if (endpoint.local) local.add(endpoint.address)
  }
  return [...local].toSorted().map((address) => ({ set: 'hairpin', key: `${address} . ${address}` }))
}

/** nft reads long lines slowly; and short ones too. */
const ELEMENTS_PER_LINE = 500

function elementLines(
  table: string,
  verb: 'add' | 'delete',
  elements: readonly NamedElement[],
): readonly string[] {
  const bySet = Map.groupBy(elements, ({ set }) => set)
  return [...bySet].flatMap(([set, all]) => {
    const texts = all.map(({ key, value }) =>
      value === undefined || verb === 'delete' ? key : `${key} : ${value}`,
    )
    const lines: string[] = []
    for (let from = 0; from < texts.length; from += ELEMENTS_PER_LINE) {
      lines.push(
        `${verb} element ${table} ${set} { ${texts.slice(from, from + ELEMENTS_PER_LINE).join(', ')} }`,
      )
    }
    return lines
  })
}

function declarations({ family }: Ruleset): readonly string[] {
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

function baseChains({ family, podRange }: Ruleset): readonly string[] {
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

function chainLines(
  table: string,
  { family }: Ruleset,
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
