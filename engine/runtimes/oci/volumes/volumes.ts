import type { CreatePodRequest } from '../../../api/cri.ts'
import type {
  FilesVolume,
  HostPathType,
  UpdateVolumesRequest,
  VolumeFile,
  VolumeRequest,
} from '../../../api/volumeRequests.ts'
import type { Command, FileStatus, Transport, TreeEntry } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { type ClaimOwner, giveToGroup, makeClaim } from './claims.ts'
import { failure, runOrFail } from '../commands.ts'
import { locked } from '../hook/hookCommands.ts'
import type { ImageStore } from '../images/store.ts'
import { mountImage } from './imageVolume.ts'
import { mountNfs } from './nfs.ts'
import type { PodPaths } from '../paths.ts'
import type { Sandbox } from '../pods/sandbox.ts'

type Wish = Pick<CreatePodRequest, 'volumes' | 'fsGroup' | 'record'>

export interface VolumePlaces {
  readonly transport: Transport
  readonly pod: PodPaths
  readonly claims: string
  readonly images: Pick<ImageStore, 'resolve'>
}

/** Makes a pod's volumes; where each one is, by name. Done twice it is done once. */
export async function makeVolumes(
  places: VolumePlaces,
  wish: Wish,
  mounted: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const sources: Record<string, string> = {}
  for (const volume of wish.volumes) {
    try {
      sources[volume.name] = await makeVolume(places, volume, wish, mounted, signal)
    } catch (error) {
      signal?.throwIfAborted()
      throw failure({ reason: 'FailedMount', doing: `making volume ${volume.name}` }, error)
    }
  }
  return sources
}

async function makeVolume(
  places: VolumePlaces,
  volume: VolumeRequest,
  wish: Wish,
  mounted: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<string> {
  const { pod, transport } = places
  const group = wish.fsGroup
  switch (volume.kind) {
    case 'emptyDir': {
      const path = `${pod.volumes}/${volume.name}`
      if (volume.medium === 'Memory' && !mounted.has(path))
        await mountMemory(transport, pod, path, volume, signal)
      await transport.writeTree(path, [directoryEntry('', 0o777, group)])
      return path
    }
    case 'hostPath':
      await checkHostPath(transport, volume.path, volume.type)
      return volume.path
    case 'files':
      await writeVolumeFiles(transport, filesFolder(pod, volume), volume, group)
      return filesFolder(pod, volume)
    case 'claim':
      return await makeClaim(transport, places.claims, volume, ownerOf(wish), signal)
    case 'local':
      await checkLocal(transport, volume.path)
      return await giveToGroup(transport, volume.path, ownerOf(wish), signal)
    case 'block':
      await checkBlock(transport, volume.path)
      return volume.path
    case 'nfs':
      return await mountNfs(transport, pod, volume, mounted, signal)
    case 'csi': {
      const { publishVolume } = await import('./csi/publish.ts')
      const path = await publishVolume(transport, pod, volume, wish.record, mounted, signal)
      // The kubelet's default for volumes of one node: the group owns what has a file system of its own.
      return volume.fsType === '' || volume.readOnly
        ? path
        : await giveToGroup(transport, path, ownerOf(wish), signal)
    }
    case 'image':
      return await mountImage(places, volume, signal)
    default:
      return volume satisfies never
  }
}

function ownerOf({ fsGroup: group, record }: Wish): ClaimOwner {
  const { fsGroupChangePolicy } = record.pod.spec.securityContext ?? {}
  return { group, onMismatchOnly: fsGroupChangePolicy === 'OnRootMismatch' }
}

/** It is never made: an empty folder in the place of a disk that is not mounted would be written to. */
async function checkLocal(transport: Transport, path: string): Promise<void> {
  const status = await transport.stat(path)
  if (status?.kind === 'directory') return
  const found = status === undefined ? 'does not exist' : `is a ${status.kind}, not a directory`
  throw new RuntimeFailure('FailedMount', `path ${JSON.stringify(path)} ${found}`)
}

async function checkBlock(transport: Transport, path: string): Promise<void> {
  const status = await transport.stat(path)
  if (status?.kind === 'blockDevice') return
  const found = status === undefined ? 'does not exist' : `is a ${status.kind}, not a block device`
  throw new RuntimeFailure('FailedMapVolume', `path ${JSON.stringify(path)} ${found}`)
}

function filesFolder(pod: PodPaths, volume: Pick<FilesVolume, 'name' | 'secret'>): string {
  return `${volume.secret ? pod.runVolumes : pod.volumes}/${volume.name}`
}

export function versionsOf(volumes: readonly VolumeRequest[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    volumes.flatMap((volume) => (volume.kind === 'files' ? [[volume.name, volume.version]] : [])),
  )
}

/** The sandbox says afterwards which versions are there: an update that is cut off is done again. */
export async function updateVolumes(
  transport: Transport,
  pod: PodPaths,
  sandbox: Sandbox,
  { fsGroup, volumes }: Pick<UpdateVolumesRequest, 'fsGroup' | 'volumes'>,
): Promise<void> {
  for (const volume of volumes) {
    const path = sandbox.volumes[volume.name]
    if (path === undefined) continue
    await writeVolumeFiles(transport, path, volume, fsGroup)
  }
  const versions = { ...sandbox.versions, ...versionsOf(volumes) }
  await transport.writeFile(pod.sandbox, JSON.stringify({ ...sandbox, versions }), 0o600)
}

/** The kubelet's rule for a volume with an fsGroup: the group may do what the owner may, and new files are the group's. */
function directoryEntry(path: string, mode: number, group: number | undefined): TreeEntry {
  const what = { kind: 'directory' } as const
  return group === undefined ? { path, mode, what } : { path, mode: mode | 0o2770, group, what }
}

async function mountMemory(
  transport: Transport,
  pod: PodPaths,
  path: string,
  volume: { readonly sizeLimitBytes?: number },
  signal?: AbortSignal,
): Promise<void> {
  await transport.makeDirectory(path, 0o777)
  const command = locked(pod.lock, memoryCommand(path, volume.sizeLimitBytes))
  await runOrFail(transport, command, { reason: 'FailedMount', doing: `mounting a tmpfs on ${path}` }, signal)
}

export function memoryCommand(path: string, sizeBytes: number | undefined): Command {
  const size = sizeBytes === undefined ? '' : `,size=${sizeBytes}`
  return { argv: ['mount', '-t', 'tmpfs', '-o', `mode=0777${size}`, 'tmpfs', path] }
}

/**
 * As the kubelet's AtomicWriter lays it out: the files in a folder of their own, `..data` linking to that, and a link
 * through `..data` for each name, so that all of them change at once when `..data` is swapped.
 */
export async function writeVolumeFiles(
  transport: Transport,
  path: string,
  { files, version }: Pick<FilesVolume, 'files' | 'version'>,
  group: number | undefined,
): Promise<void> {
  const folder = `..${version}`
  const names = [...new Set(files.map((file) => topName(file.path)))].toSorted()
  await transport.writeTree(path, [
    directoryEntry('', 0o777, group),
    directoryEntry(folder, 0o755, group),
    ...parentFolders(files).map((parent) => directoryEntry(`${folder}/${parent}`, 0o755, group)),
    ...files.map((file) => fileEntry(`${folder}/${file.path}`, file, group)),
    { path: '..data_tmp', mode: 0o777, what: { kind: 'link', target: folder } },
  ])
  await transport.rename(`${path}/..data_tmp`, `${path}/..data`)
  await transport.writeTree(
    path,
    names.map((name) => ({ path: name, mode: 0o777, what: { kind: 'link', target: `..data/${name}` } })),
  )
  await removeOthers(transport, path, new Set([...names, '..data', folder]))
}

async function removeOthers(transport: Transport, path: string, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await transport.listDirectory(path)) {
    if (!keep.has(name)) await transport.remove(`${path}/${name}`)
  }
}

