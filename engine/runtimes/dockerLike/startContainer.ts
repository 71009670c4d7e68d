import type { StartContainerRequest } from '../../api/cri.ts'
import type { PodRecord } from '../../api/records.ts'
import type { TreeEntry } from '../../transport/transport.ts'
import { LOG_LIMITS } from '../../api/logLimits.ts'
import { confinementOf } from '../oci/containers/confinement.ts'
import { mountParts } from '../oci/containers/mountParts.ts'
import { configError, createError, type Parts } from '../oci/containers/parts.ts'
import { readPodFiles } from '../oci/pods/podFiles.ts'
import { parseRecord } from '../oci/pods/podListing.ts'
import { parseSandbox } from '../oci/pods/sandbox.ts'
import { programOf } from '../oci/pods/program.ts'
import { capabilitiesFor, missingCapabilities } from '../oci/spec/capabilities.ts'
import { processArgs } from '../oci/spec/processArgs.ts'
import { parseSeccompProfile } from '../oci/spec/seccomp.ts'
import { processUser } from '../oci/spec/user.ts'
import { readText } from '../oci/node/node.ts'
import { containerPaths, podPaths } from '../oci/paths.ts'
import { attemptFolder, END_FILE, restartFlag, START_FILE, type StartFile } from './attemptFiles.ts'
import { containerLabels } from './labels.ts'
import { containerName, podName } from './names.ts'
import { begin } from './begin.ts'
import { settleEnd } from './ends.ts'
import { type EnvironmentPlace, writeEnvironment } from './environment.ts'
import { inspected } from './look.ts'
import type { RunMount, RunParts } from './runParts.ts'
import { removeContainers, type ToolNode } from './tool.ts'

/** Resolves when the container runs, or when it is on record why it could not be started. Done twice it is done once. */
export async function startContainer(
  node: ToolNode,
  request: StartContainerRequest,
  signal?: AbortSignal,
): Promise<void> {
  const { images, paths, transport } = node
  const facts = await node.facts()
  const pod = podPaths(paths, request.uid)
  const container = containerPaths(pod, request.uid, request.container)
  if (await isPast(node, request, signal)) return
  const sandbox = parseSandbox(await readText(transport, pod.sandbox))
  if (sandbox === undefined) throw createError(request, 'the pod has no sandbox on this node', false)
  const image = await images.resolve(request.image)
  if (image === undefined) throw createError(request, `image ${request.image} is not on this node`, false)
  const context = { transport, paths, facts, images }
  const parts: Parts = { context, request, image, pod, container, sandbox }
  const environment = await writeEnvironment(node, parts, signal)
  const run = await runParts(node, parts, environment, signal)
  await node.readyPod?.(parts, signal)
  await writeAttempt(parts)
  await begin(node, parts, run, signal)
}

/**
 * This attempt, or a later one of the program's, is there already. Otherwise the program has nothing of the container any more: the earlier ones have ended, on
 * record, and none of them is started again beside the one that is to begin; nor is there what a start that was cut off has left.
 */
async function isPast(
  node: ToolNode,
  request: StartContainerRequest,
  signal?: AbortSignal,
): Promise<boolean> {
  const files = await readPodFiles(node.transport, node.paths, request.uid)
  const attempts = files?.containers.get(request.container)?.attempts
  if (files === undefined || attempts === undefined || attempts.size === 0) return false
  const last = Math.max(...attempts.keys())
  if (last > request.attempt || attempts.get(request.attempt)?.has(END_FILE) === true) return true
  const nameOf = (attempt: number) => containerName(request.uid, request.container, attempt)
  const begun = [...attempts].filter(([, one]) => one.has(START_FILE)).map(([attempt]) => nameOf(attempt))
  const found = await inspected(node, begun, signal)
  if (found.get(nameOf(request.attempt))?.startedAt !== undefined) return true
  const observed = await settleEnd(node, files, request.container)
  if (observed !== undefined && observed.state.kind !== 'created') {
    // The program may have been faster.
    if (observed.attempt >= request.attempt) return true
    if (observed.state.kind === 'running')
      throw createError(request, `attempt ${observed.attempt} runs still`, false)
  }
  const failing = { reason: 'RunContainerError', doing: 'removing what earlier starts have left', signal }
  await removeContainers(node, [...found.keys()], failing)
  return false
}

async function runParts(
  node: ToolNode,
  parts: Parts,
  environment: EnvironmentPlace,
  signal?: AbortSignal,
): Promise<RunParts> {
  const { context, image, pod, request, sandbox } = parts
  const { facts } = context
  const args = processArgs(request, image.config)
  if (args.length === 0)
    throw createError(request, 'neither the manifest nor the image says which command to run', true)
  const capabilities = capabilitiesOf(node, parts)
  const confinement = confinementOf(request, facts.features, sandbox, pod.pins.user)
  if (typeof confinement === 'string') throw createError(request, confinement, true)
  const { appArmorProfile, cpus, oomScoreAdj } = confinement
  const seccomp = await seccompOf(parts, node.seccomp)
  const stopSignal = await stopSignalOf(parts)
  const program = await programOf(context, request.uid, facts.program)
  if (program.path !== facts.program.path)
    throw createError(request, `${node.tool.name} runs no container with the runtime of a RuntimeClass`, true)
  return {
    name: containerName(request.uid, request.container, request.attempt),
    podName: podName(request.uid),
    labels: containerLabels(parts),
    image: image.id.replace(/^sha256:/, ''),
    args,
    cwd: request.workingDir ?? (image.config.workingDir || '/'),
    ...environment,
    user: await userOf(parts),
    capabilities,
    namespaces: node.namespaces(parts),
    ...(facts.cgroups.hierarchies.length > 0 && { cgroupParent: pod.cgroup }),
    restart: restartFlag(request.restart),
    stopSignal,
    log: { path: `${attemptFolder(parts)}/log`, bytesMax: request.logBytesMax ?? LOG_LIMITS.bytesMax },
    mounts: await mountsOf(parts, signal),
    devices: (request.devices ?? []).map(({ devicePath, readOnly, volume }) => ({
      source: sandbox.volumes[volume] ?? '',
      path: devicePath,
      readOnly,
    })),
    ...(seccomp !== undefined && { seccomp }),
    ...(appArmorProfile !== undefined && { appArmor: appArmorProfile }),
    ...(oomScoreAdj !== undefined && { oomScoreAdj }),
    ...(cpus !== undefined && { cpus }),
  }
}

