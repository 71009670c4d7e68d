import type { PodUid } from '../../api/names.ts'
import type { ObservedContainer } from '../../api/snapshot.ts'
import type { LookAtContainers } from '../oci/pods/listing.ts'
import { type ContainerFiles, type PodFiles, readPodFiles } from '../oci/pods/podFiles.ts'
import type { Transport } from '../../transport/transport.ts'
import { readProcesses } from '../oci/node/processes.ts'
import { parseLeft } from '../oci/containers/attempts.ts'
import { readBootId, readText } from '../oci/node/node.ts'
import { END_FILE, parseStart, START_FILE } from './attemptFiles.ts'
import { containerName, parseContainerName } from './names.ts'
import { type Inspected, inspectedOf } from './inspected.ts'
import { logEnd } from './logEnd.ts'
import { isLeft, isRunning, observeContainer, type ToolLook } from './observe.ts'
import { seenKey, type Tool, type ToolNode } from './tool.ts'

export type LookNode = Pick<
  ToolNode,
  | 'ask'
  | 'ends'
  | 'inspectedBeside'
  | 'isStranded'
  | 'isThere'
  | 'logFolder'
  | 'paths'
  | 'seen'
  | 'tool'
  | 'transport'
>

/** One command for all containers of all pods that are looked at; none where none was ever begun, or all have ended for good. */
export function lookAtContainers(node: LookNode): LookAtContainers {
  return async (pods) => {
    const look = await toolLook(node, pods)
    const newer = await readAgain(node, pods, look)
    return (pod) => {
      const { containers, disarmed, uid } = newer.get(pod.uid) ?? pod
      const observed = new Map<string, ObservedContainer>()
      for (const [name, files] of containers) {
        const found = observeContainer(uid, name, files, disarmed, look)
        if (found !== undefined) observed.set(name, found)
        remember(node.seen, uid, name, files, look)
      }
      return observed
    }
  }
}

/**
 * What the program does not have may have been removed since the files were read: how it ended was on record first. So it is with what it has started again,
 * or is about to.
 */
async function readAgain(
  { paths, tool, transport }: LookNode,
  pods: readonly PodFiles[],
  { containers }: ToolLook,
): Promise<ReadonlyMap<PodUid, PodFiles>> {
  const newer = new Map<PodUid, PodFiles>()
  for (const pod of pods) {
    if (namesOf(pod).every((name) => isTold(pod, tool, containers.get(name)))) continue
    const files = await readPodFiles(transport, paths, pod.uid)
    if (files !== undefined) newer.set(pod.uid, files)
  }
  return newer
}

/** Nothing of what the node's hook writes down of this container of the pod's is missing. */
function isTold(
  { containers, uid }: PodFiles,
  tool: Pick<Tool, 'hasHook'>,
  found: Inspected | undefined,
): boolean {
  const { attempt, container, uid: own } = parseContainerName(found?.name ?? '') ?? {}
  if (found === undefined || attempt === undefined || container === undefined || own !== uid) return false
  const ended = attempt + found.restarts - (isRunning(found) ? 1 : 0)
  const files = containers.get(container)?.attempts.get(attempt)
  return !tool.hasHook || ended < attempt || parseLeft(files ?? new Map(), ended) !== undefined
}

/** For whatever is asked of it every other second, without the program. */
function remember(
  seen: LookNode['seen'],
  uid: PodUid,
  container: string,
  { attempts }: ContainerFiles,
  { containers }: ToolLook,
): void {
  const base = Math.max(-1, ...attempts.keys())
  const found = containers.get(containerName(uid, container, base))
  const key = seenKey(uid, container)
  if (found === undefined) seen.delete(key)
  else seen.set(key, { base, folder: found.folder, upper: found.upper, pid: found.pid, cgroup: found.cgroup })
}

