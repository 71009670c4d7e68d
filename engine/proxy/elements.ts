import type { Endpoint, Frontend, Protocol } from '../api/traffic.ts'

/** The sets and maps of a table whose content follows from the Services. */
export type SetName =
  | 'services'
  | `endpoints-${Protocol}`
  | 'unanswered'
  | 'returning'
  | 'node-services'
  | `node-endpoints-${Protocol}`
  | 'node-unanswered'
  | 'node-returning'
  | `sticky-${number}`
  | `node-sticky-${number}`

export interface Element {
  readonly set: SetName
  readonly key: string
  /** Of maps. */
  readonly value?: string
}

/** How many endpoints it is chosen among, and whether clients stay: what makes chains necessary. */
export interface Spread {
  readonly protocol: Protocol
  readonly endpoints: number
  readonly sticky: boolean
  /** For the node's own addresses. */
  readonly node: boolean
}

export function spreadOf({ address, endpoints, protocol, stickySeconds }: Frontend): Spread | undefined {
  if (endpoints.length === 0) return undefined
  return {
    protocol,
    endpoints: endpoints.length,
    sticky: stickySeconds !== undefined,
    node: address === undefined,
  }
}

export function chainOf({ endpoints, node, protocol, sticky }: Spread): string {
  return `${node ? 'node-' : ''}${sticky ? 'sticky-' : ''}${protocol}-${endpoints}`
}

/** What stands in the table for one frontend. */
export function elementsOf(frontend: Frontend): readonly Element[] {
  const { address, endpoints, masquerade, port, protocol, stickySeconds, whenEmpty } = frontend
  const node = address === undefined ? 'node-' : ''
  const at = address === undefined ? '' : `${address} . `
  const key = `${at}${protocol} . ${port}`
  const spread = spreadOf(frontend)
  if (spread === undefined) {
    return [{ set: `${node}unanswered`, key, value: whenEmpty === 'drop' ? 'drop' : 'goto refuse' }]
  }
  return [
    { set: `${node}services`, key, value: `goto ${chainOf(spread)}` },
    ...endpoints.map((endpoint, index): Element => {
      return { set: `${node}endpoints-${protocol}`, key: `${at}${port} . ${index}`, value: placeOf(endpoint) }
    }),
    ...(stickySeconds === undefined ? [] : [{ set: `${node}sticky-${stickySeconds}`, key } as const]),
    ...(masquerade ? [{ set: `${node}returning`, key } as const] : []),
  ]
}

function placeOf({ address, port }: Endpoint): string {
  return `${address} . ${port}`
}
