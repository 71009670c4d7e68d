import type { PodUid } from '../../../api/names.ts'
import { podUid } from '../../../api/names.ts'
import type { PodRecord } from '../../../api/records.ts'
import { RECORD_VERSION } from '../../../api/records.ts'
import type { ContainerExit, ContainerState, ObservedContainer } from '../../../api/snapshot.ts'
import type { Transport, TreeFile } from '../../../transport/transport.ts'
import type { NodeListing, PodListing } from '../../runtime.ts'
import type { AttemptFiles, Started } from '../containers/attempts.ts'
import { ATTEMPT_FILES, parseExit, parseRestartAt, parseStarted, timestamp } from '../containers/attempts.ts'
import { isObject, parseJson } from '../json.ts'
import { MOUNT_TABLE, parseMountTable } from '../node/mountTable.ts'
import { readText } from '../node/node.ts'
import type { RootPaths } from '../paths.ts'
import { podPaths } from '../paths.ts'
import type { Rule } from '../hook/rule.ts'
import { parseRule, restarts } from '../hook/rule.ts'
import type { Sandbox } from './sandbox.ts'
import { neededPins, parseSandbox } from './sandbox.ts'

/** A pod's files as they were read, before they mean anything. */
export interface PodFiles {
  readonly uid: PodUid
  readonly record?: string
  readonly disarmed: boolean
  readonly released: boolean
  readonly frozenMs?: number
  readonly said?: string
  readonly containers: ReadonlyMap<string, ContainerFiles>
}

export interface ContainerFiles {
  readonly rule?: string
  readonly attempts: ReadonlyMap<number, AttemptFiles>
}

/** What the files are held against. */
export interface NodeState {
  readonly bootId: string
  readonly mounted: ReadonlySet<string>
  readonly processes: ReadonlyMap<number, string>
}

const NAMES = new Set<string>([
  'pod.json',
  'disarmed',
  'released',
  'frozen',
  'conditions',
  'rule',
  ...ATTEMPT_FILES,
])
/** Below a pod's folder. */
const SKIP = ['volumes', 'mounts', 'etc', 'containers/*/*/upper', 'containers/*/*/work']

/** From files and /proc alone. */
export async function listPods(transport: Transport, paths: RootPaths): Promise<NodeListing> {
  const skip = SKIP.map((pattern) => `*/${pattern}`)
  const files = await transport.readTree(paths.pods, { names: NAMES, skip, depth: 5 })
  const pods = sortPodFiles(files)
  const sandboxes = await readSandboxes(transport, paths, pods)
  const state = await nodeState(transport, pods, sandboxes)
  const listed = new Map<PodUid, PodListing>()
  const unreadable: { uid: PodUid; message: string }[] = []
  for (const found of pods) {
    const pod = await lookedAtAgain(transport, paths, found, state)
    // A folder without a record is a pod that was never made, or is all but removed.
    if (pod.record === undefined) continue
    const listing = podListing(paths, pod, sandboxes.get(pod.uid), state)
    if (typeof listing === 'string') unreadable.push({ uid: pod.uid, message: listing })
    else listed.set(pod.uid, listing)
  }
  return { pods: listed, unreadable }
}

