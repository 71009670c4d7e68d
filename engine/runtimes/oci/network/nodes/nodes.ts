import type { PodNetwork } from '../../../../api/podNetwork.ts'
import type { NodeTraffic } from '../../../../api/traffic.ts'
import { RuntimeFailure } from '../../../runtime.ts'
import { runCommand, runOrFail } from '../../commands.ts'
import type { OciNode } from '../../ociNode.ts'
import type { Repair } from '../../upkeep/repair.ts'
import { turnsOf } from '../turns.ts'
import { wireguardLinkOf } from '../wireguard/wanted.ts'
import {
  isLinkChanged,
  leadByWireguard,
  readSeal,
  removeWireguard,
  requireKey,
  seal,
  unseal,
} from '../wireguard/wireguard.ts'
import { commandsOf, type Difference, differenceOf, foreignRoute, removalOf } from './difference.ts'
import { entriesOf, type NetworkEntries } from './entries.ts'
import { type NetworkMark, readNetworkMark, withKept, writeNetworkMark } from './mark.ts'
import { fitPods, unfitPods } from './podLinks.ts'
import { type Standing, standingOn } from './standing.ts'
import { guardCommand, guardListCommand, type GuardPlace, unguardCommand } from './tunnelGuard.ts'

/** What leads from the pods of this node to those of others, and back. */
export interface OtherNodes {
  /** From here on the pods that the network names are reached. It rejects for what does not lead where it should. */
  apply(traffic: Pick<NodeTraffic, 'network'>, signal?: AbortSignal): Promise<void>
  /** What is amiss of what was last applied. */
  repairs(): Promise<readonly Repair[]>
  /** Of links of pods that are made from here on. Undefined: as the kernel has it. */
  mtuBytes(): Promise<number | undefined>
}

type NetworkNode = Pick<OciNode, 'transport' | 'paths' | 'facts'>

const FAILING = { reason: 'NetworkNotReady', doing: 'leading to the pods of other nodes' }

export function createOtherNodes(node: NetworkNode): OtherNodes {
  const keeper = new NetworkKeeper(node)
  const { asked, inTurn } = turnsOf(node, 'network', FAILING)
  return {
    apply: async ({ network }, signal) =>
      await asked(signal, async () => await keeper.apply(network, signal)),
    repairs: async () => {
      const found = await inTurn(async () => await keeper.damage())
      if (found === undefined) return []
      const mend: Repair['mend'] = async (_, signal) => {
        await inTurn(async () => await keeper.again(signal))
        return 'it was set again'
      }
      return [{ found, mend }]
    },
    mtuBytes: async () => await keeper.mtuBytes(),
  }
}

class NetworkKeeper {
  readonly #node: NetworkNode
  /** What was last asked for, and stands there but for what somebody has changed since. */
  #applied: PodNetwork | undefined
  /** The same with what was kept of before. */
  #kept: PodNetwork | undefined
  /** How the kernel says what keeps others out of the tunnel. */
  #guard = ''
  /** The same of what keeps all from going in the clear. */
  #seal = ''

  constructor(node: NetworkNode) {
    this.#node = node
  }

