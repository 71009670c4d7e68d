import { type IpRange, ipRange } from '../../../api/ipRanges.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { runCommand, runOrFail } from '../commands.ts'
import { isObject, parseJson } from '../json.ts'
import type { RootPaths } from '../paths.ts'
import { kernelRoutes, routeKey } from './kernelRoutes.ts'

export interface RouteParts {
  readonly transport: Transport
  readonly paths: Pick<RootPaths, 'bridge' | 'rootId'>
  /** `10.244.0.1/16`: the bridge's address, should it have to be made. */
  readonly gateway: string
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
  { gateway, paths, transport }: RouteParts,
  ranges: readonly string[],
): Promise<Command> {
  const isThere = (await transport.stat(`/sys/class/net/${paths.bridge}`)) !== undefined
  return routeBatch(paths, isThere ? undefined : gateway, ranges)
}

/** With a hardware address of its own: one that is taken from the first port would change when that leaves. */
export function routeBatch(
  { bridge, rootId }: Pick<RootPaths, 'bridge' | 'rootId'>,
  gateway: string | undefined,
  ranges: readonly string[],
): Command {
  const mac = ['02', '00', ...(rootId.match(/../g) ?? [])].join(':')
  const lines = [
    ...(gateway === undefined
      ? []
      : [
          `link add name ${bridge} address ${mac} type bridge`,
          `link set dev ${bridge} up`,
          `address replace ${gateway} brd + dev ${bridge}`,
        ]),
    ...ranges.map((range) => `route replace ${range} dev ${bridge}`),
  ]
  return { argv: ['ip', '-batch', '-'], stdin: `${lines.join('\n')}\n` }
}

export interface HostRoute {
  readonly range: IpRange
  readonly device: string
}

async function hostRoutes(transport: Transport, signal?: AbortSignal): Promise<readonly HostRoute[]> {
  const failing = { reason: 'NetworkNotReady', doing: "reading the node's routes" }
  const families = await Promise.all(
    ['-4', '-6'].map(async (family) => {
      const command: Command = { argv: ['ip', '-json', family, 'route', 'show'] }
      return (await runCommand(transport, command, failing, signal)).stdout
    }),
  )
  return families.flatMap(parseHostRoutes)
}

export function parseHostRoutes(stdout: string): readonly HostRoute[] {
  const list = parseJson(stdout === '' ? '[]' : stdout)
  if (!Array.isArray(list)) return []
  return list.flatMap((item: unknown): readonly HostRoute[] => {
    if (!isObject(item)) return []
    const { dev, dst } = item
    const text = String(dst)
    const range = ipRange(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`)
    // A route to everywhere takes nothing from anybody.
    return range === undefined || range.prefix === 0 || typeof dev !== 'string'
      ? []
      : [{ range, device: dev }]
  })
}

/** Rejects with another range that is free. */
export function refuseTaken(wanted: string, taken: readonly HostRoute[]): void {
  const range = ipRange(wanted)
  const other = taken.find((route) => range !== undefined && overlaps(route.range, range))
  if (range === undefined || other === undefined) return
  const free = range.family === 'IPv4' ? freeRange(range.prefix, taken) : undefined
  const advice = free === undefined ? 'set another one' : `${free} is free: set it`
  throw new RuntimeFailure(
    'NetworkNotReady',
    `serviceCIDR ${wanted} overlaps with ${other.range.text} on ${other.device}; ${advice} as serviceCIDR in the Cluster`,
    { certain: true },
  )
}

/** 10.96 and what follows it, as large as the wanted one, and no larger than a /16. */
function freeRange(prefix: number, taken: readonly HostRoute[]): string | undefined {
  for (let step = 0; step < 256; step += 1) {
    const candidate = ipRange(`10.${(96 + step) % 256}.0.0/${Math.max(prefix, 16)}`)
    if (candidate !== undefined && !taken.some((route) => overlaps(route.range, candidate)))
      return candidate.text
  }
  return undefined
}

function overlaps(a: IpRange, b: IpRange): boolean {
  if (a.family !== b.family) return false
  const bits = BigInt((a.family === 'IPv4' ? 32 : 128) - Math.min(a.prefix, b.prefix))
  return a.first >> bits === b.first >> bits
}
