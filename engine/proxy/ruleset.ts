import { type Family, type Frontend, frontendKey } from '../api/traffic.ts'
import { baseChains, chainLines, declarations } from './chains.ts'
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
    for (const [chain, spread] of chainsFor(frontend)) spreads.set(chain, spread)
    if (frontend.stickySeconds !== undefined) stickySeconds.add(frontend.stickySeconds)
  }
  return { family, table, podRange, frontends: found, spreads, stickySeconds }
}

/** A client that is new to a sticky Service is spread like all others. */
function chainsOf(frontend: Frontend): readonly (readonly [chain: string, spread: Spread])[] {
  const spread = spreadOf(frontend)
  if (spread === undefined) return []
  const all = spread.sticky ? [{ ...spread, sticky: false }, spread] : [spread]
  return all.map((one) => [chainOf(one), one])
}

/** Frontends that did not change are the same objects: of 10,000 all but one are looked up here at each change. */
const chains = new WeakMap<Frontend, ReturnType<typeof chainsOf>>()
const keys = new WeakMap<Frontend, string>()

function chainsFor(frontend: Frontend): ReturnType<typeof chainsOf> {
  const known = chains.get(frontend) ?? chainsOf(frontend)
  chains.set(frontend, known)
  return known
}

function keyOf(frontend: Frontend): string {
  const known = keys.get(frontend)
  if (known !== undefined) return known
  const { address, port, protocol } = frontend
  const key = frontendKey(address, protocol, port)
  keys.set(frontend, key)
  return key
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
    ...declarations(family),
    ...baseChains(ruleset),
    '}',
    ...chainLines(name, family, ruleset.spreads.values(), ruleset.stickySeconds),
    ...elementLines(name, 'add', [...ruleset.frontends.values()].flatMap(elementsOf)),
    ...elementLines(name, 'add', hairpins(ruleset)),
    '',
  ].join('\n')
}

/** What leads from one to the other, and the ruleset that stands then. Empty: nothing. */
export function changeText(
  before: Ruleset,
  wanted: Ruleset,
): { readonly text: string; readonly after: Ruleset; readonly changes: Changes } {
  const after: Ruleset = {
    ...wanted,
    spreads: new Map([...before.spreads, ...wanted.spreads]),
    stickySeconds: new Set([...before.stickySeconds, ...wanted.stickySeconds]),
  }
  const name = `${before.family} ${before.table}`
  const newSpreads = [...wanted.spreads].flatMap(([chain, one]) => (before.spreads.has(chain) ? [] : [one]))
  const newSticky = [...wanted.stickySeconds].filter((one) => !before.stickySeconds.has(one))
  const changes: Changes = { gone: [...changed(before, wanted)], come: [...changed(wanted, before)] }
  const { come: comeFrontends, gone: goneFrontends } = changes
  const gone = goneFrontends.flatMap(elementsOf)
  const come = comeFrontends.flatMap(elementsOf)
  const concerned = localAddresses([...goneFrontends, ...comeFrontends])
  const hairpinsBefore = hairpins(before, concerned)
  const hairpinsAfter = hairpins(wanted, concerned)
  const lines = [
    ...chainLines(name, before.family, newSpreads, newSticky),
    ...elementLines(name, 'delete', without(gone, come)),
    ...elementLines(name, 'add', without(come, gone)),
    ...elementLines(name, 'delete', without(hairpinsBefore, hairpinsAfter)),
    ...elementLines(name, 'add', without(hairpinsAfter, hairpinsBefore)),
  ]
  return { text: lines.length === 0 ? '' : `${lines.join('\n')}\n`, after, changes }
}

/** Frontends that are not as they were: as they were, and as they are to be. */
export interface Changes {
  readonly gone: readonly Frontend[]
  readonly come: readonly Frontend[]
}

function* changed(these: Pick<Ruleset, 'frontends'>, others: Pick<Ruleset, 'frontends'>): Iterable<Frontend> {
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

/** Pods here that may reach themselves through a Service: their answers have to come by this node. Of `among` only, where given. */
function hairpins({ frontends }: Ruleset, among?: ReadonlySet<string>): readonly NamedElement[] {
  if (among?.size === 0) return []
  const local = localAddresses(frontends.values(), among)
  return [...local].toSorted().map((address) => ({ set: 'hairpin', key: `${address} . ${address}` }))
}

function localAddresses(frontends: Iterable<Frontend>, among?: ReadonlySet<string>): ReadonlySet<string> {
  const local = new Set<string>()
  for (const { endpoints } of frontends) {
    for (const endpoint of endpoints) {
      if (endpoint.local && among?.has(endpoint.address) !== false) local.add(endpoint.address)
    }
  }
  return local
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
