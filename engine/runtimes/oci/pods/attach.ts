import type { Bandwidth, CreatePodRequest, PortMapping } from '../../../api/cri.ts'
import type { PodUid } from '../../../api/names.ts'
import type { CommandResult, Transport } from '../../../transport/transport.ts'
import { runCommand } from '../commands.ts'
import type { Allocation } from './allocations.ts'
import { hookAttachCommand, hookAttachUsersCommand, hookDetachCommand, locked } from '../hook/hookCommands.ts'
import { isObject, parseJson } from '../json.ts'
import type { Attachment } from '../network/network.ts'
import {
  bandwidthCommand,
  bridgeCommand,
  networkFailure,
  parseAddresses,
  parseLink,
  runPlugin,
} from '../network/network.ts'
import { mapPorts, unmapPorts } from '../network/portmap.ts'
import { readText } from '../node/node.ts'
import type { PodPaths } from '../paths.ts'
import { USERS } from './users.ts'
import type { PodLink, SandboxContext } from './sandbox.ts'
import { pinArguments, mountsOf } from './sandbox.ts'

/** A pod's address, and what it hangs on. */
export interface Attached {
  readonly ip: string
  readonly ip6?: string
  readonly link: PodLink | undefined
}

/** Resolves to nothing for a pod with the host's network. */
export async function attach(
  context: SandboxContext,
  pod: PodPaths,
  request: CreatePodRequest,
  { allocation, uid }: { readonly uid: PodUid; readonly allocation: Allocation },
  signal?: AbortSignal,
): Promise<Attached | undefined> {
  const pins = pinArguments(pod, request)
  if (pins.length === 0) return undefined
  const { facts, network, transport } = context
  const attachment = { uid, netns: pod.pins.net }
  const plugin = request.hostNetwork ? undefined : bridgeCommand('ADD', network, attachment)
  const doing = "setting up the pod's namespaces and network"
  const { hostId } = allocation
  const command =
    hostId === undefined
      ? hookAttachCommand(facts.hook, pod.run, plugin, pins)
      : hookAttachUsersCommand(facts.hook, pod.run, plugin, { first: hostId, count: USERS }, pins)
  const result = await runCommand(transport, command, { reason: 'CreatePodSandboxError', doing }, signal)
  if (result.exitCode !== 0) throw networkFailure('CreatePodSandboxError', doing, result)
  if (plugin === undefined) return undefined
  return await plugIn(context, pod, { attachment, result, doing }, request, signal)
}

interface BridgeResult {
  readonly attachment: Attachment
  readonly result: CommandResult
  readonly doing: string
}

async function plugIn(
  context: SandboxContext,
  pod: PodPaths,
  { attachment, doing, result }: BridgeResult,
  request: CreatePodRequest,
  signal?: AbortSignal,
): Promise<Attached> {
  const [ip, ip6] = result.exitCode === 0 ? parseAddresses(result.stdout) : []
  if (ip === undefined) throw networkFailure('CreatePodSandboxError', doing, result)
  const plugged = { verb: 'ADD', attachment, result: parseJson(result.stdout) } as const
  await runPlugins(context, pod, plugged, request, signal)
  return { ip, ...(ip6 !== undefined && { ip6 }), link: parseLink(result.stdout) }
}

/**
 * Gives a pod whose namespaces are there a link again, while its containers run: with the addresses that it had, if nobody else has got
 * them meanwhile; with `addresses` empty, with others.
 */