export async function inspectPod(
  transport: Transport,
  paths: RootPaths,
  uid: PodUid,
): Promise<PodListing | string | undefined> {
  const pod = await readPodFiles(transport, paths, uid)
  if (pod?.record === undefined) return undefined
  const text = await readText(transport, podPaths(paths, uid).sandbox)
  const sandbox = parseSandbox(text)
  const sandboxes = new Map(sandbox === undefined ? [] : [[uid, sandbox]])
  const state = await nodeState(transport, [pod], sandboxes)
  return podListing(paths, await lookedAtAgain(transport, paths, pod, state), sandbox, state)
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
): Promise<ReadonlyMap<PodUid, Sandbox>> {
  const fileOf = (uid: PodUid) => podPaths(paths, uid).sandbox
  const files = await transport.readFiles(pods.map(({ uid }) => fileOf(uid)))
  return new Map(
    pods.flatMap(({ uid }): [PodUid, Sandbox][] => {
      const sandbox = parseSandbox(files.get(fileOf(uid)) ?? '')
      return sandbox === undefined ? [] : [[uid, sandbox]]
    }),
  )
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
  return [...pods.values()].toSorted((a, b) => (a.uid < b.uid ? -1 : 1))
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

async function nodeState(
  transport: Transport,
  pods: readonly PodFiles[],
  sandboxes: ReadonlyMap<PodUid, Sandbox>,
): Promise<NodeState> {
  const pids = [...sandboxes.values()].flatMap(({ pausePid }) => pausePid ?? [])
  for (const { containers } of pods) {
    for (const { attempts } of containers.values()) {
      for (const files of attempts.values()) {
        const started = files.has('exited') ? undefined : parseStarted(files.get('started'))
        if (started !== undefined) pids.push(started.pid, started.monitor)
      }
    }
  }
  const [table, bootId, processes] = await Promise.all([
    readText(transport, MOUNT_TABLE),
    readText(transport, '/proc/sys/kernel/random/boot_id'),
    transport.processStarts(pids),
  ])
  const mounted = new Set(parseMountTable(table).map(({ path }) => path))
  return { bootId: bootId.trim(), mounted, processes }
}

/** A text says why it cannot be read. */
export function podListing(
  paths: RootPaths,
  pod: PodFiles,
  sandbox: Sandbox | undefined,
  state: NodeState,
): PodListing | string {
  const record = parseRecord(pod.record ?? '')
  if (typeof record === 'string') return record
  const containers = new Map<string, ObservedContainer>()
  for (const [name, files] of pod.containers) {
    const rule = files.rule === undefined ? undefined : parseRule(files.rule)
    if (files.rule !== undefined && rule === undefined) {
      return `the rule file of container ${name} is damaged or of another version`
    }
    const container = observedContainer(name, files, rule, pod.disarmed, state)
    if (container !== undefined) containers.set(name, container)
  }
  const found = sandboxState(paths, pod, sandbox, containers.size > 0, state)
  return {
    record,
    sandbox: found,
    ...(pod.said === undefined ? {} : { saidConditions: pod.said }),
    ...(pod.frozenMs === undefined ? {} : { frozenSince: timestamp(pod.frozenMs) }),
    ...(found === 'ready' && sandbox?.ip !== undefined ? { ip: sandbox.ip } : {}),
    ...(found === 'ready' && sandbox !== undefined ? { volumes: sandbox.versions ?? {} } : {}),
    containers,
  }
}

function sandboxState(
  paths: RootPaths,
  pod: PodFiles,
  sandbox: Sandbox | undefined,
  hasContainers: boolean,
  state: NodeState,
): PodListing['sandbox'] {
  if (pod.released) return 'released'
  if (sandbox !== undefined && isWhole(paths, pod.uid, sandbox, state)) return 'ready'
  return sandbox !== undefined || hasContainers ? 'broken' : 'absent'
}

function parseRecord(text: string): PodRecord | string {
  const value = parseJson(text)
  if (!isObject(value)) return 'its record is damaged'
  if (value['recordVersion'] !== RECORD_VERSION) {
    return `its record has version ${JSON.stringify(value['recordVersion'])}, which this engine does not know`
  }
  return value as unknown as PodRecord
}

function isWhole(paths: RootPaths, uid: PodUid, sandbox: Sandbox, state: NodeState): boolean {
  if (sandbox.bootId !== state.bootId) return false
  if (!neededPins(podPaths(paths, uid), sandbox).every((path) => state.mounted.has(path))) return false
  return sandbox.pausePid === undefined || state.processes.has(sandbox.pausePid)
}

function observedContainer(
  name: string,
  files: ContainerFiles,
  rule: Rule | undefined,
  disarmed: boolean,
  state: NodeState,
): ObservedContainer | undefined {
  if (files.attempts.size === 0) return undefined
  const attempt = Math.max(...files.attempts.keys())
  const own = files.attempts.get(attempt) ?? new Map<string, TreeFile>()
  const before = files.attempts.get(attempt - 1)
  const previous = before === undefined ? undefined : endOf(before, attempt - 1, state)
  return {
    name,
    attempt,
    state: containerState(own, attempt, disarmed ? undefined : rule, state),
    image: rule?.image ?? { id: '', reference: '' },
    ...(previous === undefined ? {} : { previous }),
  }
}

function containerState(
  files: AttemptFiles,
  attempt: number,
  rule: Rule | undefined,
  state: NodeState,
): ContainerState {
  const started = parseStarted(files.get('started'))
  const exit = endOf(files, attempt, state)
  if (exit === undefined) {
    return started === undefined ? { kind: 'created' } : { kind: 'running', startedAt: started.at }
  }
  if (rule === undefined || !restarts(rule, exit.exitCode)) return { kind: 'exited', exit }
  // Without a wait it is due at once: whoever finds it late knows that the hook has died.
  return { kind: 'exited', exit, restartAt: parseRestartAt(files.get('restart')) ?? exit.finishedAt }
}

/** On record, or told from the process having gone while nobody was there to record it. */
function endOf(files: AttemptFiles, attempt: number, state: NodeState): ContainerExit | undefined {
  const exit = parseExit(files, attempt)
  if (exit !== undefined) return exit
  const started = parseStarted(files.get('started'))
  const lost = started === undefined ? undefined : lostReason(started, state)
  if (started === undefined || lost === undefined) return undefined
  return {
    attempt,
    exitCode: lost.exitCode,
    oomKilled: false,
    startedAt: started.at,
    // When it ended nobody knows; the same time in every listing.
    finishedAt: started.at,
    message: lost.message,
    startFailed: false,
  }
}

export interface LostReason {
  readonly exitCode: number
  readonly message: string
}

/** Undefined: it runs, or its monitor does and is about to say how it ended. */
export function lostReason(
  started: Started,
  state: Pick<NodeState, 'bootId' | 'processes'>,
): LostReason | undefined {
  if (started.bootId !== state.bootId) {
    return { exitCode: 255, message: 'the node was restarted while the container ran' }
  }
  if (state.processes.get(started.pid) === started.ticks) return undefined
  if (state.processes.get(started.monitor) === started.monitorTicks) return undefined
  return { exitCode: 137, message: 'the container ended after its monitor: nobody saw its exit status' }
}
