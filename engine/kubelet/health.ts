import type { PodSpec } from '../api/generated/types.ts'
import type { Health } from '../api/plan.ts'
import { RESIZE_IN_PROGRESS, RESIZE_PENDING } from '../api/resize.ts'
import type { ContainerExit, ObservedPod } from '../api/snapshot.ts'
import { failureText } from './actions.ts'
import { restartDelayMs } from './backOff.ts'
import { frozenText, isFrozen, isReady } from './conditions.ts'
import { exitReason, waitingFor } from './containerStatus.ts'
import { isProblem, type PodContext } from './context.ts'
import { diskLimits } from './eviction.ts'
import { factsOf, type PodFacts } from './facts.ts'
import { createPodRequest } from './requests/createPod.ts'
import { hasCredentials } from './requests/credentials.ts'
import { durationText } from './time.ts'
import { type ContainerView, type PodView, viewOf } from './view.ts'

/**
 * The wait after the fifth end in a row. A container that waits for another one of the same commit crashes a few times first; after
 * more than a minute of that it is a crash loop. The count is told by the back-off, which a long run resets.
 */
const CRASH_LOOP_DELAY_MS = 80_000

const HEALTHY: Health = { kind: 'healthy' }

export function podHealth(pod: ObservedPod, context: PodContext): Health {
  const view = viewOf(pod, context)
  if (view.deleting) return { kind: 'progressing', message: 'it is being deleted' }
  if (view.phase === 'Succeeded') return HEALTHY
  if (view.phase === 'Failed') return podFailed(view)
  const resize = resizeHealth(view)
  if (resize !== undefined) return resize
  if (!context.node.reachable)
    return { kind: 'progressing', message: `node ${context.node.name} does not answer` }
  if (isReady(view)) return HEALTHY
  if (isFrozen(view)) return { kind: 'failed', reason: 'PodFrozen', message: frozenText(view) }
  return certainFailure(view) ?? sandboxProblem(view) ?? containerTrouble(view) ?? progressing(view)
}

/** What the commit wants of its resources is not so yet. */
function resizeHealth({ conditions }: PodView): Health | undefined {
  for (const { message = 'its resources are being changed', reason = '', type } of conditions) {
    if (type === RESIZE_PENDING && reason === 'Infeasible') return { kind: 'failed', reason, message }
    if (type === RESIZE_PENDING || type === RESIZE_IN_PROGRESS) return { kind: 'progressing', message }
  }
  return undefined
}

function podFailed(view: PodView): Health {
  const { message = 'the pod has failed', reason } = view.end ?? {}
  if (reason !== undefined) return { kind: 'failed', reason, message }
  const ended = [...view.inits, ...view.mains].find((one) => (exitOf(one)?.exitCode ?? 0) !== 0)
  const exit = ended === undefined ? undefined : exitOf(ended)
  if (ended === undefined || exit === undefined) {
    return { kind: 'failed', reason: 'PodFailed', message: 'the pod has failed' }
  }
  return { kind: 'failed', reason: exitReason(exit), message: `container ${ended.name} ${exitText(ended)}` }
}

function certainFailure(view: PodView): Health | undefined {
  for (const [name, failure] of [...view.pod.failures].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (failure.certain)
      return { kind: 'failed', reason: failure.reason, message: failureText(name, failure) }
  }
  return undefined
}

function sandboxProblem(view: PodView): Health | undefined {
  if (view.pod.sandbox === 'ready') return undefined
  const request = createPodRequest(view.pod.record, view.context.desired, view.context.node, view.context.now)
  return isProblem(request) ? { kind: 'failed', reason: request.reason, message: request.message } : undefined
}

