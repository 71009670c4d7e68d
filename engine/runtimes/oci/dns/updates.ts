import type { Lines } from './lines.ts'
import { zoneOf } from './lines.ts'

/** In one message, which holds 64 kB; each is all or nothing. */
const CHANGES_MAX = 200

/**
 * What nsupdate is to be told so that the server answers the one instead of the other; empty: nothing. What comes to a name comes before what
 * goes from it, so that it never has nothing in between.
 */
export function updateScript(
  before: Lines,
  wanted: Lines,
  { address, zones }: { readonly address: string; readonly zones: readonly string[] },
): string {
  const byZone = new Map<string, string[]>()
  const change = (name: string, old: readonly string[], now: readonly string[]): void => {
    const zone = zoneOf(name, zones)
    if (zone !== undefined) byZone.getOrInsertComputed(zone, () => []).push(...changes(name, old, now))
  }
  for (const [name, now] of wanted) {
    const old = before.get(name)
    if (old !== now) change(name, old ?? [], now)
  }
  for (const [name, old] of before) if (!wanted.has(name)) change(name, old, [])
  const messages = [...byZone].flatMap(([zone, all]) =>
    inParts(all).map((part) => [`zone ${zone}`, ...part, 'send']),
  )
  return messages.length === 0 ? '' : `${[`server ${address}`, ...messages.flat()].join('\n')}\n`
}

function changes(name: string, old: readonly string[], now: readonly string[]): readonly string[] {
  const gone = old.filter((line) => !now.includes(line)).map((line) => `update delete ${name}. ${line}`)
  const come = now.filter((line) => !old.includes(line)).map((line) => `update add ${name}. ${line}`)
  // An alias has nothing beside it, so the server would pass over what comes too early.
  return [...old, ...now].some(isAlias) ? [...gone, ...come] : [...come, ...gone]
}

function isAlias(line: string): boolean {
  return line.split(' ')[1] === 'CNAME'
}

function inParts(lines: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(lines.length / CHANGES_MAX) }, (_, index) =>
    lines.slice(index * CHANGES_MAX, (index + 1) * CHANGES_MAX),
  )
}
