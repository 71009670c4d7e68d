import type { Command } from '../../../../transport/transport.ts'
import type { RootPaths } from '../../paths.ts'
import { NOWHERE, type WireguardStanding } from './standing.ts'
import { rangesOf, type WireguardLink } from './wanted.ts'

export type Place = Pick<RootPaths, 'wireguard' | 'wireguardKey'>

/**
 * Where a peer is said to be counts when the plan has changed alone: WireGuard itself follows a peer that sends, rightly, from another of its
 * addresses.
 */
export interface Asked {
  readonly publicKey: string
  readonly withEndpoints: boolean
}

/** What makes of a link that is there the one that is wanted; none: it is. */
export function wireguardCommands(
  there: WireguardStanding,
  wanted: WireguardLink,
  asked: Asked,
  place: Place,
): readonly Command[] {
  const set = setWords(there, wanted, asked, place)
  const lines = ipLines(there, wanted, place.wireguard)
  return [
    ...(set.length === 0 ? [] : [{ argv: ['wg', 'set', place.wireguard, ...set] } as const]),
    ...(lines.length === 0 ? [] : [{ argv: ['ip', '-batch', '-'], stdin: `${lines.join('\n')}\n` } as const]),
  ]
}

function setWords(
  there: WireguardStanding,
  { peers, port }: WireguardLink,
  { publicKey, withEndpoints }: Asked,
  { wireguardKey }: Place,
): readonly string[] {
  const gone = [...there.peers.keys()].filter((key) => !peers.has(key))
  const come = [...peers].flatMap(([key, { endpoint, ranges }]) => {
    const before = there.peers.get(key)
    const isThere =
      before !== undefined &&
      before.ranges.join() === ranges.join() &&
      before.endpoint !== NOWHERE &&
      (!withEndpoints || before.endpoint === endpoint)
    return isThere ? [] : ['peer', key, 'endpoint', endpoint, 'allowed-ips', ranges.join(',')]
  })
  return [
    ...(there.port === port ? [] : ['listen-port', String(port)]),
    ...(there.publicKey === publicKey ? [] : ['private-key', wireguardKey]),
    // A range that another one is to have is free first.
    ...gone.flatMap((key) => ['peer', key, 'remove']),
    ...come,
  ]
}

function ipLines(there: WireguardStanding, wanted: WireguardLink, name: string): readonly string[] {
  const ranges = rangesOf(wanted)
  const standing = there.isUp ? there.routes : []
  return [
    ...(there.mtuBytes === wanted.mtuBytes ? [] : [`link set dev ${name} mtu ${wanted.mtuBytes}`]),
    ...wanted.addresses
      .filter((address) => !there.addresses.includes(address))
      .map((address) => `address replace ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`),
    ...(there.isUp ? [] : [`link set dev ${name} up`]),
    ...ranges
      .filter((range) => !standing.includes(range))
      .map((range) => `route replace ${range} dev ${name}`),
    ...staleRoutes(standing, wanted, ranges).map((range) => `route delete ${range} dev ${name}`),
  ]
}

/** Not those that the kernel has for the link's own addresses, and for whatever is on a link of IPv6. */
function staleRoutes(
  standing: readonly string[],
  { addresses }: WireguardLink,
  ranges: readonly string[],
): readonly string[] {
  return standing.filter(
    (range) => !ranges.includes(range) && !addresses.includes(range) && !/^f[ef]/.test(range),
  )
}