function containerTrouble(view: PodView): Health | undefined {
  if (view.pod.sandbox !== 'ready') return undefined
  for (const container of [...view.inits, ...view.mains]) {
    const { observed, shown, name } = container
    if (shown !== 'waiting') continue
    const waiting = waitingFor(container, view)
    if (waiting.reason === 'CreateContainerConfigError') {
      return {
        kind: 'failed',
        reason: waiting.reason,
        message: `container ${name}: ${waiting.message ?? ''}`,
      }
    }
    if (observed?.state.kind !== 'exited' || container.stale) continue
    // Before the hook has said when, nobody knows how many ends in a row there were.
    if (observed.state.restartAt === undefined && !observed.state.exit.startFailed) continue
    const delayMs = restartDelayMs(observed.state)
    if (delayMs < CRASH_LOOP_DELAY_MS) continue
    const message = `container ${name} ${exitText(container)}, again and again; its restart waits ${durationText(delayMs)}`
    return { kind: 'failed', reason: 'CrashLoopBackOff', message }
  }
  return undefined
}

function progressing(view: PodView): Health {
  for (const [name, failure] of view.pod.failures)
    return { kind: 'progressing', message: failureText(name, failure) }
  if (view.pod.sandbox !== 'ready') return { kind: 'progressing', message: 'its sandbox is being made' }
  const waiting = [...view.inits, ...view.mains].find((one) => one.facts.role !== 'init' && !one.ready)
  const init = view.initialized ? undefined : view.inits.find((one) => !one.ready && !one.started)
  const blocking = init ?? waiting
  if (blocking === undefined) {
    const ready = view.conditions.find(({ type }) => type === 'Ready')
    return { kind: 'progressing', message: ready?.message ?? 'it is not ready yet' }
  }
  return { kind: 'progressing', message: `container ${blocking.name} ${stateText(blocking, view)}` }
}

function stateText(container: ContainerView, view: PodView): string {
  switch (container.shown) {
    case 'running':
      return container.started || container.facts.role === 'init'
        ? 'runs and is not ready yet'
        : 'runs and has not started up yet'
    case 'terminated':
      return exitText(container)
    case 'waiting': {
      const { message, reason } = waitingFor(container, view)
      return message === undefined ? `waits: ${reason ?? ''}` : `waits: ${reason ?? ''}: ${message}`
    }
    default:
      return container.shown satisfies never
  }
}

function exitText(container: ContainerView): string {
  const exit = exitOf(container)
  if (exit === undefined) return 'has ended'
  const said = exit.message === undefined || exit.message.trim() === '' ? '' : `: ${exit.message.trim()}`
  return `ended with exit code ${exit.exitCode} (${exitReason(exit)})${said}`
}

function exitOf({ observed }: ContainerView): ContainerExit | undefined {
  return observed?.state.kind === 'exited' ? observed.state.exit : observed?.previous
}

/** Sentences that say what will not happen for such a pod while no engine runs. */
export function engineNeeds(spec: PodSpec): readonly string[] {
  const facts = factsOf(spec)
  return [
    ...probeNeeds(facts),
    ...(all(facts).some(({ hasPostStart }) => hasPostStart)
      ? ['postStart hooks are not run for containers that the node restarts']
      : []),
    ...(spec.activeDeadlineSeconds === undefined
      ? []
      : [
          'pods are not ended when their activeDeadlineSeconds are over: what runs then runs on, and nothing starts again',
        ]),
    ...(all(facts).some(({ exitRules }) => exitRules.some(({ action }) => action === 'RestartAllContainers'))
      ? ['RestartAllContainers is not carried out, so a pod whose rule asks for it stays as it is']
      : []),
    ...(diskLimits(spec).length > 0
      ? ['what pods take of the disk is not looked at, so those that go beyond their limits are not evicted']
      : []),
    ...(hasCredentials(spec)
      ? ['service account tokens and certificates in volumes are not made anew, so they expire']
      : []),
    'pods are not started again after the machine has been restarted',
  ]
}

function probeNeeds(facts: PodFacts): readonly string[] {
  const kinds = new Set(all(facts).flatMap(({ probes }) => probes.map(({ kind }) => kind)))
  return [
    ...(kinds.has('startup') || kinds.has('liveness')
      ? ['liveness and startup probes are not run, so containers that hang are not restarted']
      : []),
    ...(kinds.has('readiness')
      ? ['readiness probes are not run, so readiness stays as it was last seen']
      : []),
  ]
}

function all(facts: PodFacts): PodFacts['mains'] {
  return [...facts.inits, ...facts.mains]
}
