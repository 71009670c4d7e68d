import type { StartContainerRequest } from '../../../api/cri.ts'
import type { Transport, TreeEntry } from '../../../transport/transport.ts'
import { oomFile } from '../node/cgroups.ts'
import { cpuLimitWrite } from '../pods/podCgroup.ts'
import { confinementOf } from './confinement.ts'
import { runOrFail } from '../commands.ts'
import { nodeDevices, volumeDevices } from './devices.ts'
import { hookStartCommand } from '../hook/hookCommands.ts'
import { mountParts, shown } from './mountParts.ts'
import { configError, createError, type Parts, type StartContext } from './parts.ts'
import { readText } from '../node/node.ts'
import type { ContainerPaths } from '../paths.ts'
import { containerPaths, podPaths } from '../paths.ts'
import { fitsMountOptions, lowerLayers, ruleText } from '../hook/rule.ts'
import { programOf } from '../pods/program.ts'
import { parseSandbox } from '../pods/sandbox.ts'
import { capabilitiesFor } from '../spec/capabilities.ts'
import type { MountParts } from '../spec/mounts.ts'
import { containerMounts } from '../spec/mounts.ts'
import { processArgs, processEnvironment } from '../spec/processArgs.ts'
import { linuxSeccomp, parseSeccompProfile } from '../spec/seccomp.ts'
import type { SpecParts } from '../spec/spec.ts'
import { ociSpec } from '../spec/spec.ts'
import type { ProcessUser } from '../spec/user.ts'
import { processUser } from '../spec/user.ts'

/** Resolves when the container runs, or when it is on record why it could not be started. Done twice it is done once. */
export async function startContainer(
  context: StartContext,
  request: StartContainerRequest,
  signal?: AbortSignal,
): Promise<void> {
  const { facts, paths, transport } = context
  const pod = podPaths(paths, request.uid)
  const container = containerPaths(pod, request.uid, request.container)
  if (await isPast(transport, container, request.attempt)) return
  const sandbox = parseSandbox(await readText(transport, pod.sandbox))
  if (sandbox === undefined) throw createError(request, 'the pod has no sandbox on this node', false)
  const image = await context.images.resolve(request.image)
  if (image === undefined) throw createError(request, `image ${request.image} is not on this node`, false)
  const parts: Parts = { context, request, image, pod, container, sandbox }
  const { layers, mounts } = await shown(parts, await mountParts(parts, signal), signal)
  const spec = async (lxcfs: string | undefined) => await containerSpec(parts, { ...mounts, lxcfs })
  const { lxcfs } = facts.features
  const configs =
    lxcfs === undefined
      ? { 'config.json': await spec(undefined) }
      : { 'plain.json': await spec(undefined), 'lxcfs.json': await spec(lxcfs) }
  await writeContainer(parts, layers, configs)
  const command = hookStartCommand(facts.hook, container.rule, request.attempt, 0)
  const failing = { reason: 'RunContainerError', doing: `starting container ${request.container}` }
  await runOrFail(transport, command, failing, signal)
}

/** This attempt, or a later one of the node's hook, is there already. A trace of a start that was cut off is not. */
async function isPast(transport: Transport, container: ContainerPaths, attempt: number): Promise<boolean> {
  const traces = await transport.readTree(container.directory, {
    names: new Set(['started', 'exited']),
    skip: ['*/upper', '*/work'],
    depth: 2,
  })
  return traces.some(({ content = '', path }) => content !== '' && Number(path.split('/', 1)[0]) >= attempt)
}

async function containerSpec(parts: Parts, mounts: MountParts): Promise<unknown> {
  const { container, context, image, pod, request, sandbox } = parts
  const { facts, transport } = context
  const args = processArgs(request, image.config)
  if (args.length === 0)
    throw createError(request, 'neither the manifest nor the image says which command to run', true)
  const capabilities = capabilitiesFor(request.security, facts.capabilities)
  if (capabilities.kind === 'unavailable') {
    throw createError(request, `the engine itself lacks ${capabilities.names.join(', ')} on this node`, true)
  }
  const user = await userOf(parts)
  const confinement = confinementOf(request, facts.features, sandbox, pod.pins.user)
  if (typeof confinement === 'string') throw createError(request, confinement, true)
  return ociSpec(request, {
    rootfs: container.rootfs,
    cgroup: container.cgroup,
    namespaces: {
      net: sandbox.hostNetwork ? undefined : pod.pins.net,
      ipc: sandbox.hostIPC ? undefined : pod.pins.ipc,
      uts: sandbox.hostNetwork ? undefined : pod.pins.uts,
      pid: pidNamespace(parts),
      cgroup: facts.cgroups.version === 'v2' && !request.security.privileged,
    },
    hostname: sandbox.hostNetwork ? undefined : sandbox.hostname,
    args,
    env: processEnvironment(image.config, sandbox.hostname, request.env),
    cwd: request.workingDir ?? (image.config.workingDir || '/'),
    user,
    capabilities: capabilities.names,
    seccomp: await seccompOf(parts, capabilities.names),
    mounts: containerMounts(mounts),
    devices: [
      ...(request.security.privileged ? await nodeDevices(transport) : []),
      ...(await volumeDevices(transport, request.devices ?? [], sandbox.volumes)),
    ],
    ...confinement,
  })
}

