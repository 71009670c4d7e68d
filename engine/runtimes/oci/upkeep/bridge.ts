import { addressAt, type IpRange, ipRanges, overlap, rangeText } from '../../../api/ipRanges.ts'
import type { Command } from '../../../transport/transport.ts'
import { runCommand, runOrFail } from '../commands.ts'
import { kernelRoutes, routeKey } from '../network/kernelRoutes.ts'
import { masqueradeCommand } from '../network/masquerade.ts'
import { readRoot } from '../node/root.ts'
import { addressesOf, type PodLink, type Sandbox } from '../pods/sandbox.ts'
import type { Looking, Repair } from './repair.ts'
import { allSandboxes } from './sandboxes.ts'

/** The bridge with its address, the pods' links on it, and the table that lets their packets out. */
export async function bridgeRepairs(looking: Looking): Promise<readonly Repair[]> {
  const sandboxes = [...(await allSandboxes(looking)).values()]
  if (!sandboxes.some(({ hostNetwork }) => !hostNetwork)) return []
  const [found, table] = await Promise.all([damageOf(looking, sandboxes), tableIsGone(looking)])
  return [
    ...(found === undefined ? [] : [bridgeRepair(looking, found)]),
    ...(table ? [tableRepair(looking)] : []),
  ]
}

interface BridgeDamage {
  readonly isGone: boolean
  /** It is down, or has lost its address. */
  readonly hasNoRoute: boolean
  /** Links that are there and hang on nothing, or are down. */
  readonly loose: readonly PodLink[]
}

async function damageOf(
  { paths, transport }: Looking,
  sandboxes: readonly Sandbox[],
): Promise<BridgeDamage | undefined> {
  const [all, ports, routes, root] = await Promise.all([
    transport.listDirectory('/sys/class/net'),
    transport.listDirectory(`/sys/class/net/${paths.bridge}/brif`),
    kernelRoutes(transport),
    readRoot(transport, paths.root),
  ])
  const links = sandboxes.flatMap(({ link }) => link ?? [])
  if (links.length === 0) return undefined
  const isGone = !all.includes(paths.bridge)
  // Of ranges that pods have addresses in: the first pod of a range brings its gateway.
  const used = ipRanges(root?.podCIDR ?? '').filter((range) => sandboxes.some(hasAddressIn(range)))
  const hasNoRoute = used.some((range) => !routes.has(routeKey(paths.bridge, rangeText(range))))
  const there = links.filter(({ name }) => all.includes(name))
  const flags = await transport.readFiles(there.map(flagsFile))
  const loose = there.filter((link) => !ports.includes(link.name) || isDown(flags.get(flagsFile(link))))
  return isGone || hasNoRoute || loose.length > 0 ? { isGone, hasNoRoute, loose } : undefined
}

function hasAddressIn(range: IpRange): (sandbox: Sandbox) => boolean {
  const bits = range.family === 'IPv4' ? 32 : 128
  return (sandbox) =>
    addressesOf(sandbox).some((address) => ipRanges(`${address}/${bits}`).some((one) => overlap(range, one)))
}

function flagsFile({ name }: PodLink): string {
  return `/sys/class/net/${name}/flags`
}

/** IFF_UP of <linux/if.h>. One that has gone meanwhile is the pod's own loss. */
function isDown(flags: string | undefined): boolean {
  return flags !== undefined && (Number(flags) & 1) === 0
}

function bridgeRepair({ paths, transport }: Looking, damage: BridgeDamage): Repair {
  const { hasNoRoute, isGone, loose } = damage
  const { bridge } = paths
  const found = isGone
    ? `bridge ${bridge} is gone`
    : hasNoRoute
      ? `bridge ${bridge} is down, or has lost its address`
      : `${loose.length} links of pods hang on bridge ${bridge} no more, or are down`
  const mend: Repair['mend'] = async (context, signal) => {
    const gateways = gatewaysOf(context.network.podCIDR)
    const failing = { reason: 'NetworkNotReady', doing: `making bridge ${bridge} whole` }
    await runOrFail(transport, bridgeBatch(bridge, gateways, damage), failing, signal)
    // For ports of the host that lead to pods, also from the host itself.
    const settings = `/proc/sys/net/ipv4/conf/${bridge}`
    const what = { kind: 'file', content: '1' } as const
    if (isGone) await transport.writeTree(settings, [{ path: 'route_localnet', mode: 0o644, what }])
    const made = isGone ? 'it was made again, and ' : ''
    return `${made}${loose.length} pods were attached to it as they run`
  }
  return { found, mend }
}

/** With the hardware address that it had: pods remember that for their gateway. One process, however many pods there are. */
export function bridgeBatch(
  bridge: string,
  gateways: readonly string[],
  { isGone, loose }: BridgeDamage,
): Command {
  const mac = loose[0]?.bridgeMac
  const lines = [
    ...(isGone ? [`link add name ${bridge}${mac === undefined ? '' : ` address ${mac}`} type bridge`] : []),
    `link set dev ${bridge} up`,
    ...gateways.map((gateway) => addressLine(bridge, gateway)),
    ...loose.flatMap(({ name }) => [
      `link set dev ${name} master ${bridge}`,
      `link set dev ${name} type bridge_slave hairpin on`,
      `link set dev ${name} up`,
    ]),
  ]
  return { argv: ['ip', '-batch', '-'], stdin: `${lines.join('\n')}\n` }
}

/** The first address of each range, as host-local chooses it: `10.244.0.1/16`. */
export function gatewaysOf(podCIDR: string): readonly string[] {
  return ipRanges(podCIDR).map((range) => `${addressAt(range, 1)}/${range.prefix}`)
}

/** For `ip -batch`: the address of a bridge. */
export function addressLine(bridge: string, gateway: string): string {
  return `address replace ${gateway} ${gateway.includes(':') ? 'nodad' : 'brd +'} dev ${bridge}`
}

async function tableIsGone({ nft, paths, transport }: Looking): Promise<boolean> {
  const root = await readRoot(transport, paths.root)
  const wanted = ipRanges(root?.podCIDR ?? '').map(({ family }) => (family === 'IPv4' ? 'ip' : 'ip6'))
  // `list tables` would read all that stands in each of them.
  const command: Command = { argv: [nft, '--terse', 'list', 'chains'] }
  const listed = await runCommand(transport, command, {
    reason: 'NetworkNotReady',
    doing: 'listing nftables',
  })
  if (listed.exitCode !== 0) return false
  return wanted.some((family) => !listed.stdout.includes(`table ${family} ${paths.table} {`))
}

function tableRepair({ nft, paths, transport }: Looking): Repair {
  const mend: Repair['mend'] = async (_, signal) => {
    const root = await readRoot(transport, paths.root)
    if (root === undefined) throw new Error(`${paths.rootFile} is gone`)
    const failing = { reason: 'NetworkNotReady', doing: `loading the nftables table ${paths.table}` }
    await runOrFail(transport, masqueradeCommand(nft, paths.table, root), failing, signal)
    return 'it was loaded again'
  }
  return { found: `nftables table ${paths.table} is gone`, mend }
}