export async function attachAgain(
  context: SandboxContext,
  pod: PodPaths,
  request: CreatePodRequest,
  addresses: readonly string[],
  signal?: AbortSignal,
): Promise<Attached> {
  const { network, transport } = context
  const attachment: Attachment = { uid: pod.uid, netns: pod.pins.net }
  const doing = 'attaching the pod to its network again'
  await runPlugins(context, pod, { verb: 'DEL', attachment, result: undefined }, request, signal)
  await runPlugin(transport, pod.lock, bridgeCommand('DEL', network, attachment), doing, signal)
  const failing = { reason: 'CreatePodSandboxError', doing }
  for (const wanted of addresses.length === 0 ? [[]] : [addresses, []]) {
    const command = bridgeCommand('ADD', network, { ...attachment, addresses: wanted })
    const result = await runCommand(transport, locked(pod.lock, command), failing, signal)
    if (result.exitCode !== 0 && wanted.length > 0) continue
    return await plugIn(context, pod, { attachment, result, doing }, request, signal)
  }
  throw new Error(`${doing}: neither its own address nor another was asked for`)
}

interface Plugging {
  readonly verb: 'ADD' | 'DEL'
  readonly attachment: Attachment
  readonly result: unknown
}

async function runPlugins(
  { network, transport }: SandboxContext,
  pod: PodPaths,
  { attachment, result, verb }: Plugging,
  { bandwidth, portMappings }: Pick<CreatePodRequest, 'bandwidth' | 'portMappings'>,
  signal?: AbortSignal,
): Promise<void> {
  if (portMappings.length > 0) {
    const mapped = { attachment, network, mappings: portMappings }
    if (verb === 'ADD') await mapPorts(transport, pod.lock, mapped, result, signal)
    else await unmapPorts(transport, pod.lock, mapped, signal)
  }
  if (bandwidth !== undefined) {
    const limit = bandwidthCommand(verb, network, attachment, bandwidth, result)
    await runPlugin(transport, pod.lock, limit, "limiting the pod's bandwidth", signal)
  }
}

/**
 * What is mounted is looked at before the lock is had: a command of an engine that was killed meanwhile may be about to
 * unmount it. Then it fails, and is right the second time.
 */
export async function detach(
  context: SandboxContext,
  uid: PodUid,
  pod: PodPaths,
  signal?: AbortSignal,
): Promise<void> {
  const mounted = await podMounts(context.transport, pod)
  try {
    await detachMounted(context, uid, pod, mounted, signal)
  } catch (error) {
    signal?.throwIfAborted()
    const now = await podMounts(context.transport, pod)
    if (now.join() === mounted.join()) throw error
    await detachMounted(context, uid, pod, now, signal)
  }
}

async function podMounts(transport: Transport, pod: PodPaths): Promise<readonly string[]> {
  return await mountsOf(transport, pod.run, pod.directory)
}

async function detachMounted(
  context: SandboxContext,
  uid: PodUid,
  pod: PodPaths,
  mounted: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const { facts, network, transport } = context
  const attached = parseNetwork(await readText(transport, pod.network))
  // Never pinned, or unpinned by another's hand: the address alone is to be given back.
  const attachment = { uid, netns: mounted.includes(pod.pins.net) ? pod.pins.net : '' }
  if (attached !== undefined) {
    await runPlugins(context, pod, { verb: 'DEL', attachment, result: undefined }, attached, signal)
  }
  const plugin = attached === undefined ? undefined : bridgeCommand('DEL', network, attachment)
  if (plugin === undefined && mounted.length === 0) return
  const doing = "taking down the pod's network and mounts"
  const command = hookDetachCommand(facts.hook, pod.run, plugin, mounted)
  const result = await runCommand(transport, command, { reason: 'KillPodSandboxError', doing }, signal)
  if (result.exitCode !== 0) throw networkFailure('KillPodSandboxError', doing, result)
}

function parseNetwork(text: string): Pick<CreatePodRequest, 'bandwidth' | 'portMappings'> | undefined {
  const value = parseJson(text)
  if (!isObject(value) || value['attached'] !== true) return undefined
  const { bandwidth, portMappings } = value
  return {
    portMappings: Array.isArray(portMappings) ? (portMappings as readonly PortMapping[]) : [],
    ...(isObject(bandwidth) && { bandwidth: bandwidth as Bandwidth }),
  }
}
