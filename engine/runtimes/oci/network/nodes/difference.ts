import { ipRange, overlap } from '../../../../api/ipRanges.ts'
import type { Command } from '../../../../transport/transport.ts'
import type { KernelRoute } from '../kernelRoutes.ts'
import type { NetworkEntries, Route, TunnelLink } from './entries.ts'
import type { Standing } from './standing.ts'

/** What leads from what stands there to what is wanted: lines for `ip -batch` and for `bridge -batch`, in this order. Both empty: nothing. */
export interface Difference {
  readonly ip: readonly string[]
  readonly bridge: readonly string[]
}

/** `former`: ranges that there were routes to by our doing, and no one else's are touched. */
export function differenceOf(
  standing: Standing,
  wanted: NetworkEntries,
  former: readonly string[],
  name: string,
): Difference {
  const link = linkLines(standing.link, wanted.link, name)
  const there = link.isNew ? NOTHING : standing
  const neighbours = changes(there.neighbours, wanted.neighbours)
  const forwardings = changes(there.forwardings, wanted.forwardings)
  // A link that is made, or was down, has no routes.
  const routes = standing.routes.filter(({ device }) => device !== name || !link.losesRoutes)
  const missing = wanted.routes.filter((route) => !routes.some((one) => isSame(one, route, name)))
  const stale = former.filter((range) => !wanted.routes.some((route) => route.range === range))
  return {
    ip: [
      ...staleRoutes(routes, stale),
      ...link.lines,
      ...(wanted.link === undefined
        ? []
        : neighbours.gone.map((one) => `neighbour delete ${one} dev ${name}`)),
      ...neighbours.come.map((one) => `neighbour replace ${one} dev ${name} nud permanent`),
      ...missing.map((route) => routeLine(route, name)),
    ],
    bridge: [
      ...(wanted.link === undefined ? [] : forwardings.gone.map((one) => fdbLine('delete', one, name))),
      ...forwardings.come.map((one) => fdbLine('replace', one, name)),
    ],
  }
}

const NOTHING = { neighbours: [], forwardings: [] }

/** All of it away. */
export function removalOf(standing: Standing, former: readonly string[], name: string): Difference {
  return differenceOf(standing, { routes: [], neighbours: [], forwardings: [] }, former, name)
}

function changes(there: readonly string[], wanted: readonly string[]) {
  return {
    gone: there.filter((one) => !wanted.includes(one)),
    come: wanted.filter((one) => !there.includes(one)),
  }
}

/** `bridge` takes the link between the two. */
function fdbLine(verb: 'replace' | 'delete', entry: string, name: string): string {
  const [mac, rest] = entry.split(/ (?=dst )/)
  return `fdb ${verb} ${mac} dev ${name} ${rest}`
}

interface LinkLines {
  readonly lines: readonly string[]
  /** It has nothing of what hung on the one before. */
  readonly isNew: boolean
  readonly losesRoutes: boolean
}

const AS_IT_IS: LinkLines = { lines: [], isNew: false, losesRoutes: false }

function linkLines(there: Standing['link'], wanted: TunnelLink | undefined, name: string): LinkLines {
  const away = there === undefined ? [] : [`link delete dev ${name}`]
  if (wanted === undefined) return { ...AS_IT_IS, lines: away }
  const { addresses, id, local, mac, mtuBytes, port } = wanted
  const added = addresses.map((address) => `address replace ${address} dev ${name}${nodad(address)}`)
  if (there === undefined || identity(there) !== identity(wanted)) {
    // Nobody is asked who is where: all of it is told.
    const made = `link add name ${name} address ${mac} mtu ${mtuBytes} type vxlan id ${id} local ${local} dstport ${port} nolearning`
    return { lines: [...away, made, ...added, `link set dev ${name} up`], isNew: true, losesRoutes: true }
  }
  const lines = [
    ...(there.mtuBytes === mtuBytes ? [] : [`link set dev ${name} mtu ${mtuBytes}`]),
    ...added.filter((_, index) => !there.addresses.includes(addresses[index] ?? '')),
    ...(there.isUp ? [] : [`link set dev ${name} up`]),
  ]
  return { lines, isNew: false, losesRoutes: !there.isUp }
}

function nodad(address: string): string {
  return address.includes(':') ? ' nodad' : ''
}

/** What the kernel lets nobody change. */
function identity({ id, local, mac, port }: TunnelLink): string {
  return `${id} ${local} ${mac} ${port}`
}

function isSame(there: KernelRoute, { isTunnelled, range, via }: Route, name: string): boolean {
  return there.range === range && there.via === via && (there.device === name) === isTunnelled
}

/** The next hop of a tunnel is in no network of its link. */
function routeLine({ isTunnelled, range, via }: Route, name: string): string {
  return `route replace ${range} via ${via}${isTunnelled ? ` dev ${name} onlink` : ''}`
}

function staleRoutes(routes: readonly KernelRoute[], stale: readonly string[]): readonly string[] {
  return routes.flatMap(({ range, via }) =>
    via !== undefined && stale.includes(range) ? [`route delete ${range} via ${via}`] : [],
  )
}

export function commandsOf({ bridge, ip }: Difference): readonly Command[] {
  return [
    ...(ip.length === 0 ? [] : [{ argv: ['ip', '-batch', '-'], stdin: `${ip.join('\n')}\n` } as const]),
    ...(bridge.length === 0
      ? []
      : [{ argv: ['bridge', '-batch', '-'], stdin: `${bridge.join('\n')}\n` } as const]),
  ]
}

/** Somebody else's way into one of the ranges, which ours would take from them. `own`: what of the root's own is part of a device's name. */
export function foreignRoute(
  { routes }: Standing,
  ranges: readonly string[],
  former: readonly string[],
  own: string,
): KernelRoute | undefined {
  const wanted = ranges.flatMap((text) => ipRange(text) ?? [])
  return routes.find(({ device, range, via }) => {
    const there = ipRange(range)
    // The kernel lists addresses of its own as routes, too.
    if (there === undefined || there.prefix === 0 || device === 'lo' || device.includes(own)) return false
    if (via !== undefined && former.includes(range)) return false
    return wanted.some((one) => overlap(one, there))
  })
}