async function toolLook(node: LookNode, pods: readonly PodFiles[]): Promise<ToolLook> {
  const { transport } = node
  const { containers, processes } = await running(
    node,
    await inspected(
      node,
      pods.flatMap((pod) => asked(node, pod)),
    ),
  )
  const all = [...containers.values()]
  const isKnown = (found: Inspected) => pods.some((pod) => isTold(pod, node.tool, found))
  const hasRestarted = all.filter((found) => found.restarts > 0 && !(node.tool.hasHook && isKnown(found)))
  return {
    tool: node.tool,
    bootId: await readBootId(transport),
    containers,
    processes,
    ends: hasRestarted.length > 0 ? await node.ends(hasRestarted.map(({ name }) => name)) : [],
    nowMs: all.some(({ status }) => status === 'stopped') ? await nowOn(transport) : 0,
    stranded: new Set(pods.flatMap(({ uid }) => (node.isStranded(uid, containers) ? [uid] : []))),
    logEnds: await logEnds(node, pods, all),
  }
}

/** A machine's own clock, to the second, in ms since 1970: the program's times are by it. */
async function nowOn(transport: Transport): Promise<number> {
  const [stat, uptime] = await Promise.all([
    readText(transport, '/proc/stat'),
    readText(transport, '/proc/uptime'),
  ])
  const bootSeconds = Number(/^btime (\d+)$/m.exec(stat)?.[1])
  return (bootSeconds + Number.parseFloat(uptime)) * 1000
}

/**
 * A container may have ended since the program was asked, and have been begun again by it: who says that one runs whose processes have gone is asked once
 * more, and believed where it tells of others.
 */
async function running(
  node: LookNode,
  first: ToolLook['containers'],
): Promise<Pick<ToolLook, 'containers' | 'processes'>> {
  const pids = [...first.values()].flatMap(({ monitor, pid }) => [pid, monitor]).filter((pid) => pid > 1)
  const processes = new Set((await readProcesses(node.transport, pids)).keys())
  const gone = [...first.values()].filter((one) => isLeft(one, processes)).map(({ name }) => name)
  if (gone.length === 0) return { containers: first, processes }
  const again = await inspected(node, gone)
  const others = [...again.values()].filter(({ name, pid }) => pid !== first.get(name)?.pid)
  const standing = [...first].filter(([name]) => !gone.includes(name))
  return {
    containers: new Map([...standing, ...again]),
    processes: new Set([...processes, ...others.flatMap(({ monitor, pid }) => [pid, monitor])]),
  }
}

/** What stands beside a pod's containers is asked for with them. */
function asked(node: LookNode, pod: PodFiles): readonly string[] {
  const names = namesOf(pod)
  return names.length === 0 ? [] : [...names, ...node.inspectedBeside(pod.uid)]
}

/** Of the last attempts that the program may know of. */
function namesOf({ containers, uid }: PodFiles): readonly string[] {
  return [...containers].flatMap(([name, { attempts }]) => {
    const last = Math.max(-1, ...attempts.keys())
    const files = attempts.get(last)
    return files?.has(START_FILE) === true && !files.has(END_FILE) ? [containerName(uid, name, last)] : []
  })
}

/** Those that are there. Rejects when the program cannot answer: nothing is known of any of them then. */
export async function inspected(
  { ask, isThere, tool }: Pick<ToolNode, 'ask' | 'isThere' | 'tool'>,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Inspected>> {
  if (names.length === 0 || !(await isThere())) return new Map()
  const doing = `asking ${tool.name} for its containers`
  const asking = { reason: 'ContainerStatusError', doing, signal }
  return inspectedOf(tool, await ask(tool.inspectArgs(names), asking))
}

/** Where the manifest says that the log's end is the message of whatever fails. */
async function logEnds(
  { logFolder, transport }: LookNode,
  pods: readonly PodFiles[],
  all: readonly Inspected[],
): Promise<ReadonlyMap<string, string>> {
  const ends = new Map<string, string>()
  for (const { exitCode, name, status } of all) {
    const parsed = parseContainerName(name)
    if (
      parsed === undefined ||
      exitCode === 0 ||
      (status !== 'exited' && status !== 'stopped' && status !== 'restarting')
    )
      continue
    const { attempt, container, uid } = parsed
    const files = pods
      .find((pod) => pod.uid === uid)
      ?.containers.get(container)
      ?.attempts.get(attempt)
    if (parseStart(files?.get(START_FILE)?.content)?.messagePolicy !== 'FallbackToLogsOnError') continue
    ends.set(name, await logEnd(transport, await logFolder(uid as PodUid, container, attempt)))
  }
  return ends
}
