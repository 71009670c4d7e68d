import type { StopContainerRequest } from '../../../api/cri.ts'
import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import type { Started } from './attempts.ts'
import { lostExitText, parseStarted } from './attempts.ts'
import { runOrFail } from '../commands.ts'
import { hookReleaseCommand } from '../hook/hookCommands.ts'
import { lostReason } from '../pods/containerState.ts'
import { readPodFiles } from '../pods/podFiles.ts'
import { thawGroups } from '../node/freezer.ts'
import { readProcesses, startsOf } from '../node/processes.ts'
import type { NodeFacts } from '../node/prepareNode.ts'
import { readBootId } from '../node/node.ts'
import type { PodPaths, RootPaths } from '../paths.ts'
import { containerPaths, podPaths } from '../paths.ts'
import { parseRule } from '../hook/rule.ts'
import { SIGCONT, SIGKILL, signalNumber, SIGTERM } from './signals.ts'

export interface StopContext {
  readonly transport: Transport
  readonly paths: RootPaths
  readonly facts: NodeFacts
}

/** From SIGKILL to the exit on record: a process in an uninterruptible sleep takes long. */
const RECORD_WAIT_MS = 30_000
/** Besides being told by the kernel, for what it does not tell: that process and monitor have both gone. */
const LOOK_AGAIN_MS = 1_000

/** Resolves when the exit of this attempt is on record, whoever wrote it. */
export async function stopContainer(
  context: StopContext,
  request: StopContainerRequest,
  signal?: AbortSignal,
): Promise<void> {
  const { paths } = context
  const pod = podPaths(paths, request.uid)
  const state = await attemptState(context, request)
  if (state.kind === 'ended') return
  if (state.kind === 'starting') return await releaseUnstarted(context, request, pod, signal)
  const chosen = signalNumber(request.signal ?? (state.stopSignal || 'SIGTERM')) ?? SIGTERM
  await kill(context, request, state.started, request.graceMs === 0 ? SIGKILL : chosen)
  if (request.graceMs > 0) {
    if (await waitForRecord(context, request, state.started, request.graceMs, signal)) return
    await kill(context, request, state.started, SIGKILL)
  }
  if (await waitForRecord(context, request, state.started, RECORD_WAIT_MS, signal)) return
  const text = `stopping container ${request.container}: no exit on record ${RECORD_WAIT_MS / 1000} s after SIGKILL`
  throw new RuntimeFailure('KillContainerError', text)
}

type AttemptState =
  | { readonly kind: 'ended' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly started: Started; readonly stopSignal: string }

async function attemptState(context: StopContext, request: StopContainerRequest): Promise<AttemptState> {
  const files = await readPodFiles(context.transport, context.paths, request.uid)
  const container = files?.containers.get(request.container)
  const attempt = container?.attempts.get(request.attempt)
  if (attempt === undefined || attempt.has('exited')) return { kind: 'ended' }
  const started = parseStarted(attempt.get('started'))
  if (started === undefined) return { kind: 'starting' }
  const rule = container?.rule === undefined ? undefined : parseRule(container.rule)
  return { kind: 'running', started, stopSignal: rule?.stopSignal ?? '' }
}

/** A start that was cut off: nothing to be polite to. Waits for one that is under way. */
async function releaseUnstarted(
  context: StopContext,
  request: StopContainerRequest,
  pod: PodPaths,
  signal?: AbortSignal,
): Promise<void> {
  const { facts, transport } = context
  const { rule } = containerPaths(pod, request.uid, request.container)
  if ((await transport.stat(pod.run)) !== undefined) {
    const failing = { reason: 'KillContainerError', doing: `ending container ${request.container}` }
    await runOrFail(transport, hookReleaseCommand(facts.hook, pod.run, [rule]), failing, signal)
  }
  const state = await attemptState(context, request)
  if (state.kind !== 'ended')
    await writeLost(context, request, 137, 'it was stopped before its start was on record')
}

/**
 * A monitor that somebody has stopped would never tell the end: it goes on, whatever becomes of the container. One that somebody has frozen
 * would never hear of it.
 */
async function kill(
  { facts, paths, transport }: StopContext,
  { container, uid }: StopContainerRequest,
  started: Started,
  number: number,
): Promise<void> {
  const { monitor, monitorTicks, pid, ticks } = started
  const processes = startsOf(await readProcesses(transport, [pid, monitor]))
  const bootId = await readBootId(transport)
  if (started.bootId !== bootId) return
  if (processes.get(pid) === ticks) await transport.signal(pid, number)
  const pod = podPaths(paths, uid)
  await thawGroups(transport, facts.cgroups, [pod.cgroup, containerPaths(pod, uid, container).cgroup])
  if (processes.get(monitor) === monitorTicks) await transport.signal(monitor, SIGCONT)
}

async function waitForRecord(
  context: StopContext,
  request: StopContainerRequest,
  started: Started,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const { paths, transport } = context
  const directory = attemptDirectory(paths, request)
  const deadline = performance.now() + timeoutMs
  const end = new AbortController()
  const changes = transport.watch([directory], end.signal)[Symbol.asyncIterator]()
  try {
    let change = changes.next()
    for (;;) {
      if (await isRecorded(context, request, started)) return true
      const left = deadline - performance.now()
      if (left <= 0) return false
      if (await settledWithin(change, Math.min(left, LOOK_AGAIN_MS), signal)) change = changes.next()
    }
  } finally {
    end.abort()
  }
}

/** The engine records what no monitor is left to record. */
async function isRecorded(
  context: StopContext,
  request: StopContainerRequest,
  started: Started,
): Promise<boolean> {
  const { paths, transport } = context
  if ((await transport.stat(`${attemptDirectory(paths, request)}/exited`)) !== undefined) return true
  const processes = startsOf(await readProcesses(transport, [started.pid, started.monitor]))
  const bootId = await readBootId(transport)
  const lost = lostReason(started, { bootId, processes })
  if (lost === undefined) return false
  // The monitor may have ended just now because it had done its work.
  if ((await transport.stat(`${attemptDirectory(paths, request)}/exited`)) !== undefined) return true
  await writeLost(context, request, lost.exitCode, lost.message)
  return true
}

async function writeLost(
  context: StopContext,
  request: StopContainerRequest,
  exitCode: number,
  why: string,
): Promise<void> {
  const file = `${attemptDirectory(context.paths, request)}/exited`
  await context.transport.writeFile(file, lostExitText(exitCode, why), 0o600)
}

function attemptDirectory(paths: RootPaths, request: StopContainerRequest): string {
  const pod = podPaths(paths, request.uid)
  return `${containerPaths(pod, request.uid, request.container).directory}/${request.attempt}`
}

async function settledWithin(promise: Promise<unknown>, ms: number, signal?: AbortSignal): Promise<boolean> {
  signal?.throwIfAborted()
  const { promise: ended, reject, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), ms)
  const abort = () => reject(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  promise.then(() => resolve(true), reject)
  try {
    return await ended
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
