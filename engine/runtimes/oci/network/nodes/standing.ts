import type { Transport } from '../../../../transport/transport.ts'
import { runCommand } from '../../commands.ts'
import { isObject, parseJson } from '../../json.ts'
import type { RootPaths } from '../../paths.ts'
import { type KernelRoute, kernelRouteList } from '../kernelRoutes.ts'
import type { TunnelLink } from './entries.ts'

/** What a node's kernel has, whoever has put it there. */
export interface Standing {
  readonly link?: TunnelLink & { readonly isUp: boolean }
  readonly routes: readonly KernelRoute[]
  readonly neighbours: readonly string[]
  readonly forwardings: readonly string[]
}

const FAILING = { reason: 'NetworkNotReady', doing: 'reading what leads to the pods of other nodes' }

/** Files are read alone where no tunnel is there. */
export async function standingOn(
  transport: Transport,
  { tunnel }: Pick<RootPaths, 'tunnel'>,
): Promise<Standing> {
  const [routes, status] = await Promise.all([
    kernelRouteList(transport),
    transport.stat(`/sys/class/net/${tunnel}`),
  ])
  if (status === undefined) return { routes, neighbours: [], forwardings: [] }
  const asked = [
    ['ip', '-json', '-details', 'address', 'show', 'dev', tunnel],
    ['ip', '-json', 'neighbour', 'show', 'dev', tunnel, 'nud', 'permanent'],
    ['bridge', '-json', 'fdb', 'show', 'dev', tunnel],
  ] as const
  const [links = '', neighbours = '', forwardings = ''] = await Promise.all(
    asked.map(async (argv) => (await runCommand(transport, { argv }, FAILING)).stdout),
  )
  const link = parseTunnel(links)
  return {
    ...(link !== undefined && { link }),
    routes,
    neighbours: parsePairs(neighbours, 'dst', 'lladdr').map(([to, mac]) => `${to} lladdr ${mac}`),
    forwardings: parsePairs(forwardings, 'mac', 'dst').map(([mac, to]) => `${mac} dst ${to}`),
  }
}

/** `ip -json -details address show`, of one link. One that is no VXLAN of ours has numbers that ours never has. */
export function parseTunnel(stdout: string): Standing['link'] {
  const list = parseJson(stdout)
  const [item]: readonly unknown[] = Array.isArray(list) ? list : []
  if (!isObject(item)) return undefined
  const { addr_info: all, address, flags, linkinfo, mtu } = item
  const data = isObject(linkinfo) && isObject(linkinfo['info_data']) ? linkinfo['info_data'] : {}
  const addresses = Array.isArray(all) ? all.flatMap(globalAddress).toSorted() : []
  return {
    mac: String(address),
    id: Number(data['id'] ?? 0),
    port: Number(data['port'] ?? 0),
    local: String(data['local'] ?? data['local6'] ?? ''),
    mtuBytes: Number(mtu),
    addresses,
    isUp: Array.isArray(flags) && flags.includes('UP'),
  }
}

function globalAddress(item: unknown): readonly string[] {
  if (!isObject(item) || item['scope'] !== 'global') return []
  return [`${String(item['local'])}/${String(item['prefixlen'])}`]
}

/** Of a list of objects these two members, where both are there. */
function parsePairs(stdout: string, one: string, other: string): readonly (readonly [string, string])[] {
  const list = parseJson(stdout)
  if (!Array.isArray(list)) return []
  return list.flatMap((item: unknown): (readonly [string, string])[] => {
    if (!isObject(item)) return []
    const { [one]: first, [other]: second } = item
    return typeof first === 'string' && typeof second === 'string' ? [[first, second]] : []
  })
}
