import type { Bandwidth, PortMapping } from '../../../api/cri.ts'
import type { PodUid } from '../../../api/names.ts'
import type { Command, CommandResult, Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { runCommand } from '../commands.ts'
import { locked } from '../hook/hookCommands.ts'
import { isObject, parseJson } from '../json.ts'
import type { RootPaths } from '../paths.ts'

/** https://github.com/containernetworking/cni/blob/spec-v1.0.0/SPEC.md; 0.4.0 is understood by every plugin in use. */
const CNI_VERSION = '0.4.0'

export interface NetworkParts {
  readonly plugins: string
  /** One of each family at the most, with a comma between them. */
  readonly podCIDR: string
  /** Of the pods of all nodes, where this node's are a part of it. */
  readonly clusterCIDR?: string
  /** Of all pods, where nothing goes to those of other nodes but encrypted. */
  readonly sealed?: string
  /** How large a packet may be; absent: as the kernel has it. */
  readonly mtuBytes?: number
  readonly paths: Pick<RootPaths, 'bridge' | 'table' | 'addresses'>
}

export interface Attachment {
  readonly uid: PodUid
  /** Empty when it is gone: enough for DEL. */
  readonly netns: string
  /** To be had again, rather than any other. */
  readonly addresses?: readonly string[]
}

export function bridgeCommand(verb: 'ADD' | 'DEL', parts: NetworkParts, attachment: Attachment): Command {
  const { addresses = [] } = attachment
  return pluginCommand(verb, parts, attachment, 'bridge', {
    bridge: parts.paths.bridge,
    isDefaultGateway: true,
    // So that a pod reaches itself through a Service.
    hairpinMode: true,
    // One nftables rule for the whole range instead of iptables rules for each pod: masquerade.ts.
    ipMasq: false,
    ...(parts.mtuBytes !== undefined && { mtu: parts.mtuBytes }),
    ipam: {
      type: 'host-local',
      dataDir: parts.paths.addresses,
      ranges: parts.podCIDR.split(',').map((subnet) => [{ subnet }]),
    },
    ...(addresses.length > 0 && { args: { cni: { ips: addresses } } }),
  })
}

export function portmapCommand(
  verb: 'ADD' | 'DEL',
  parts: NetworkParts,
  attachment: Attachment,
  mappings: readonly PortMapping[],
  prevResult: unknown,
): Command {
  return pluginCommand(verb, parts, attachment, 'portmap', {
    capabilities: { portMappings: true },
    snat: true,
    runtimeConfig: { portMappings: mappings.map(portMapping) },
    ...(prevResult === undefined ? {} : { prevResult }),
  })
}

/** No burst is too large, as the kubelet had it: the rate alone is asked for. */
const BURST_BITS = 2 ** 31 - 1

export function bandwidthCommand(
  verb: 'ADD' | 'DEL',
  parts: NetworkParts,
  attachment: Attachment,
  { egressBits, ingressBits }: Bandwidth,
  prevResult: unknown,
): Command {
  const bandwidth = {
    ...(ingressBits === undefined ? {} : { ingressRate: ingressBits, ingressBurst: BURST_BITS }),
    ...(egressBits === undefined ? {} : { egressRate: egressBits, egressBurst: BURST_BITS }),
  }
  return pluginCommand(verb, parts, attachment, 'bandwidth', {
    capabilities: { bandwidth: true },
    runtimeConfig: { bandwidth },
    ...(prevResult === undefined ? {} : { prevResult }),
  })
}

function portMapping({ containerPort, hostIP, hostPort, protocol }: PortMapping): unknown {
  return {
    hostPort,
    containerPort,
    protocol: protocol.toLowerCase(),
    ...(hostIP === undefined ? {} : { hostIP }),
  }
}

function pluginCommand(
  verb: 'ADD' | 'DEL',
  parts: NetworkParts,
  attachment: Attachment,
  plugin: string,
  config: Readonly<Record<string, unknown>>,
): Command {
  return {
    argv: [`${parts.plugins}/${plugin}`],
    stdin: JSON.stringify({ cniVersion: CNI_VERSION, name: parts.paths.table, type: plugin, ...config }),
    env: {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: attachment.uid,
      CNI_NETNS: attachment.netns,
      CNI_IFNAME: 'eth0',
      CNI_PATH: parts.plugins,
    },
  }
}

/** The pod's addresses, one of each family, from a plugin's result. */
export function parseAddresses(stdout: string): readonly string[] {
  const result = parseJson(stdout)
  const ips = isObject(result) ? result['ips'] : undefined
  const all: readonly unknown[] = Array.isArray(ips) ? ips : []
  return all.flatMap((one) => {
    const address = isObject(one) ? one['address'] : undefined
    return typeof address === 'string' ? (address.split('/')[0] ?? []) : []
  })
}

/** The node's end of the pair, and the bridge's hardware address: as the bridge plugin lists bridge, link and eth0. */
export function parseLink(stdout: string): { readonly name: string; readonly bridgeMac: string } | undefined {
  const result = parseJson(stdout)
  const interfaces: unknown = isObject(result) ? result['interfaces'] : undefined
  const [bridge, link]: readonly unknown[] = Array.isArray(interfaces) ? interfaces : []
  if (!isObject(bridge) || !isObject(link)) return undefined
  const { mac } = bridge
  const { name } = link
  return typeof name === 'string' && typeof mac === 'string' ? { name, bridgeMac: mac } : undefined
}

/** A plugin says what went wrong as JSON on stdout. */
export function parsePluginError(result: CommandResult): string {
  const value = parseJson(result.stdout)
  const message = isObject(value) ? [value['msg'], value['details']].filter((part) => part).join(': ') : ''
  return message || result.stderr.trim() || `it ended with ${result.exitCode}`
}

/** What a command that ended with a plugin says went wrong: the plugin's own words, if it came to it. */
export function networkFailure(reason: string, doing: string, result: CommandResult): RuntimeFailure {
  return new RuntimeFailure(reason, `${doing}: ${parsePluginError(result)}`)
}

/** What a plugin adds to a pod that has its address, or takes away. */
export async function runPlugin(
  transport: Transport,
  lock: string,
  command: Command,
  doing: string,
  signal?: AbortSignal,
): Promise<void> {
  const failing = { reason: 'CreatePodSandboxError', doing }
  const result = await runCommand(transport, locked(lock, command), failing, signal)
  if (result.exitCode !== 0) throw networkFailure(failing.reason, failing.doing, result)
}