async function userOf({ context, image, request }: Parts): Promise<ProcessUser> {
  const read = async (path: string) => (await context.transport.readOverlaid(image.layerDirs, path)) ?? ''
  const accounts = { passwd: await read('/etc/passwd'), group: await read('/etc/group') }
  const user = processUser(request.security, image.config.user, accounts)
  if ('kind' in user) throw configError(request, user.message)
  return user
}

function pidNamespace({ request, sandbox }: Parts): SpecParts['namespaces']['pid'] {
  switch (request.pidMode) {
    case 'container':
      return 'own'
    case 'host':
      return 'host'
    case 'pod':
      if (sandbox.pausePid !== undefined) return { path: `/proc/${sandbox.pausePid}/ns/pid` }
      throw createError(request, 'the pod has no pid namespace of its own', false)
    default:
      return request.pidMode satisfies never
  }
}

async function seccompOf(parts: Parts, capabilities: readonly string[]): Promise<unknown> {
  const { context, request } = parts
  const { privileged, seccomp } = request.security
  if (seccomp === 'Unconfined' || privileged) return undefined
  const { facts, paths, transport } = context
  if (seccomp === 'RuntimeDefault') return linuxSeccomp(facts.seccomp, capabilities, facts.machine)
  const path = `${paths.seccompProfiles}/${seccomp.localhostProfile}`
  const profile = parseSeccompProfile(await readText(transport, path))
  if (profile === undefined) throw configError(request, `there is no seccomp profile at ${path}`)
  return linuxSeccomp(profile, capabilities, facts.machine)
}

/** The rule is on the disk, without secrets; the configuration, with the environment in it, on the tmpfs. */
async function writeContainer(
  parts: Parts,
  layerDirs: readonly string[],
  configs: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { container, context, image, pod, request, sandbox } = parts
  const { facts, paths, transport } = context
  const layers = lowerLayers(layerDirs, `${container.bundle}/empty`)
  if (!fitsMountOptions(layers, container)) {
    const text = `image ${image.reference} has ${image.layerDirs.length} layers, more than overlayfs can be told of; build it with fewer`
    throw createError(request, text, true)
  }
  const program = await programOf(context, request.uid, facts.program)
  const cpuLimit = cpuLimitWrite(facts.cgroups, container.cgroup, request.resources.cpuQuotaUs)
  const rule = ruleText({
    paths,
    pod,
    container,
    request,
    image,
    stopSignal: image.config.stopSignal,
    runtime: program.path,
    conmon: facts.conmon,
    layers,
    oomFile: oomFile(facts.cgroups, container.cgroup),
    monitors: facts.monitors,
    ...(sandbox.hostId !== undefined && { owner: sandbox.hostId }),
    ...(facts.features.lxcfs !== undefined && { lxcfs: facts.features.lxcfs }),
    ...(sandbox.cpus?.[request.container] === undefined && { sharedCpus: paths.sharedCpus }),
    ...(cpuLimit !== undefined && { cpuLimit }),
  })
  const file = (path: string, mode: number, content: string): TreeEntry => ({
    path,
    mode,
    what: { kind: 'file', content },
  })
  const folder = (path: string, mode: number): TreeEntry => ({ path, mode, what: { kind: 'directory' } })
  await transport.writeTree(container.bundle, [
    folder('', sandbox.hostId === undefined ? 0o700 : 0o711),
    folder('rootfs', 0o755),
    ...(image.layerDirs.length === 0 ? [folder('empty', 0o755)] : []),
    ...Object.entries(configs).map(([name, spec]) => file(name, 0o600, JSON.stringify(spec))),
  ])
  const attempt = String(request.attempt)
  await transport.writeTree(container.directory, [
    folder('', 0o700),
    file('rule', 0o600, rule),
    file('termination-log', 0o666, ''),
    ...[attempt, `${attempt}/upper`, `${attempt}/work`].map((path) => folder(path, 0o755)),
  ])
}
