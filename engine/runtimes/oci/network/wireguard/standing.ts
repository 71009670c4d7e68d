import type { Transport } from '../../../../transport/transport.ts'
import { runCommand } from '../../commands.ts'
import type { RootPaths } from '../../paths.ts'
import { kernelRouteList } from '../kernelRoutes.ts'
import { parseTunnel } from '../nodes/standing.ts'
import type { WireguardLink } from './wanted.ts'

/** What a node's kernel has of its link of WireGuard, whoever has put it there. */
export interface WireguardStanding extends WireguardLink {
  readonly isUp: boolean
  readonly publicKey: string
  /** Ranges that are routed to it. */
  readonly routes: readonly string[]
}

const FAILING = { reason: 'NetworkNotReady', doing: "reading the node's link of WireGuard" }

/** Undefined: there is no such link. The private key is not asked for. */
export async function wireguardStanding(
  transport: Transport,
  { wireguard: name }: Pick<RootPaths, 'wireguard'>,
): Promise<WireguardStanding | undefined> {
  if ((await transport.stat(`/sys/class/net/${name}`)) === undefined) return undefined
  const told = async (...argv: readonly [string, ...string[]]): Promise<string> =>
    (await runCommand(transport, { argv }, FAILING)).stdout.trim()
  const [links, port, publicKey, endpoints, ranges, routes] = await Promise.all([
    told('ip', '-json', '-details', 'address', 'show', 'dev', name),
    told('wg', 'show', name, 'listen-port'),
    told('wg', 'show', name, 'public-key'),
    told('wg', 'show', name, 'endpoints'),
    told('wg', 'show', name, 'allowed-ips'),
    kernelRouteList(transport),
  ])
  const link = parseTunnel(links)
  if (link === undefined) return undefined
  return {
    port: Number(port),
    mtuBytes: link.mtuBytes,
    addresses: link.addresses,
    isUp: link.isUp,
    publicKey,
    peers: parsePeers(endpoints, ranges),
    routes: routes.filter(({ device }) => device === name).map(({ range }) => range),
  }
}

/** `wg show LINK endpoints` and `wg show LINK allowed-ips`: a line each, with a tab behind the public key. */
export function parsePeers(endpoints: string, ranges: string): WireguardLink['peers'] {
  const ends = new Map(pairs(endpoints))
  return new Map(
    pairs(ranges).map(([publicKey, text]) => {
      const all = text.split(' ').filter((range) => range.includes('/'))
      return [publicKey, { endpoint: ends.get(publicKey) ?? NOWHERE, ranges: all.toSorted() }]
    }),
  )
}

/** As `wg` says it of a peer without an endpoint. */
export const NOWHERE = '(none)'

function pairs(text: string): readonly (readonly [string, string])[] {
  return text.split('\n').flatMap((line): (readonly [string, string])[] => {
    const [key = '', value] = line.split('\t')
    return value === undefined ? [] : [[key, value]]
  })
}
