import type { PodUid } from '../../api/names.ts'
import { afterExit } from '../../api/restarts.ts'
import type { ContainerExit, ContainerState, ObservedContainer } from '../../api/snapshot.ts'
import type { TreeFile } from '../../transport/transport.ts'
import { type AttemptFiles, parseLeft, parseRestartWait } from '../oci/containers/attempts.ts'
import type { ContainerFiles } from '../oci/pods/podFiles.ts'
import type { EndFile, StartFile } from './attemptFiles.ts'
import { END_FILE, parseEnd, parseStart, restartsItself, START_FILE } from './attemptFiles.ts'
import type { Inspected } from './inspected.ts'
import { containerName } from './names.ts'
import type { Tool, ToolEnd } from './tool.ts'

/** What the program and the kernel say, read once for all pods that are looked at. */
export interface ToolLook {
  readonly tool: Pick<Tool, 'name' | 'restartDelayMs'>
  readonly bootId: string
  readonly containers: ReadonlyMap<string, Inspected>
  /** Of their processes: those that run. */
  readonly processes: ReadonlySet<number>
  readonly ends: readonly ToolEnd[]
  /** Pods whose containers it cannot start again by itself. */
  readonly stranded: ReadonlySet<PodUid>
  /** The node's time, in ms since 1970, where something has stopped. */
  readonly nowMs: number
  /** By name: the end of the log, of containers that have ended and whose message it may be. */
  readonly logEnds: ReadonlyMap<string, string>
}

/** A container, by the files of its attempts and what the program says of the last that the engine began. */
export function observeContainer(
  uid: PodUid,
  name: string,
  { attempts }: Pick<ContainerFiles, 'attempts'>,
  disarmed: boolean,
  look: ToolLook,
): ObservedContainer | undefined {
  const last = Math.max(-1, ...attempts.keys())
  const files = attempts.get(last)
  if (files === undefined) return undefined
  const end = parseEnd(files.get(END_FILE)?.content)
  if (end !== undefined) return fromEnd(name, end)
  const start = parseStart(files.get(START_FILE)?.content)
  const before = parseEnd(attempts.get(last - 1)?.get(END_FILE)?.content)?.exit
  if (start === undefined) return undefined
  const image = start.image
  const found = look.containers.get(containerName(uid, name, last))
  // It may be under way, or somebody has removed it: the same attempt is begun again.
  const cutOff = { name, attempt: last, state: { kind: 'created' }, image, ...previousOf(before) } as const
  if (start.bootId !== look.bootId) {
    const state = { kind: 'exited', exit: rebootExit(last, start) } as const
    return { name, attempt: last, state, image, ...previousOf(before) }
  }
  if (found?.startedAt === undefined) return cutOff
  const attempt = last + found.restarts
  const previous =
    found.restarts === 0
      ? before
      : (leftPrevious(found, attempt - 1, files) ?? ownPrevious(found, attempt - 1, look))
  const lost = whyLost(found, look)
  return {
    name,
    attempt,
    state: stateOf(found, { uid, attempt, start, files }, disarmed, look),
    image,
    ...previousOf(previous),
    ...(lost !== undefined && { lost }),
  }
}

function fromEnd(name: string, { exit, image, previous }: EndFile): ObservedContainer {
  return { name, attempt: exit.attempt, state: { kind: 'exited', exit }, image, ...previousOf(previous) }
}

function previousOf(previous: ContainerExit | undefined): { readonly previous?: ContainerExit } {
  return previous === undefined ? {} : { previous }
}

interface Attempt {
  readonly uid: PodUid
  readonly attempt: number
  readonly start: StartFile
  /** Of the attempt that the engine began. */
  readonly files: AttemptFiles
}

const RUNNING = new Set(['running', 'paused', 'stopping'])

export function isRunning({ status }: Pick<Inspected, 'status'>): boolean {
  return RUNNING.has(status)
}

/** The program says that it runs, and nothing of it does. */
export function isLeft(found: Inspected, processes: ReadonlySet<number>): boolean {
  return isRunning(found) && !processes.has(found.pid) && !processes.has(found.monitor)
}

