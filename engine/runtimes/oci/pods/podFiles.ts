import type { PodUid } from '../../../api/names.ts'
import { podUid } from '../../../api/names.ts'
import type { NodeListing } from '../../runtime.ts'
import { type Transport, TransportError, type TreeFile } from '../../../transport/transport.ts'
import type { AttemptFiles } from '../containers/attempts.ts'
import { ATTEMPT_FILES, LEFT_FILES } from '../containers/attempts.ts'
import type { RootPaths } from '../paths.ts'
import { podPaths } from '../paths.ts'

/** A pod's files as they were read, before they mean anything. */
export interface PodFiles {
  readonly uid: PodUid
  readonly record?: string
  readonly disarmed: boolean
  readonly released: boolean
  /** The record is the copy: its own was removed or damaged. */
  readonly fromCopy?: true
  /** It has no folder on the disk any more. */
  readonly folderGone?: true
  readonly frozenMs?: number
  readonly said?: string
  readonly containers: ReadonlyMap<string, ContainerFiles>
}

export interface ContainerFiles {
  readonly rule?: string
  readonly attempts: ReadonlyMap<number, AttemptFiles>
}

const NAMES = new Set<string>([
  'pod.json',
  'disarmed',
  'released',
  'frozen',
  'conditions',
  'rule',
  ...ATTEMPT_FILES,
  ...LEFT_FILES,
  // where podman or docker runs the containers
  'start.json',
  'end.json',
])
/** Below a pod's folder. */
const SKIP = ['volumes', 'mounts', 'etc', 'containers/*/*/upper', 'containers/*/*/work']

/** Both in the order of their uids. */
export interface AllPodFiles {
  readonly pods: readonly PodFiles[]
  readonly unreadable: NodeListing['unreadable']
}

/** Of all pods that have a folder. What the disk does not give of one hinders no other. */
export async function readAllPodFiles(transport: Transport, paths: RootPaths): Promise<AllPodFiles> {
  const skip = SKIP.map((pattern) => `*/${pattern}`)
  try {
    const files = await transport.readTree(paths.pods, { names: NAMES, skip, depth: 5 })
    return { pods: sortPodFiles(files), unreadable: [] }
  } catch (error) {
    if (error instanceof TransportError) throw error
    return await readApart(transport, paths)
  }
}

/** Rejects where the folder of all pods itself cannot be read: then nobody knows anything of the node. */
async function readApart(transport: Transport, paths: RootPaths): Promise<AllPodFiles> {
  const uids = (await transport.listDirectory(paths.pods)).map(podUid)
  return await readEach(uids, async (uid) => await readPodFiles(transport, paths, uid))
}

/** What the disk does not give of one hinders no other. Rejects where the node does not answer. */
export async function readEach(
  uids: readonly PodUid[],
  read: (uid: PodUid) => Promise<PodFiles | undefined>,
): Promise<AllPodFiles> {
  const pods: PodFiles[] = []
  const unreadable: { uid: PodUid; message: string }[] = []
  const readOne = async (uid: PodUid): Promise<void> => {
    try {
      const files = await read(uid)
      if (files !== undefined) pods.push(files)
    } catch (error) {
      if (error instanceof TransportError || !(error instanceof Error)) throw error
      unreadable.push({ uid, message: `its folder cannot be read: ${error.message}` })
    }
  }
  await Promise.all(uids.map(readOne))
  return { pods: pods.toSorted(byUid), unreadable: unreadable.toSorted(byUid) }
}

function byUid(a: { readonly uid: PodUid }, b: { readonly uid: PodUid }): number {
  return a.uid < b.uid ? -1 : 1
}

export async function readPodFiles(
  transport: Transport,
  paths: RootPaths,
  uid: PodUid,
): Promise<PodFiles | undefined> {
  const files = await transport.readTree(podPaths(paths, uid).directory, {
    names: NAMES,
    skip: SKIP,
    depth: 4,
  })
  return sortPodFiles(files.map((file) => ({ ...file, path: `${uid}/${file.path}` })))[0]
}

interface Sorting {
  readonly uid: PodUid
  record?: string
  disarmed: boolean
  released: boolean
  frozenMs?: number
  said?: string
  readonly containers: Map<string, SortingContainer>
}

interface SortingContainer {
  rule?: string
  readonly attempts: Map<number, Map<string, TreeFile>>
}

function sortPodFiles(files: readonly TreeFile[]): readonly PodFiles[] {
  const pods = new Map<string, Sorting>()
  for (const file of files) {
    const [uid = '', ...below] = file.path.split('/')
    const pod = pods.get(uid) ?? { uid: podUid(uid), disarmed: false, released: false, containers: new Map() }
    pods.set(uid, pod)
    sortFile(pod, below, file)
  }
  return [...pods.values()].toSorted(byUid)
}

function sortFile(pod: Sorting, [first, name, third, fourth]: readonly string[], file: TreeFile): void {
  if (first === 'pod.json' && file.content !== undefined) pod.record = file.content
  else if (first === 'disarmed') pod.disarmed = true
  else if (first === 'released') pod.released = true
  else if (first === 'frozen') pod.frozenMs = file.modifiedMs
  else if (first === 'conditions' && file.content !== undefined) pod.said = file.content
  if (first !== 'containers' || name === undefined) return
  const container: SortingContainer = pod.containers.get(name) ?? { attempts: new Map() }
  pod.containers.set(name, container)
  if (third === 'rule' && file.content !== undefined) container.rule = file.content
  if (third === undefined || !/^\d+$/.test(third)) return
  const attempt = container.attempts.get(Number(third)) ?? new Map<string, TreeFile>()
  container.attempts.set(Number(third), attempt)
  if (fourth !== undefined) attempt.set(fourth, file)
}
