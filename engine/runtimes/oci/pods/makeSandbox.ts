import type { CreatePodRequest } from '../../../api/cri.ts'
import type { PodUid } from '../../../api/names.ts'
import { podUid } from '../../../api/names.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { runOrFail } from '../commands.ts'
import type { Allocation } from './allocations.ts'
import { allocate } from './allocations.ts'
import { etcFiles } from './etcFiles.ts'
import { locked } from '../hook/hookCommands.ts'
import { mountedBelow, readMountTable } from '../node/mountTable.ts'
import { readText } from '../node/node.ts'
import type { PodPaths } from '../paths.ts'
import { podPaths } from '../paths.ts'
import { startPause } from './pause.ts'
import { handlerProgram } from './program.ts'
import { podCgroupWrites, writePodCgroup } from './podCgroup.ts'
import { makeVolumes, versionsOf } from '../volumes/volumes.ts'
import type { Sandbox, SandboxContext } from './sandbox.ts'
import { mountsOf } from './sandbox.ts'
import { attach } from './attach.ts'
import { lookAtWhole, mendPod } from './mendPod.ts'
import { clearSandbox } from './clearSandbox.ts'

/** What a runtime does about a pod's sandbox beside what every pod has. */
export interface SandboxParts {
  /** Of a broken one: what runs in it still. */
  readonly endContainers: (context: SandboxContext, uid: PodUid, signal?: AbortSignal) => Promise<void>
  /** The last that a new one takes: what is not done when the sandbox is on record is never done. */
  readonly complete?: () => Promise<void>
  /** Process 1 of the pod's own pid namespace, where its containers share one; absent: the OCI runtime's. */
  readonly startPause?: () => Promise<number>
}

/** Namespaces, network, files and volumes of a pod whose record is written. Done twice it is done once. */
export async function makeSandbox(
  context: SandboxContext,
  request: CreatePodRequest,
  { complete, endContainers, startPause: ownPause }: SandboxParts,
  signal?: AbortSignal,
): Promise<void> {
  const { facts, paths, transport } = context
  const uid = podUid(request.record.pod.metadata.uid ?? '')
  const pod = podPaths(paths, uid)
  if ((await transport.stat(pod.run)) !== undefined) {
    const looked = await lookAtWhole(context, uid)
    if (looked !== undefined) {
      await mendPod(context, pod, request, looked, signal)
      return await rearm(transport, pod, request)
    }
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
  const mounted = new Set(request.volumes.length === 0 ? [] : await mountsOf(transport, pod.directory))
  const [attached, volumes] = await bothEnded(
    attach(context, pod, request, { uid, allocation }, signal),
    makeVolumes({ transport, pod, claims: paths.claims, images: context.images }, request, mounted, signal),
  )
  // With the host's network a pod has its name, too.
  const hostname = request.hostNetwork ? await nodeHostname(transport) : request.hostname
  await transport.writeTree(pod.etc, await etcFiles(transport, { ...request, hostname }, attached))
  const spec = request.record.pod.spec
  const pausePid =
    spec.shareProcessNamespace === true
      ? await (ownPause?.() ?? startPause(context, uid, pod, request, allocation.hostId, signal))
      : undefined
  const sharedMemory = await shareMemory(transport, pod, request, signal)
  const sandbox: Sandbox = {
    bootId: facts.info.bootId,
    ...(attached === undefined ? {} : { ip: attached.ip }),
    ...(attached?.ip6 === undefined ? {} : { ip6: attached.ip6 }),
    ...(attached?.link === undefined ? {} : { link: attached.link }),
    mounts: request.volumes.length === 0 && !sharedMemory ? [] : await ownMounts(transport, pod),
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
  await complete?.()
  await rearm(transport, pod, request)
  // Whole or unreadable, which is as good as absent: it is small, and on a tmpfs.
  const what = { kind: 'file', content: JSON.stringify(sandbox) } as const
  const copy = { kind: 'file', content: JSON.stringify(request.record) } as const
  await transport.writeTree(pod.run, [
    { path: 'pod.json', mode: 0o600, what: copy },
    { path: 'sandbox.json', mode: 0o600, what },
  ])
}

/** Of volumes, and /dev/shm: what a container that starts later has to find mounted still. */
async function ownMounts(transport: Transport, pod: PodPaths): Promise<readonly string[]> {
  const table = await readMountTable(transport)
  const places = [pod.volumes, pod.mounts, pod.runVolumes, pod.sharedMemory]
  return places.flatMap((place) => mountedBelow(table, place)).toSorted()
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
export async function bothEnded<A, B>(one: Promise<A>, other: Promise<B>): Promise<readonly [A, B]> {
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
