import { type IpRange, ipRange, overlap, rangeText } from '../../../api/ipRanges.ts'
import type { Command } from '../../../transport/transport.ts'
import { isObject, parseJson } from '../json.ts'

export interface Route {
  readonly range: IpRange
  readonly device: string
  /** The node's own address on that network. */
  readonly source?: string
}

export function routesCommand(family: IpRange['family']): Command {
  return { argv: ['ip', '-json', family === 'IPv4' ? '-4' : '-6', 'route', 'show'] }
}

/** Without those to nowhere. */
export function parseRoutes(stdout: string): readonly Route[] {
  const list = parseJson(stdout === '' ? '[]' : stdout)
  if (!Array.isArray(list)) return []
  return list.flatMap((item: unknown) => {
    const route = isObject(item) ? parseRoute(item) : undefined
    return route === undefined ? [] : [route]
  })
}

function parseRoute(item: Readonly<Record<string, unknown>>): Route | undefined {
  const { dst, dev, prefsrc } = item
  const range = ipRange(rangeOf(String(dst)))
  if (range === undefined || typeof dev !== 'string') return undefined
  return { range, device: dev, ...(typeof prefsrc === 'string' ? { source: prefsrc } : {}) }
}

/** A lone address stands for itself. */
function rangeOf(destination: string): string {
  if (destination === 'default') return '0.0.0.0/0'
  if (destination.includes('/')) return destination
  return `${destination}/${destination.includes(':') ? 128 : 32}`
}

/** A route to everywhere takes nothing from anybody. */
export function isEverywhere({ range }: Route): boolean {
  return range.prefix === 0
}

/** The node's addresses, the one on the way to everywhere else first; those of container bridges are not the node's. */
export function nodeAddresses(routes: readonly Route[]): readonly string[] {
  const first = routes.find(isEverywhere)?.device
  const own = routes.filter((route) => !/^(rc-|docker|br-|cni|podman|veth|virbr)/.test(route.device))
  const sorted = own.toSorted((a, b) => Number(b.device === first) - Number(a.device === first))
  return [...new Set(sorted.flatMap((route) => (route.source === undefined ? [] : [route.source])))]
}

/** `10.244.0.0/16`: the first of this size below 10.0.0.0/8 that no route leads into, from `10.FROM` on and then the lower ones. */
export function freeRange(from: number, prefix: number, taken: readonly Route[]): string | undefined {
  for (let step = 0; step < 256; step += 1) {
    const candidate = ipRange(`10.${(from + step) % 256}.0.0/${prefix}`)
    if (candidate !== undefined && !taken.some(({ range }) => overlap(range, candidate)))
      return rangeText(candidate)
  }
  return undefined
}
