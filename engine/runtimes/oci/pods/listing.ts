import type { PodUid } from '../../../api/names.ts'
import { podUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import type { NodeListing, PodListing } from '../../runtime.ts'
import { parseStarted } from '../containers/attempts.ts'
import { readText } from '../node/node.ts'
import type { RootPaths } from '../paths.ts'
import { podPaths } from '../paths.ts'
import { lostReason } from './containerState.ts'
import type { NodeState, Sandboxes } from './nodeState.ts'
import { readNodeState } from './nodeState.ts'
import type { AllPodFiles, PodFiles } from './podFiles.ts'
import { readAllPodFiles, readEach, readPodFiles } from './podFiles.ts'
import type { ContainersOf } from './podListing.ts'
import { containersOfFiles, DAMAGED_RECORD, parseRecord, podListing } from './podListing.ts'
import type { Sandbox } from './sandbox.ts'
import { parseSandbox } from './sandbox.ts'

/** Looks at the containers of these pods, after the pods' files were read. */
export type LookAtContainers = (pods: readonly PodFiles[]) => Promise<ContainersOf>

const lookAtFiles: LookAtContainers = async () => containersOfFiles

/** From files and /proc alone, but for what `look` asks. */
export async function listPods(
  transport: Transport,
  paths: RootPaths,
  look: LookAtContainers = lookAtFiles,
): Promise<NodeListing> {
  const read = await readAllPodFiles(transport, paths)
  const pods = await withoutFolders(transport, paths, read)
  const listed = new Map<PodUid, PodListing>()
  const unreadable = [...read.unreadable]
  for (const [uid, listing] of await listingsOf(transport, paths, pods, look)) {
    if (typeof listing === 'string') unreadable.push({ uid, message: listing })
    else listed.set(uid, listing)
  }
  return { pods: listed, unreadable }
}

/** Of these, the pods that are there. A text says why one cannot be read; it hinders no other. */
export async function inspectPods(
  transport: Transport,
  paths: RootPaths,
  uids: readonly PodUid[],
  look: LookAtContainers = lookAtFiles,
): Promise<ReadonlyMap<PodUid, PodListing | string>> {
  const { pods, unreadable } = await readEach(uids, async (uid) => await readPod(transport, paths, uid))
  const texts = unreadable.map(({ message, uid }) => [uid, message] as const)
  return new Map([...texts, ...(await listingsOf(transport, paths, pods, look))])
}

async function listingsOf(
  transport: Transport,
  paths: RootPaths,
  pods: readonly PodFiles[],
  look: LookAtContainers,
): Promise<ReadonlyMap<PodUid, PodListing | string>> {
  const containersOf = await look(pods)
  const sandboxes = await readSandboxes(transport, paths, pods)
  const state = await readNodeState(transport, paths, pods, sandboxes)
  const listings = new Map<PodUid, PodListing | string>()
  for (const found of pods) {
    const listing = await listingOf(transport, paths, found, sandboxes.get(found.uid), state, containersOf)
    if (listing !== undefined) listings.set(found.uid, listing)
  }
  return listings
}

export interface LookedAt {
  readonly pod: PodFiles
  readonly sandbox: Sandbox | undefined
  readonly state: NodeState
}

export async function lookAtPod(
  transport: Transport,
  paths: RootPaths,
  uid: PodUid,
): Promise<LookedAt | undefined> {
  const pod = await readPod(transport, paths, uid)
  if (pod === undefined) return undefined
  const sandboxes = await readSandboxes(transport, paths, [pod])
  const state = await readNodeState(transport, paths, [pod], sandboxes)
  return { pod: await withRecord(transport, paths, pod), sandbox: sandboxes.get(uid), state }
}

/** Undefined: it is not there. */
async function readPod(transport: Transport, paths: RootPaths, uid: PodUid): Promise<PodFiles | undefined> {
  const files = await readPodFiles(transport, paths, uid)
  if (files !== undefined) return files
  return (await transport.stat(podPaths(paths, uid).run)) === undefined ? undefined : withoutFolder(uid)
}

async function listingOf(
  transport: Transport,
  paths: RootPaths,
  found: PodFiles,
  sandbox: Sandbox | undefined,
  state: NodeState,
  containersOf: ContainersOf,
): Promise<PodListing | string | undefined> {
  const again = await lookedAtAgain(transport, paths, found, state)
  const pod = await withRecord(transport, paths, again)
  if (pod.record !== undefined) return podListing(paths, pod, sandbox, state, containersOf)
  // A folder without a record is a pod that was never made, or is all but removed; one that was made has something on the tmpfs.
  return sandbox === undefined ? undefined : 'its record is gone, and there is no copy of it'
}

/** Its own, or the copy where somebody has removed or damaged it. */
async function withRecord(transport: Transport, paths: RootPaths, pod: PodFiles): Promise<PodFiles> {
  if (pod.released || (pod.record !== undefined && parseRecord(pod.record) !== DAMAGED_RECORD)) return pod
  const copy = await readText(transport, podPaths(paths, pod.uid).recordCopy)
  return typeof parseRecord(copy) === 'string' ? pod : { ...pod, record: copy, fromCopy: true }
}

/** Those too that have something on the tmpfs, and whose folder on the disk somebody has removed. */
async function withoutFolders(
  transport: Transport,
  paths: RootPaths,
  { pods, unreadable }: AllPodFiles,
): Promise<readonly PodFiles[]> {
  const known = new Set<string>([...pods, ...unreadable].map(({ uid }) => uid))
  const others = (await transport.listDirectory(paths.runPods)).filter((name) => !known.has(name))
  return others.length === 0 ? pods : [...pods, ...others.map((name) => withoutFolder(podUid(name)))]
}

function withoutFolder(uid: PodUid): PodFiles {
  return { uid, folderGone: true, disarmed: false, released: false, containers: new Map() }
}

/**
 * What seems to have ended with nobody there to record it may have ended since its files were read, and its monitor have done its work: now
 * that both have gone, the files say so for good.
 */
async function lookedAtAgain(
  transport: Transport,
  paths: RootPaths,
  pod: PodFiles,
  state: NodeState,
): Promise<PodFiles> {
  const attempts = [...pod.containers.values()].flatMap((container) => [...container.attempts.values()])
  const seemsLost = attempts.some((files) => {
    const started = files.has('exited') ? undefined : parseStarted(files.get('started'))
    return started !== undefined && lostReason(started, state) !== undefined
  })
  return seemsLost ? ((await readPodFiles(transport, paths, pod.uid)) ?? pod) : pod
}

async function readSandboxes(
  transport: Transport,
  paths: RootPaths,
  pods: readonly PodFiles[],
): Promise<Sandboxes> {
  const fileOf = (uid: PodUid) => podPaths(paths, uid).sandbox
  const files = await transport.readFiles(pods.map(({ uid }) => fileOf(uid)))
  return new Map(
    pods.flatMap(({ uid }): [PodUid, Sandbox][] => {
      const sandbox = parseSandbox(files.get(fileOf(uid)) ?? '')
      return sandbox === undefined ? [] : [[uid, sandbox]]
    }),
  )
}
