import type { Bandwidth, CreatePodRequest, PortMapping } from '../../../api/cri.ts'
import type { PodUid } from '../../../api/names.ts'
import { podUid } from '../../../api/names.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { runCommand, runOrFail } from '../commands.ts'
import type { Allocation } from './allocations.ts'
import { allocate } from './allocations.ts'
import { etcFiles } from './etcFiles.ts'
import { hookAttachCommand, hookAttachUsersCommand, hookDetachCommand, locked } from '../hook/hookCommands.ts'
import type { ImageStore } from '../images/store.ts'
import { isObject, parseJson } from '../json.ts'
import { MOUNT_TABLE, mountedBelow, parseMountTable } from '../node/mountTable.ts'
import type { NetworkParts } from '../network/network.ts'
import type { Attachment } from '../network/network.ts'
import {
  bandwidthCommand,
  bridgeCommand,
  networkFailure,
  parseAddress,
  portmapCommand,
  runPlugin,
} from '../network/network.ts'
import type { NodeFacts } from '../node/prepareNode.ts'
import { readText } from '../node/node.ts'
import { nodeCgroupDirectories } from '../node/prepareNode.ts'
import type { PodPaths, RootPaths } from '../paths.ts'
import { podPaths } from '../paths.ts'
import { startPause } from './pause.ts'
import { handlerProgram, programOf } from './program.ts'
import { podCgroupWrites, writePodCgroup } from './podCgroup.ts'
import { deleteCommand } from '../runtimeCommands.ts'
import { USERS } from './users.ts'
import { makeVolumes, versionsOf } from '../volumes/volumes.ts'

/** What a pod has beside its containers; written last, so its presence says that all of it is there. On tmpfs. */
export interface Sandbox {
  readonly bootId: string
  readonly ip?: string
  readonly hostname: string
  readonly hostNetwork: boolean
  readonly hostIPC: boolean
  /** Volume to folder or file. */
  readonly volumes: Readonly<Record<string, string>>
  /** Volume to the version of its files. */
  readonly versions?: Readonly<Record<string, string>>
  /** Ids of the images that are mounted as volumes. */
  readonly images?: readonly string[]
  readonly sharedMemory: boolean
  /** Process 1 of the pod's own pid namespace, where its containers share one. */
  readonly pausePid?: number
  /** The node's number for the pod's root, where its users are its own. */
  readonly hostId?: number
  /** By container: the cpus that it has for itself, such as `2,3`. */
  readonly cpus?: Readonly<Record<string, string>>
}

export interface SandboxContext {
  readonly transport: Transport
  readonly paths: RootPaths
  readonly facts: NodeFacts
  readonly network: NetworkParts
  readonly images: Pick<ImageStore, 'resolve'>
}

export function parseSandbox(text: string): Sandbox | undefined {
  const value = parseJson(text)
  return isObject(value) && typeof value['bootId'] === 'string' ? (value as unknown as Sandbox) : undefined
}

/** For `unshare`: the namespaces outlive it, and every process of ours. With the host's network a pod has its name, too. */
export function pinArguments(
  pod: Pick<PodPaths, 'pins'>,
  wish: Pick<CreatePodRequest, 'hostNetwork' | 'hostIPC' | 'userNamespace'>,
): readonly string[] {
  const { ipc, net, user, uts } = pod.pins
  return [
    ...(wish.userNamespace === true ? [`--user=${user}`] : []),
    ...(wish.hostNetwork ? [] : [`--net=${net}`, `--uts=${uts}`]),
    ...(wish.hostIPC ? [] : [`--ipc=${ipc}`]),
  ]
}

export function unmountCommand(paths: readonly string[]): Command {
  return { argv: ['umount', '--lazy', ...paths] }
}

