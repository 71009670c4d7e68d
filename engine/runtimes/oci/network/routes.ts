import type { Command } from '../../../transport/transport.ts'
import type { Cidr } from './cidr.ts'
import { parseCidr } from './cidr.ts'
import { isObject, parseJson } from '../json.ts'

export interface Route {
  readonly network: Cidr
  readonly device: string
  /** The node's own address on that network. */
  readonly source?: string
}

export function routesCommand(): Command {
  return { argv: ['ip', '-json', '-4', 'route', 'show'] }
}

export function parseRoutes(stdout: string): readonly Route[] {
  const list = parseJson(stdout)
  if (!Array.isArray(list)) return []
  return list.flatMap((item: unknown) => {
    const route = isObject(item) ? parseRoute(item) : undefined
    return route === undefined ? [] : [route]
  })
}

function parseRoute(item: Readonly<Record<string, unknown>>): Route | undefined {
  const { dst, dev, prefsrc } = item
  const network = dst === 'default' ? { address: 0, prefix: 0 } : parseCidr(String(dst))
  if (network === undefined || typeof dev !== 'string') return undefined
  return { network, device: dev, ...(typeof prefsrc === 'string' ? { source: prefsrc } : {}) }
}

/** The node's addresses, the one on the way to everywhere else first; those of container bridges are not the node's. */
export function nodeAddresses(routes: readonly Route[]): readonly string[] {
  const first = routes.find((route) => route.network.prefix === 0)?.device
  const own = routes.filter((route) => !/^(rc-|docker|br-|cni|podman|veth|virbr)/.test(route.device))
  const sorted = own.toSorted((a, b) => Number(b.device === first) - Number(a.device === first))
  return [...new Set(sorted.flatMap((route) => (route.source === undefined ? [] : [route.source])))]
}
