import type { PodNetwork } from '../../../../api/podNetwork.ts'
import type { Transport } from '../../../../transport/transport.ts'
import { isObject, parseJson } from '../../json.ts'
import { readText } from '../../node/node.ts'
import type { RootPaths } from '../../paths.ts'

/** What was made on the node to reach pods of others: also what an engine before has made, or had begun to. */
export interface NetworkMark {
  readonly network: PodNetwork
  /** That there may be routes to. */
  readonly ranges: readonly string[]
  /** That may be sealed. */
  readonly sealed?: string
}

type Place = Pick<RootPaths, 'network'>

export async function readNetworkMark(
  transport: Transport,
  { network }: Place,
): Promise<NetworkMark | undefined> {
  const value = parseJson(await readText(transport, network))
  if (!isObject(value) || !isObject(value['network']) || !Array.isArray(value['ranges'])) return undefined
  return value as unknown as NetworkMark
}

/** Where it says so already nothing is written. */
export async function writeNetworkMark(
  transport: Transport,
  { network }: Place,
  mark: NetworkMark,
): Promise<void> {
  const text = JSON.stringify(mark)
  if ((await readText(transport, network)) !== text) await transport.writeFile(network, text, 0o600)
}

/** While some nodes are not known, what led to them goes on to do so, unless it is not encrypted and is to be. */
export function withKept(network: PodNetwork, before: PodNetwork | undefined): PodNetwork {
  if (network.isWhole || before === undefined) return network
  const known = new Set(network.peers.map(({ range }) => range))
  const kept = before.peers.filter(
    ({ range, wireguard }) => !known.has(range) && (network.sealed === undefined || wireguard !== undefined),
  )
  if (kept.length === 0) return network
  const tunnel = network.tunnel ?? before.tunnel
  return {
    ...network,
    mtuBytes: Math.min(network.mtuBytes, before.mtuBytes),
    ...(tunnel !== undefined && { tunnel }),
    peers: [...network.peers, ...kept].toSorted((a, b) => (a.range < b.range ? -1 : 1)),
  }
}