/** Namespaces, network, files and volumes of a pod whose record is written. Done twice it is done once. */
export async function makeSandbox(
  context: SandboxContext,
  request: CreatePodRequest,
  endContainers: (context: SandboxContext, uid: PodUid, signal?: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const { facts, paths, transport } = context
  const uid = podUid(request.record.pod.metadata.uid ?? '')
  const pod = podPaths(paths, uid)
  const known = await transport.stat(pod.run)
  if (known !== undefined) {
    if (await isWhole(context, pod)) return await rearm(transport, pod, request)
    // Containers of a broken sandbox may still run, in namespaces that are not the pod's any more.
    await endContainers(context, uid, signal)
    await clearSandbox(context, uid, signal)
  }
  const { runtimeHandler } = request.record
  const program = runtimeHandler === undefined ? undefined : await handlerProgram(context, runtimeHandler)
  const allocation = await allocationOf(context, uid, request)
  await makeRunDirectory(context, pod, allocation)
  await prepareFiles(transport, pod, request, program)
  if (request.cgroup !== undefined)
    await writePodCgroup(transport, podCgroupWrites(facts.cgroups, pod.cgroup, request.cgroup))
  const mounted = new Set(await mountsOf(transport, pod.directory))
  const [ip, volumes] = await bothEnded(
    attach(context, pod, request, { uid, allocation }, signal),
    makeVolumes({ transport, pod, claims: paths.claims, images: context.images }, request, mounted, signal),
  )
  // With the host's network a pod has its name, too.
  const hostname = request.hostNetwork ? await nodeHostname(transport) : request.hostname
  await transport.writeTree(pod.etc, await etcFiles(transport, { ...request, hostname }, ip))
  const spec = request.record.pod.spec
  const pausePid =
    spec.shareProcessNamespace === true
      ? await startPause(context, uid, pod, request, allocation.hostId, signal)
      : undefined
  const sharedMemory = await shareMemory(transport, pod, request, signal)
  const sandbox: Sandbox = {
    bootId: facts.info.bootId,
    ...(ip === undefined ? {} : { ip }),
    hostname,
    hostNetwork: request.hostNetwork,
    hostIPC: request.hostIPC,
    volumes,
    versions: versionsOf(request.volumes),
    images: request.volumes.flatMap((volume) => (volume.kind === 'image' ? [volume.image] : [])),
    sharedMemory,
    ...(pausePid === undefined ? {} : { pausePid }),
    ...(allocation.hostId === undefined ? {} : { hostId: allocation.hostId }),
    ...cpuLists(allocation),
  }
  await rearm(transport, pod, request)
  // Whole or unreadable, which is as good as absent: it is small, and on a tmpfs.
  const what = { kind: 'file', content: JSON.stringify(sandbox) } as const
  await transport.writeTree(pod.run, [{ path: 'sandbox.json', mode: 0o600, what }])
}

async function allocationOf(
  context: SandboxContext,
  uid: PodUid,
  request: CreatePodRequest,
): Promise<Allocation> {
  const { idMapper } = context.facts.features
  if (request.userNamespace !== true || idMapper !== undefined) return await allocate(context, uid, request)
  const text =
    'hostUsers: false: this node cannot show files to users of a pod: it takes Linux 5.19 or newer, and perl'
  throw new RuntimeFailure('CreatePodSandboxError', text, { certain: true })
}

function cpuLists({ cpus }: Allocation): Pick<Sandbox, 'cpus'> {
  if (cpus === undefined) return {}
  return { cpus: Object.fromEntries(Object.entries(cpus).map(([name, list]) => [name, list.join(',')])) }
}

/**
 * Who is root in a pod with users of its own is nobody on the node, and has to find the way to its root file system: through, but not to look
 * around. Secrets are in folders of their own, which stay closed.
 */
async function makeRunDirectory(
  { paths, transport }: SandboxContext,
  pod: PodPaths,
  { hostId }: Allocation,
): Promise<void> {
  if (hostId === undefined) return await transport.makeDirectory(pod.run, 0o700)
  const what = { kind: 'directory' } as const
  // Made with the first root's own mode.
  const above = paths.runDir.startsWith('/run/reconcile/') ? ['/run/reconcile'] : []
  for (const path of [...above, paths.runDir, paths.runPods, pod.run, pod.runContainers]) {
    await transport.writeTree(path, [{ path: '', mode: 0o711, what }])
  }
  await transport.writeTree(pod.runVolumes, [{ path: '', mode: 0o700, what }])
}

/** Disarmed when the old sandbox was taken away, or all containers were ended; a pod that is to go, or has ended, stays so. */
async function rearm(
  transport: Transport,
  pod: PodPaths,
  { record }: Pick<CreatePodRequest, 'record'>,
): Promise<void> {
  if (record.pod.metadata.deletionTimestamp === undefined && record.ended === undefined)
    await transport.remove(pod.disarmed)
}

async function nodeHostname(transport: Transport): Promise<string> {
  return (await readText(transport, '/proc/sys/kernel/hostname')).trim()
}

/** Also when one has failed: whoever takes the pod away then must find nothing still being made. */
async function bothEnded<A, B>(one: Promise<A>, other: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([one, other])
  return [await one, await other]
}

async function prepareFiles(
  transport: Transport,
  pod: PodPaths,
  request: CreatePodRequest,
  program: string | undefined,
): Promise<void> {
  const empty = { kind: 'file', content: '' } as const
  // Written before the plugins run: how to undo what they do.
  const { bandwidth, hostNetwork, portMappings } = request
  const network = JSON.stringify({ attached: !hostNetwork, portMappings, bandwidth })
  await transport.writeTree(pod.run, [
    ...(program === undefined
      ? []
      : [{ path: 'program', mode: 0o600, what: { kind: 'file', content: program } } as const]),
    { path: 'network.json', mode: 0o600, what: { kind: 'file', content: network } },
    ...(request.hostNetwork ? [] : ['net', 'uts']).map((path) => ({ path, mode: 0o600, what: empty })),
    ...(request.hostIPC ? [] : [{ path: 'ipc', mode: 0o600, what: empty }]),
    ...(request.userNamespace === true ? [{ path: 'user', mode: 0o600, what: empty }] : []),
  ])
  await transport.makeDirectory(pod.etc, 0o755)
}

/** Resolves to the pod's address, unless it has the host's network. */
async function attach(
  context: SandboxContext,
  pod: PodPaths,
  request: CreatePodRequest,
  { allocation, uid }: { readonly uid: PodUid; readonly allocation: Allocation },
  signal?: AbortSignal,
): Promise<string | undefined> {
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
  const ip = parseAddress(result.stdout)
  if (ip === undefined) throw networkFailure('CreatePodSandboxError', doing, result)
  await runPlugins(
    context,
    pod,
    { verb: 'ADD', attachment, result: parseJson(result.stdout) },
    request,
    signal,
  )
  return ip
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
    const ports = portmapCommand(verb, network, attachment, portMappings, result)
    await runPlugin(transport, pod.lock, ports, "mapping the host's ports to the pod", signal)
  }
  if (bandwidth !== undefined) {
    const limit = bandwidthCommand(verb, network, attachment, bandwidth, result)
    await runPlugin(transport, pod.lock, limit, "limiting the pod's bandwidth", signal)
  }
}