  async apply(network: NodeTraffic['network'], signal?: AbortSignal): Promise<void> {
    // With each change of a Service; what somebody has changed is found at the next upkeep.
    if (network === 'unknown' || (network !== undefined && network === this.#applied)) return
    this.#applied = undefined
    if (network === undefined) await this.#leave(signal)
    else await this.#lead(network, signal)
    this.#applied = network
  }

  async #lead(network: PodNetwork, signal?: AbortSignal): Promise<void> {
    const { paths, transport } = this.#node
    // Makes the root's tmpfs.
    const { nft } = await this.#node.facts()
    const mark = await readNetworkMark(transport, paths)
    const wanted = withKept(network, mark?.network)
    // Before anything of it is made, so that it is known when the engine is killed.
    const ranges = wanted.peers.map(({ range }) => range)
    const former = [...new Set([...(mark?.ranges ?? []), ...ranges])].toSorted()
    const standing = await standingOn(transport, paths)
    this.#refuse(standing, [wanted.podCIDR, ...ranges], mark?.ranges ?? [])
    const sealed = wanted.sealed ?? mark?.sealed
    await writeNetworkMark(transport, paths, {
      network: wanted,
      ranges: former,
      ...(sealed !== undefined && { sealed }),
    })
    this.#kept = wanted
    const entries = this.#entries(wanted)
    // Before the plain ways go, or what they led would take the one to everywhere.
    await this.#sealOff(nft, wanted, mark, signal)
    // Before there is a tunnel, and as long as there is one.
    await this.#keepOut({ nft, table: paths.table }, entries, signal)
    // A plain way is none while the link of WireGuard has it.
    if (wanted.sealed === undefined) await this.#encrypt(wanted, signal)
    await this.#change(differenceOf(standing, entries, former, paths.tunnel), signal)
    if (entries.link === undefined) await openTunnel(this.#node, nft, standing, signal)
    if (wanted.sealed !== undefined) await this.#encrypt(wanted, signal)
    // Once all has its plain way again.
    if (wanted.sealed === undefined && sealed !== undefined)
      await unseal({ transport, paths }, nft, sealed, signal)
    const own = wanted.sealed === undefined ? {} : { sealed: wanted.sealed }
    await writeNetworkMark(transport, paths, { network: wanted, ranges, ...own })
    await fitPods(this.#node, wanted.mtuBytes, signal)
    if (wanted.lacks.length > 0) throw new RuntimeFailure(FAILING.reason, wanted.lacks.join('; '))
  }

  /** Undefined: all is as it was applied, or nothing was. */
  async damage(): Promise<string | undefined> {
    // What could not be applied whole is tried again by whoever has asked for it.
    if (this.#kept === undefined || this.#applied === undefined) return undefined
    const { paths, transport } = this.#node
    const { nft } = await this.#node.facts()
    const standing = await standingOn(transport, paths)
    const entries = this.#entries(this.#kept)
    const { bridge, ip } = differenceOf(standing, entries, [], paths.tunnel)
    const isChanged =
      ip.length > 0 ||
      bridge.length > 0 ||
      (await this.#readGuard(entries)) !== this.#guard ||
      (await readSeal(this.#node, nft, this.#kept.sealed)) !== this.#seal ||
      (await isLinkChanged(this.#node, wireguardLinkOf(this.#kept, paths)))
    if (isChanged) return 'what leads to the pods of other nodes was changed by somebody'
    const unfit = await unfitPods(this.#node, this.#kept.mtuBytes)
    return unfit.length > 0
      ? `links of ${unfit.length} pods take packets of another size than the way to other nodes`
      : undefined
  }

  async again(signal?: AbortSignal): Promise<void> {
    if (this.#kept !== undefined) await this.#lead(this.#kept, signal)
  }

  async mtuBytes(): Promise<number | undefined> {
    const { paths, transport } = this.#node
    return this.#kept?.mtuBytes ?? (await readNetworkMark(transport, paths))?.network.mtuBytes
  }

  #entries(network: PodNetwork): NetworkEntries {
    return entriesOf(network, this.#node.paths)
  }

  #refuse(standing: Standing, ranges: readonly string[], former: readonly string[]): void {
    const all = ranges.flatMap((range) => range.split(','))
    const foreign = foreignRoute(standing, all, former, this.#node.paths.rootId)
    if (foreign === undefined) return
    throw new RuntimeFailure(
      FAILING.reason,
      `${FAILING.doing}: the node has a way into their range already, ${foreign.range} on ${foreign.device}; set another podCIDR in the Cluster`,
      { certain: true },
    )
  }

  async #sealOff(
    nft: string,
    { sealed }: PodNetwork,
    before: NetworkMark | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    if (sealed !== undefined) {
      // Another podCIDR may be of one family less.
      if (before?.sealed !== undefined && before.sealed !== sealed)
        await unseal(this.#node, nft, before.sealed, signal)
      await seal(this.#node, nft, sealed, signal)
    }
    this.#seal = await readSeal(this.#node, nft, sealed)
  }

  async #encrypt(network: PodNetwork, signal?: AbortSignal): Promise<void> {
    const link = wireguardLinkOf(network, this.#node.paths)
    if (link !== undefined) await leadByWireguard(this.#node, link, signal)
    else await removeWireguard(this.#node, signal)
    // The others lead here once they know it.
    if (network.sealed !== undefined) await requireKey(this.#node, signal)
  }

  /** Of the tunnel, which does not ask who sends. */
  async #keepOut(place: GuardPlace, entries: NetworkEntries, signal?: AbortSignal): Promise<void> {
    const { link } = entries
    if (link !== undefined)
      await runOrFail(this.#node.transport, guardCommand(place, { ...entries, link }), FAILING, signal)
    this.#guard = await this.#readGuard(entries)
  }

  /** Empty: there is no tunnel, or nothing that keeps anybody out. */
  async #readGuard({ link }: NetworkEntries): Promise<string> {
    if (link === undefined) return ''
    const { nft } = await this.#node.facts()
    const command = guardListCommand({ nft, table: this.#node.paths.table }, link)
    return (await runCommand(this.#node.transport, command, FAILING)).stdout
  }

  async #change(difference: Difference, signal?: AbortSignal): Promise<void> {
    for (const command of commandsOf(difference))
      await runOrFail(this.#node.transport, command, FAILING, signal)
  }

  /** Also what an engine before has made. */
  async #leave(signal?: AbortSignal): Promise<void> {
    this.#kept = undefined
    await removeNetwork(this.#node, signal)
  }
}

/** What was removed, for people. Pods keep how large their packets may be. */
export async function removeNetwork(
  { paths, transport }: Pick<NetworkNode, 'paths' | 'transport'>,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const mark = await readNetworkMark(transport, paths)
  if (mark === undefined) return undefined
  const standing = await standingOn(transport, paths)
  const commands = commandsOf(removalOf(standing, mark.ranges, paths.tunnel))
  for (const command of commands) await runOrFail(transport, command, FAILING, signal)
  await openTunnel({ paths, transport }, 'nft', standing, signal)
  const hadLink = await removeWireguard({ paths, transport }, signal)
  if (mark.sealed !== undefined) await unseal({ paths, transport }, 'nft', mark.sealed, signal)
  await transport.remove(paths.network)
  return commands.length === 0 && !hadLink ? undefined : 'what led to the pods of other nodes'
}

/** Once it is gone. */
async function openTunnel(
  { paths, transport }: Pick<NetworkNode, 'paths' | 'transport'>,
  nft: string,
  { link }: Standing,
  signal?: AbortSignal,
): Promise<void> {
  if (link === undefined) return
  await runOrFail(transport, unguardCommand({ nft, table: paths.table }, link), FAILING, signal)
}
