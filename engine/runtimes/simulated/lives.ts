import type { PodUid } from '../../api/names.ts'
import type { ContainerExit } from '../../api/snapshot.ts'
import type { PodListing } from '../runtime.ts'
import type { SimulatedNode } from './node.ts'
import {
  containerFact,
  exitOf,
  newPod,
  type SimulatedContainer,
  type SimulatedPod,
  type Started,
} from './pod.ts'
import { restartDelay } from './restarts.ts'

/** How containers live on a simulated node: by their scripts and the exit hook, whether or not an engine looks on. */

/** Twice is once: an attempt that has begun is not begun again. */
export function startContainer(
  node: SimulatedNode,
  pod: SimulatedPod,
  request: Started,
  by: 'engine' | 'hook',
  streak = 0,
): void {
  const before = pod.containers.get(request.container)
  if (before !== undefined && before.attempt >= request.attempt) return
  const state = { kind: 'running', startedAt: node.clock.now().toString() } as const
  const previous = before === undefined ? undefined : exitOf(before)
  const container = newContainer(node, pod, request, { previous, state, streak })
  pod.containers.set(container.name, container)
  node.note(containerFact('started', by, pod, container))
  live(node, pod, container)
}

/** SIGTERM: it ends when its script says so, whether or not somebody still waits. */
export function terminateContainer(
  node: SimulatedNode,
  pod: SimulatedPod,
  container: SimulatedContainer,
): void {
  if (container.stopping) return
  node.onTerminate(pod)
  container.stopping = true
  const { stopAfterMs = 0 } = container.script
  if (stopAfterMs === Infinity) return
  void node.later(stopAfterMs, () => endContainer(node, pod, container, 143, 'engine'))
}

export function endContainer(
  node: SimulatedNode,
  pod: SimulatedPod,
  container: SimulatedContainer,
  exitCode: number,
  by: 'engine' | 'itself',
): void {
  if (container.state.kind !== 'running') return
  const { startedAt } = container.state
  const finishedAt = node.clock.now()
  const exit: ContainerExit = {
    attempt: container.attempt,
    exitCode,
    ...(exitCode > 128 ? { signal: exitCode - 128 } : {}),
    oomKilled: false,
    startedAt,
    finishedAt: finishedAt.toString(),
    startFailed: false,
  }
  const delay = pod.armed ? restartDelay(container, exitCode, node.clock) : undefined
  const restartAt = delay && { restartAt: finishedAt.add({ seconds: delay.seconds }).toString() }
  container.state = { kind: 'exited', exit, ...restartAt }
  container.ended.resolve()
  node.note(containerFact('ended', by, pod, container))
  if (delay === undefined) return
  const { disarms } = pod
  void node.later(delay.seconds * 1_000, () => {
    if (pod.disarms === disarms) restart(node, pod, container, delay.streak)
  })
}

/** A pod as another node told of it lives on here; its containers by their scripts, as if they had begun now. */
export function adoptPod(
  node: SimulatedNode,
  uid: PodUid,
  listing: PodListing,
  ruleOf: (container: string) => Started['restart'],
): void {
  const { containers, ip, record, sandbox, volumes = {} } = listing
  const armed = record.pod.metadata.deletionTimestamp === undefined
  const pod: SimulatedPod = { ...newPod(uid, record), sandbox, ip, armed, volumes }
  node.pods.set(uid, pod)
  for (const { attempt, image, name, previous, state } of containers.values()) {
    const request = { container: name, attempt, image: image.reference, restart: ruleOf(name) }
    const container = newContainer(node, pod, request, { previous, state, streak: attempt })
    pod.containers.set(name, container)
    if (state.kind === 'running') live(node, pod, container)
    if (state.kind === 'exited' && state.restartAt !== undefined) {
      const waitMs = Date.parse(state.restartAt) - node.clock.now().epochMilliseconds
      void node.later(Math.max(0, waitMs), () => restart(node, pod, container, attempt + 1))
    }
  }
}

/** Power off and on: whatever ran has ended, what was in memory is gone, records and images stay. */
export function reboot(node: SimulatedNode): void {
  node.boots += 1
  for (const pod of node.pods.values()) {
    const { armed } = pod
    // a hook that waits dies with the machine
    pod.armed = false
    for (const container of pod.containers.values()) endContainer(node, pod, container, 137, 'itself')
    pod.armed = armed
    if (pod.sandbox === 'ready') node.breakSandbox(pod)
  }
}

function newContainer(
  { clock, script }: SimulatedNode,
  { record }: SimulatedPod,
  request: Started,
  life: Pick<SimulatedContainer, 'previous' | 'state' | 'streak'>,
): SimulatedContainer {
  const { attempt, container: name } = request
  return {
    name,
    attempt,
    request,
    script: script({ pod: record.pod, container: name, attempt }),
    ...life,
    startedMs: clock.elapsedMs,
    stopping: false,
    used: { atMs: clock.elapsedMs, cpuNanoseconds: 0 },
    ended: Promise.withResolvers<void>(),
  }
}

function live(node: SimulatedNode, pod: SimulatedPod, container: SimulatedContainer): void {
  const { exitAfterMs, exitCode = 0 } = container.script
  if (exitAfterMs === undefined) return
  void node.later(exitAfterMs, () => endContainer(node, pod, container, exitCode, 'itself'))
}

/** As the exit hook of a real node does, when its wait is over. */
function restart(
  node: SimulatedNode,
  pod: SimulatedPod,
  container: SimulatedContainer,
  streak: number,
): void {
  const current = node.pods.get(pod.uid) === pod && pod.containers.get(container.name) === container
  if (!current || !pod.armed || pod.frozenSince !== undefined || pod.sandbox !== 'ready') return
  startContainer(node, pod, { ...container.request, attempt: container.attempt + 1 }, 'hook', streak)
}