function stateOf(
  found: Inspected,
  { attempt, files, start, uid }: Attempt,
  disarmed: boolean,
  look: ToolLook,
): ContainerState {
  const startedAt = found.startedAt ?? start.at
  const times = { attempt, startedAt, startFailed: false } as const
  if (isRunning(found)) {
    if (!isLeft(found, look.processes)) return { kind: 'running', startedAt }
    const text = 'the container ended after its monitor: nobody saw its exit status'
    const lost = {
      exitCode: 137,
      oomKilled: false,
      finishedAt: startedAt,
      message: text,
      lost: true,
    } as const
    return { kind: 'exited', exit: { ...times, ...lost } }
  }
  const left = parseLeft(files, attempt)
  if (left === undefined && isLeaving(found, look)) return { kind: 'running', startedAt }
  // The program may not know it yet when the node's hook does.
  const exitCode = left?.exitCode ?? found.exitCode
  const finishedAt = found.finishedAt ?? startedAt
  const said = left === undefined ? messageOf(found, start, files.get('message'), look) : (left.message ?? '')
  const oomKilled =
    found.oomKilled ||
    (left?.oomKilled ?? look.ends.findLast(({ name }) => name === found.name)?.oomKilled) === true
  const exit = { ...times, exitCode, oomKilled, finishedAt, ...(said !== '' && { message: said }) }
  if (disarmed) return { kind: 'exited', exit }
  if (restartsItself(start.restart, exitCode)) {
    if (look.stranded.has(uid)) return { kind: 'exited', exit: { ...exit, lost: true } }
    const wait = left === undefined ? undefined : parseRestartWait(files.get('restart'))
    const backOffMs = look.tool.restartDelayMs(found)
    const restartAt = Temporal.Instant.from(finishedAt).add({ milliseconds: backOffMs }).toString()
    return { kind: 'exited', exit, ...(wait ?? { restartAt, backOffMs }) }
  }
  if (afterExit(start.restart, exitCode) === 'restart')
    return { kind: 'exited', exit: { ...exit, lost: true } }
  return { kind: 'exited', exit }
}

const LEAVING_MS_MAX = 10_000

/** podman knows that it has ended, and has not been told so by the node's hook, which is about to write down how. */
function isLeaving({ finishedAt, status }: Inspected, { nowMs }: ToolLook): boolean {
  if (status !== 'stopped' || finishedAt === undefined) return false
  return Math.abs(nowMs - Temporal.Instant.from(finishedAt).epochMilliseconds) < LEAVING_MS_MAX
}

const MESSAGE_LENGTH_MAX = 4096

/** What it wrote itself since it began, or the log's end. The program may note the first beginning when something is written already. */
function messageOf(
  found: Inspected,
  start: StartFile,
  message: TreeFile | undefined,
  { logEnds }: ToolLook,
): string {
  const began = Temporal.Instant.from(found.startedAt ?? start.at).epochMilliseconds
  const isOlder = found.restarts > 0 && (message?.modifiedMs ?? 0) < began
  const own = isOlder ? '' : (message?.content ?? '')
  if (own !== '') return own.slice(0, MESSAGE_LENGTH_MAX)
  const fromLog = start.messagePolicy === 'FallbackToLogsOnError' && found.exitCode !== 0
  return fromLog ? (logEnds.get(found.name) ?? '') : ''
}

/** As the node's hook tells it; when it ended the program knows as well. */
function leftPrevious(found: Inspected, attempt: number, files: AttemptFiles): ContainerExit | undefined {
  const left = parseLeft(files, attempt)
  const { finishedAt } = found
  if (left === undefined || finishedAt === undefined || !isRunning(found)) return left
  return { ...left, finishedAt }
}

/** It keeps when the attempt before ended; its status stands in the events, as long as they go back. */
function ownPrevious(found: Inspected, attempt: number, look: ToolLook): ContainerExit {
  const ends = look.ends.filter(({ name }) => name === found.name)
  // While it is down, the last of them is its own end.
  const end = isRunning(found) ? ends.at(-1) : ends.at(-2)
  const finishedAt = found.finishedAt ?? found.startedAt ?? ''
  return {
    attempt,
    exitCode: end?.exitCode ?? 255,
    oomKilled: end?.oomKilled ?? false,
    startedAt: finishedAt,
    finishedAt,
    ...(end === undefined && { message: `${look.tool.name} keeps no exit status that is so long ago` }),
    startFailed: false,
  }
}

function whyLost(found: Inspected, { processes }: ToolLook): string | undefined {
  if (found.status !== 'running' || !processes.has(found.pid) || processes.has(found.monitor))
    return undefined
  return 'its monitor has ended: nobody takes what it writes, nor would see how it ends'
}

function rebootExit(attempt: number, { at }: StartFile): ContainerExit {
  return {
    attempt,
    exitCode: 255,
    oomKilled: false,
    startedAt: at,
    finishedAt: at,
    message: 'the node was restarted while the container ran',
    startFailed: false,
    lost: true,
  }
}