/** The group may read whatever the owner may: these volumes are never written to. */
function fileEntry(path: string, file: VolumeFile, group: number | undefined): TreeEntry {
  const what = { kind: 'file', content: file.content } as const
  return group === undefined
    ? { path, mode: file.mode, what }
    : { path, mode: file.mode | 0o440, group, what }
}

function topName(path: string): string {
  return path.split('/', 1)[0] ?? path
}

function parentFolders(files: readonly VolumeFile[]): readonly string[] {
  const parents = files.flatMap(({ path }) => {
    const parts = path.split('/').slice(0, -1)
    return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
  })
  return [...new Set(parents)].toSorted()
}

const WANTED: Readonly<Record<HostPathType, FileStatus['kind'] | undefined>> = {
  '': undefined,
  DirectoryOrCreate: 'directory',
  Directory: 'directory',
  FileOrCreate: 'file',
  File: 'file',
  Socket: 'socket',
  CharDevice: 'charDevice',
  BlockDevice: 'blockDevice',
}

async function checkHostPath(transport: Transport, path: string, type: HostPathType): Promise<void> {
  const status = await transport.stat(path)
  const wanted = WANTED[type]
  if (status !== undefined) {
    if (wanted === undefined || status.kind === wanted) return
    throw hostPathFailure(path, type, `it is a ${status.kind}`)
  }
  if (type === '' || type === 'DirectoryOrCreate') await transport.makeDirectory(path, 0o755)
  else if (type === 'FileOrCreate') await createFile(transport, path)
  else throw hostPathFailure(path, type, 'there is no such path')
}

async function createFile(transport: Transport, path: string): Promise<void> {
  const parent = path.slice(0, path.lastIndexOf('/')) || '/'
  if ((await transport.stat(parent))?.kind !== 'directory') {
    throw hostPathFailure(path, 'FileOrCreate', `there is no directory ${parent}`)
  }
  await transport.writeFile(path, '', 0o644)
}

function hostPathFailure(path: string, type: HostPathType, found: string): RuntimeFailure {
  return new RuntimeFailure('FailedMount', `hostPath type check failed: ${path} is not a ${type}: ${found}`)
}