/** Containers of one pod see one /dev/shm, as they share their ipc namespace. A lone one has its own without our help. */
async function shareMemory(
  transport: Transport,
  pod: PodPaths,
  request: CreatePodRequest,
  signal?: AbortSignal,
): Promise<boolean> {
  const { containers, initContainers = [] } = request.record.pod.spec
  if (request.hostIPC || containers.length + initContainers.length < 2) return false
  await transport.makeDirectory(pod.sharedMemory, 0o1777)
  const options = 'mode=1777,size=65536k,nosuid,nodev,noexec'
  const command: Command = { argv: ['mount', '-t', 'tmpfs', '-o', options, 'shm', pod.sharedMemory] }
  const failing = { reason: 'CreatePodSandboxError', doing: "mounting the pod's /dev/shm" }
  await runOrFail(transport, locked(pod.lock, command), failing, signal)
  return true
}

/** Made whole in this boot, and its namespaces are still pinned. */
async function isWhole(context: SandboxContext, pod: PodPaths): Promise<boolean> {
  const { facts, transport } = context
  const sandbox = parseSandbox(await readText(transport, pod.sandbox))
  if (sandbox?.bootId !== facts.info.bootId) return false
  const mounted = new Set(await mountsOf(transport, pod.run))
  if (!neededPins(pod, sandbox).every((path) => mounted.has(path))) return false
  return sandbox.pausePid === undefined || (await transport.stat(`/proc/${sandbox.pausePid}`)) !== undefined
}

export function neededPins(
  pod: PodPaths,
  sandbox: Pick<Sandbox, 'hostNetwork' | 'hostIPC' | 'hostId'>,
): readonly string[] {
  const { ipc, net, user, uts } = pod.pins
  const users = sandbox.hostId === undefined ? [] : [user]
  return [...users, ...(sandbox.hostNetwork ? [] : [net, uts]), ...(sandbox.hostIPC ? [] : [ipc])]
}

async function mountsOf(transport: Transport, path: string): Promise<readonly string[]> {
  return mountedBelow(parseMountTable(await readText(transport, MOUNT_TABLE)), path)
}

/** Gives back all that is not on the disk, from whatever state it was left in. Its containers have ended. */
export async function clearSandbox(
  context: SandboxContext,
  uid: PodUid,
  signal?: AbortSignal,
): Promise<void> {
  const { facts, paths, transport } = context
  const pod = podPaths(paths, uid)
  if ((await transport.stat(pod.run)) !== undefined) {
    await endPause(context, uid, pod, signal)
    await detach(context, uid, pod, signal)
    await transport.remove(pod.run)
  }
  await transport.removeEmpty([
    ...nodeCgroupDirectories(facts, `${pod.cgroup}/pause`),
    ...nodeCgroupDirectories(facts, pod.cgroup),
  ])
}

async function endPause(
  context: SandboxContext,
  uid: PodUid,
  pod: PodPaths,
  signal?: AbortSignal,
): Promise<void> {
  const { facts, transport } = context
  if ((await transport.stat(`${facts.program.state}/${uid}`)) === undefined) return
  const failing = { reason: 'KillPodSandboxError', doing: "ending the pod's pause process" }
  const program = await programOf(context, uid, facts.program)
  await runOrFail(transport, locked(pod.lock, deleteCommand(program, uid)), failing, signal)
}

/**
 * What is mounted is looked at before the lock is had: a command of an engine that was killed meanwhile may be about to
 * unmount it. Then it fails, and is right the second time.
 */
async function detach(
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
  return [...(await mountsOf(transport, pod.run)), ...(await mountsOf(transport, pod.directory))]
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
