import { ipRange, overlap, rangeText } from '../../../api/ipRanges.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { runCommand, runOrFail } from '../commands.ts'
import { addressLine } from '../upkeep/bridge.ts'
import type { RootPaths } from '../paths.ts'
import { kernelRoutes, routeKey } from './kernelRoutes.ts'
import { freeRange, isEverywhere, parseRoutes, type Route, routesCommand } from './routes.ts'

export interface RouteParts {
  readonly transport: Transport
  readonly paths: Pick<RootPaths, 'bridge' | 'rootId'>
  /** `10.244.0.1/16`: the bridge's addresses, should it have to be made. */
  readonly gateways: readonly string[]
}

/** Those that have no route to the bridge. The host's own programs reach a Service's address by it; pods do by their gateway. */
export async function unrouted(
  { paths, transport }: Pick<RouteParts, 'transport'> & { readonly paths: Pick<RootPaths, 'bridge'> },
  ranges: readonly string[],
): Promise<readonly string[]> {
  const routes = await kernelRoutes(transport)
  return ranges.filter((range) => !routes.has(routeKey(paths.bridge, range)))
}

/** Rejects where the host has another way into one of the ranges. Makes the bridge where no pod was there yet to need it. */
export async function routeServices(
  parts: RouteParts,
  ranges: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const missing = await unrouted(parts, ranges)
  if (missing.length === 0) return
  const { transport, paths } = parts
  const routes = await hostRoutes(transport, signal)
  const others = routes.filter(({ device }) => !device.includes(paths.rootId))
  for (const range of missing) refuseTaken(range, others)
  const failing = { reason: 'NetworkNotReady', doing: `routing ${missing.join(' and ')} to ${paths.bridge}` }
  const first = await runCommand(transport, await routeCommand(parts, missing), failing, signal)
  // A pod that came meanwhile had the bridge made by its plugin: then it is there, and the rest is to be done.
  if (first.exitCode !== 0) await runOrFail(transport, await routeCommand(parts, missing), failing, signal)
}

export async function unrouteServices(
  { paths, transport }: Pick<RouteParts, 'transport' | 'paths'>,
  ranges: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const routes = await kernelRoutes(transport)
  const there = ranges.filter((range) => routes.has(routeKey(paths.bridge, range)))
  if (there.length === 0) return
  const stdin = there.map((range) => `route delete ${range} dev ${paths.bridge}\n`).join('')
  const failing = { reason: 'NetworkNotReady', doing: `removing the route to ${there.join(' and ')}` }
  await runOrFail(transport, { argv: ['ip', '-batch', '-'], stdin }, failing, signal)
}

async function routeCommand(
  { gateways, paths, transport }: RouteParts,
  ranges: readonly string[],
): Promise<Command> {
  const isThere = (await transport.stat(`/sys/class/net/${paths.bridge}`)) !== undefined
  return routeBatch(paths, isThere ? [] : gateways, ranges)
}

/** `gateways`: of a bridge that is to be made. With a hardware address of its own: one that is taken from the first port would change when that leaves. */
export function routeBatch(
  { bridge, rootId }: Pick<RootPaths, 'bridge' | 'rootId'>,
  gateways: readonly string[],
  ranges: readonly string[],
): Command {
  const mac = ['02', '00', ...(rootId.match(/../g) ?? [])].join(':')
  const lines = [
    ...(gateways.length === 0
      ? []
      : [
          `link add name ${bridge} address ${mac} type bridge`,
          `link set dev ${bridge} up`,
          ...gateways.map((gateway) => addressLine(bridge, gateway)),
        ]),
    ...ranges.map((range) => `route replace ${range} dev ${bridge}`),
  ]
  return { argv: ['ip', '-batch', '-'], stdin: `${lines.join('\n')}\n` }
}

async function hostRoutes(transport: Transport, signal?: AbortSignal): Promise<readonly Route[]> {
  const failing = { reason: 'NetworkNotReady', doing: "reading the node's routes" }
  const families = await Promise.all(
    (['IPv4', 'IPv6'] as const).map(async (family) => {
      return (await runCommand(transport, routesCommand(family), failing, signal)).stdout
    }),
  )
  return families.flatMap(parseRoutes)
}

/** Rejects with another range that is free. */
export function refuseTaken(wanted: string, routes: readonly Route[]): void {
  const range = ipRange(wanted)
  const taken = routes.filter((route) => !isEverywhere(route))
  const other = taken.find((route) => range !== undefined && overlap(route.range, range))
  if (range === undefined || other === undefined) return
  // No larger than a /16: those are looked at.
  const free = range.family === 'IPv4' ? freeRange(96, Math.max(range.prefix, 16), taken) : undefined
  const advice = free === undefined ? 'set another one' : `${free} is free: set it`
  throw new RuntimeFailure(
    'NetworkNotReady',
    `serviceCIDR ${wanted} overlaps with ${rangeText(other.range)} on ${other.device}; ${advice} as serviceCIDR in the Cluster`,
    { certain: true },
  )
}
