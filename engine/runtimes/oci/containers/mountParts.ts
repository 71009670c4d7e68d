import type { MountRequest } from '../../../api/cri.ts'
import type { Transport } from '../../../transport/transport.ts'
import { failure, runOrFail } from '../commands.ts'
import { mapIds } from './mapped.ts'
import { mountedBelow, readMountTable } from '../node/mountTable.ts'
import { configError, createError, type Parts } from './parts.ts'
import type { ContainerPaths } from '../paths.ts'
import { unmountCommand } from '../pods/sandbox.ts'
import type { MountParts } from '../spec/mounts.ts'

/** What the container is to see mounted, and where that is on the node. */
export async function mountParts(parts: Parts, signal?: AbortSignal): Promise<MountParts> {
  const { container, context, pod, request, sandbox } = parts
  const { privileged, readOnlyRootFilesystem } = request.security
  const { mountAttributes: recursiveReadOnly } = context.facts.features
  const all = request.mounts.find((mount) => mount.recursiveReadOnly === 'Enabled' && mount.readOnly)
  if (all !== undefined && !recursiveReadOnly) {
    const text = `volume ${all.volume}: recursiveReadOnly Enabled takes Linux 5.12 or newer`
    throw createError(request, text, true)
  }
  return {
    recursiveReadOnly,
    privileged,
    readOnlyRootFilesystem,
    etc: etcOf(pod.etc),
    sharedMemory: sandbox.hostIPC ? '/dev/shm' : sandbox.sharedMemory ? pod.sharedMemory : undefined,
    terminationLog: { source: container.terminationLog, destination: request.terminationMessagePath },
    volumes: await volumeSources(parts, signal),
  }
}

async function volumeSources(parts: Parts, signal?: AbortSignal): Promise<MountParts['volumes']> {
  const { container, context, request, sandbox } = parts
  const { transport } = context
  const withSubPath = request.mounts.some(({ subPath }) => subPath !== undefined)
  if (withSubPath) await clearSubPaths(transport, container, signal)
  const volumes: { request: MountRequest; source: string }[] = []
  for (const [index, mount] of request.mounts.entries()) {
    const base = sandbox.volumes[mount.volume]
    if (base === undefined) throw configError(request, `the pod has no volume ${mount.volume}`)
    if (mount.subPath === undefined) {
      volumes.push({ request: mount, source: base })
      continue
    }
    const source = `${container.subPaths}/${index}`
    await bind(parts, base, mount.subPath, source, signal)
    volumes.push({ request: mount, source })
  }
  return volumes
}

async function bind(
  parts: Parts,
  base: string,
  subPath: string,
  source: string,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await parts.context.transport.bindBeneath(base, subPath, source, signal)
  } catch (error) {
    signal?.throwIfAborted()
    const doing = `creating container ${parts.request.container}: preparing subPath ${subPath}`
    throw failure({ reason: 'CreateContainerConfigError', doing }, error)
  }
}

async function clearSubPaths(
  transport: Transport,
  container: ContainerPaths,
  signal?: AbortSignal,
): Promise<void> {
  const table = await readMountTable(transport)
  const mounted = mountedBelow(table, container.subPaths)
  if (mounted.length === 0) return
  const failing = { reason: 'CreateContainerError', doing: 'unmounting what an earlier attempt has mounted' }
  await runOrFail(transport, unmountCommand(mounted), failing, signal)
}

/** Where layers, volumes and files of the pod are for this container: mapped, if its users are the pod's own. */
export async function shown(
  { container, context, image, pod, sandbox }: Parts,
  mounts: MountParts,
  signal?: AbortSignal,
): Promise<{ readonly layers: readonly string[]; readonly mounts: MountParts }> {
  const { facts, transport } = context
  const { idMapper } = facts.features
  if (sandbox.hostId === undefined || idMapper === undefined) return { layers: image.layerDirs, mounts }
  const { volumes } = mounts
  const mapping = { transport, idMapper, userPin: pod.pins.user, directory: container.mapped }
  const sources = [pod.etc, ...image.layerDirs, ...volumes.map(({ source }) => source)]
  const [etc, ...rest] = await mapIds(mapping, sources, signal)
  const layers = rest.slice(0, image.layerDirs.length).map(({ path }) => path)
  const places = rest.slice(image.layerDirs.length)
  return {
    layers,
    mounts: {
      ...mounts,
      etc: { ...etcOf(etc?.path ?? pod.etc), locked: etc?.locked },
      volumes: volumes.map(({ request, source }, index) => {
        const { locked, path = source } = places[index] ?? {}
        return { request, source: path, locked }
      }),
    },
  }
}

function etcOf(etc: string): MountParts['etc'] {
  return { hosts: `${etc}/hosts`, hostname: `${etc}/hostname`, resolvConf: `${etc}/resolv.conf` }
}