/** Rejects what the machine cannot give. */
function capabilitiesOf({ tool }: ToolNode, { context: { facts }, request }: Parts): readonly string[] {
  const { security } = request
  const capabilities = capabilitiesFor(security, facts.capabilities)
  if (capabilities.kind === 'unavailable')
    throw createError(request, `the engine itself lacks ${capabilities.names.join(', ')} on this node`, true)
  const lacking = security.privileged ? missingCapabilities(facts.capabilities) : []
  if (lacking.length === 0 || !tool.givesAll) return capabilities.names
  const text = `${tool.name} gives a privileged container all capabilities or none, and this machine lacks ${lacking.join(', ')}`
  throw createError(request, text, true)
}

async function userOf({ context, image, request }: Parts): Promise<RunParts['user']> {
  const read = async (path: string) => (await context.transport.readOverlaid(image.layerDirs, path)) ?? ''
  const accounts = { passwd: await read('/etc/passwd'), group: await read('/etc/group') }
  const user = processUser(request.security, image.config.user, accounts)
  if ('kind' in user) throw configError(request, user.message)
  return user
}

/** Undefined: the program's own. */
async function seccompOf(
  { context, request }: Parts,
  usual: string | undefined,
): Promise<string | undefined> {
  const { privileged, seccomp } = request.security
  if (privileged || seccomp === 'Unconfined') return 'unconfined'
  if (seccomp === 'RuntimeDefault') return usual
  const path = `${context.paths.seccompProfiles}/${seccomp.localhostProfile}`
  if (parseSeccompProfile(await readText(context.transport, path)) !== undefined) return path
  throw configError(request, `there is no seccomp profile at ${path}`)
}

/** The program sends the signal that it was told of when it made the container. */
async function stopSignalOf({ context, image, pod, request }: Parts): Promise<string> {
  const record: PodRecord | string = parseRecord(await readText(context.transport, pod.record))
  if (typeof record === 'string') return image.config.stopSignal
  const { containers, initContainers = [] } = record.pod.spec
  const own = [...containers, ...initContainers].find(({ name }) => name === request.container)
  return own?.lifecycle?.stopSignal ?? image.config.stopSignal
}

/** The manifest's word goes before ours. */
async function mountsOf(parts: Parts, signal?: AbortSignal): Promise<readonly RunMount[]> {
  const { etc, sharedMemory, volumes } = await mountParts(parts, signal)
  const { readOnlyRootFilesystem } = parts.request.security
  const propagations = { private: 'rprivate', rslave: 'rslave', rshared: 'rshared' } as const
  const asked = volumes.map(({ request, source }) => ({
    source,
    destination: request.mountPath,
    readOnly: request.readOnly,
    propagation: propagations[request.propagation],
    ...(request.noExec === true && { noExec: true }),
  }))
  const file = (destination: string, source: string, readOnly: boolean): RunMount => ({
    source,
    destination,
    readOnly,
    propagation: 'rprivate',
  })
  const own = [
    file('/etc/hosts', etc.hosts, readOnlyRootFilesystem),
    file('/etc/hostname', etc.hostname, readOnlyRootFilesystem),
    file('/etc/resolv.conf', etc.resolvConf, readOnlyRootFilesystem),
    file(parts.request.terminationMessagePath, `${attemptFolder(parts)}/message`, false),
    ...(sharedMemory === undefined || sharedMemory === '/dev/shm'
      ? []
      : [file('/dev/shm', sharedMemory, false)]),
  ]
  const taken = new Set(asked.map(({ destination }) => destination))
  return [...own.filter(({ destination }) => !taken.has(destination)), ...asked]
}

/** On the disk, without secrets. */
async function writeAttempt(parts: Parts): Promise<void> {
  const { context, image, request } = parts
  const { facts, transport } = context
  const { exitRules, policy } = request.restart
  const start: StartFile = {
    bootId: facts.info.bootId,
    at: Temporal.Now.instant().toString(),
    image: { id: image.id, reference: image.reference },
    restart: { policy, ...(exitRules !== undefined && { exitRules }) },
    messagePolicy: request.terminationMessagePolicy,
  }
  const file = (path: string, mode: number, content: string): TreeEntry => ({
    path,
    mode,
    what: { kind: 'file', content },
  })
  await transport.writeTree(attemptFolder(parts), [
    { path: '', mode: 0o755, what: { kind: 'directory' } },
    file('message', 0o666, ''),
    file(START_FILE, 0o600, JSON.stringify(start)),
  ])
}
