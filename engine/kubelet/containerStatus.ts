import type { NodeInfo } from '../api/cri.ts'
import type {
  ContainerState,
  ContainerStateTerminated,
  ContainerStateWaiting,
  ContainerStatus,
} from '../api/generated/types.ts'
import { memoised } from '../api/memo.ts'
import type { Failure } from '../api/records.ts'
import type { ContainerExit, ObservedContainer } from '../api/snapshot.ts'
import { restartDelayMs } from './backOff.ts'
import { containerProblem } from './requests/startContainer.ts'
import { durationText } from './time.ts'
import type { ContainerView, PodView } from './view.ts'

export function containerStatus(container: ContainerView, view: PodView): ContainerStatus {
  const { observed } = container
  const lastState = lastStateOf(container, view)
  const stopSignal = container.facts.container.lifecycle?.stopSignal
  return {
    name: container.name,
    state: stateOf(container, view),
    ...(lastState !== undefined && { lastState: { terminated: lastState } }),
    ready: container.ready,
    started: container.started,
    restartCount: observed?.attempt ?? 0,
    image: container.facts.container.image ?? '',
    imageID: observed?.image.reference ?? '',
    ...(stopSignal !== undefined && { stopSignal }),
    ...sizes(container, view),
    ...(observed !== undefined && { containerID: containerId(view, observed.name, observed.attempt) }),
  }
}

/** What it has been allotted, and what it has: that is another until a resize is carried out. */
function sizes(
  { facts, name }: ContainerView,
  { pod }: PodView,
): Pick<ContainerStatus, 'allocatedResources' | 'resources'> {
  const { resources } = facts.container
  if (resources === undefined) return {}
  const { limits, requests } = pod.record.resizing?.[name]?.resources ?? resources
  const allotted = { ...resources.limits, ...resources.requests }
  return {
    allocatedResources: allotted,
    resources: { ...(limits && { limits }), requests: { ...limits, ...requests } },
  }
}

function stateOf(container: ContainerView, view: PodView): ContainerState {
  const { observed, shown } = container
  const state = observed?.state
  if (shown === 'running' && state?.kind === 'running') return { running: { startedAt: state.startedAt } }
  if (shown === 'terminated' && state?.kind === 'exited') {
    return { terminated: terminated(container.name, state.exit, view) }
  }
  return { waiting: waitingFor(container, view) }
}

/** Kubernetes' words, so that people find them with a search engine. */
export function waitingFor(container: ContainerView, view: PodView): ContainerStateWaiting {
  const { observed, name } = container
  const failure = view.pod.failures.get(name)
  if (view.pod.sandbox === 'ready' && observed?.state.kind !== 'running') {
    const backOff = observed?.state.kind === 'exited' && !container.stale && failure === undefined
    if (backOff && !view.over) return crashLoop(container, observed, view)
    if (failure !== undefined) return failed(container, failure)
    const problem =
      view.initialized || container.facts.role !== 'main' ? problemOf(container, view) : undefined
    if (problem !== undefined) return problem
  }
  return { reason: view.inits.length > 0 ? 'PodInitializing' : 'ContainerCreating' }
}

function problemOf(container: ContainerView, view: PodView): ContainerStateWaiting | undefined {
  if (view.over || container.observed?.state.kind === 'running') return undefined
  const problem = containerProblem(view.pod, container.name, view.context)
  return problem === undefined ? undefined : { reason: problem.reason, message: problem.message }
}

function crashLoop(
  container: ContainerView,
  observed: ObservedContainer,
  view: PodView,
): ContainerStateWaiting {
  const delayMs = observed.state.kind === 'exited' ? restartDelayMs(observed.state) : 0
  const message = `back-off ${durationText(delayMs)} restarting failed container=${container.name} pod=${podText(view)}`
  return { reason: 'CrashLoopBackOff', message }
}

const PULL_REASONS = ['ErrImagePull', 'RegistryUnavailable']

/** The first failure is told as it was; from the second on the pull backs off. */
function failed(container: ContainerView, failure: Failure): ContainerStateWaiting {
  if (!PULL_REASONS.includes(failure.reason) || failure.count < 2) {
    return { reason: failure.reason, message: failure.message }
  }
  const image = container.facts.container.image ?? ''
  return {
    reason: 'ImagePullBackOff',
    message: `Back-off pulling image "${image}": ${failure.reason}: ${failure.message}`,
  }
}

/** As Kubernetes writes a pod in messages. */
function podText(view: PodView): string {
  const { name = '', namespace = 'default', uid = '' } = view.pod.record.pod.metadata
  return `${name}_${namespace}(${uid})`
}

function lastStateOf(container: ContainerView, view: PodView): ContainerStateTerminated | undefined {
  const { observed, shown } = container
  if (observed === undefined) return undefined
  if (observed.state.kind === 'exited' && shown === 'waiting')
    return terminated(container.name, observed.state.exit, view)
  return observed.previous === undefined ? undefined : terminated(container.name, observed.previous, view)
}

function terminated(container: string, exit: ContainerExit, view: PodView): ContainerStateTerminated {
  return {
    containerID: containerId(view, container, exit.attempt),
    exitCode: exit.exitCode,
    reason: exitReason(exit),
    startedAt: exit.startedAt,
    finishedAt: exit.finishedAt,
    ...(exit.signal !== undefined && { signal: exit.signal }),
    ...(exit.message !== undefined && exit.message !== '' && { message: shortMessage(exit.message, view) }),
  }
}

/** As the kubelet does it: all last messages of a pod together, in equal parts. */
const POD_MESSAGES_BYTES_MAX = 12 * 1024

function shortMessage(message: string, { inits, mains }: PodView): string {
  const bytesMax = Math.floor(POD_MESSAGES_BYTES_MAX / (inits.length + mains.length))
  if (message.length * 3 <= bytesMax) return message
  const bytes = new TextEncoder().encode(message)
  if (bytes.length <= bytesMax) return message
  return new TextDecoder().decode(bytes.subarray(0, bytesMax)).replace(/\uFFFD+$/, '')
}

export function exitReason(exit: ContainerExit): string {
  if (exit.startFailed) return 'StartError'
  if (exit.oomKilled) return 'OOMKilled'
  return exit.exitCode === 0 ? 'Completed' : 'Error'
}

/** `runc://...`: the runtime's name without its version, so that it is a URL as everywhere. */
function containerId(view: PodView, container: string, attempt: number): string {
  const { info } = view.context.node
  const runtime = info === undefined ? 'oci' : runtimeName(info)
  return `${runtime}://${view.pod.record.pod.metadata.uid ?? ''}/${container}/${attempt}`
}

const runtimeName = memoised(({ runtime }: NodeInfo): string => runtime.split(' ', 1)[0] ?? 'oci')
