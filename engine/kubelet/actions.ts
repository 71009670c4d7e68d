import { nodeName, objectKey, podUid } from '../api/names.ts'
import type { ContainerStop, OfPod, StopContainers } from '../api/plan.ts'
import type { Failure } from '../api/records.ts'
import { controllerOf } from '../api/owners.ts'
import { isBackingOff, retryAt } from './backOff.ts'
import { freshRecord, withHook } from './record.ts'
import type { PodStep } from './step.ts'
import type { ContainerView, PodView } from './view.ts'

/** What every action about a pod says. */
export function ofPod(view: PodView, reason: string): OfPod {
  const { metadata } = view.pod.record.pod
  const { name = '', namespace = 'default', uid = '' } = metadata
  const owner = controllerOf(metadata)
  return {
    node: nodeName(view.pod.record.node),
    uid: podUid(uid),
    pod: `${namespace}/${name}`,
    object:
      owner === undefined ? objectKey('Pod', namespace, name) : objectKey(owner.kind, namespace, owner.name),
    reason,
  }
}

/** Kubernetes leaves a container this long after its preStop hook, however little is left of the grace. */
export const GRACE_MIN_MS = 2_000

export interface Grace {
  readonly periodMs: number
  readonly remainingMs: number
}

/** Nothing of it has passed yet. */
export function wholeGrace(periodMs: number): Grace {
  return { periodMs, remainingMs: periodMs }
}

/** A period of zero means, in the API's words, to stop immediately by the kill signal; any other leaves the least. */
function leastGraceMs({ periodMs, remainingMs }: Grace): number {
  return periodMs === 0 ? 0 : Math.max(GRACE_MIN_MS, remainingMs)
}

export interface StopPlan {
  readonly reason: string
  readonly grace: (container: ContainerView) => Grace
  readonly disarm: boolean
  /** False: not even where there are any. */
  readonly preStopHooks?: boolean
}

export function stopAction(
  view: PodView,
  containers: readonly ContainerView[],
  plan: StopPlan,
): StopContainers {
  let record = freshRecord(view)
  const stops: ContainerStop[] = []
  for (const container of containers) {
    const stop = containerStop(container, plan)
    if (stop.runPreStop) record = withHook(record, container, 'preStop', view.context.now)
    stops.push(stop)
  }
  return {
    ...ofPod(view, plan.reason),
    kind: 'stopContainers',
    record,
    containers: stops,
    disarm: plan.disarm,
  }
}

/** A container that was made but never ran has no process that could heed a signal. */
function containerStop(container: ContainerView, plan: StopPlan): ContainerStop {
  const { facts, name, observed, record } = container
  const attempt = observed?.attempt ?? 0
  if (observed?.state.kind !== 'running') return { name, attempt, graceMs: 0, runPreStop: false }
  const hasHook = facts.container.lifecycle?.preStop !== undefined && plan.preStopHooks !== false
  const grace = plan.grace(container)
  const runPreStop = hasHook && grace.remainingMs > 0 && record?.preStop?.endedAt === undefined
  return { name, attempt, graceMs: leastGraceMs(grace), runPreStop }
}

/** The wait after something for this container, or with an empty name for the pod, has failed. */
export function backOffOf(view: PodView, name: string): PodStep | undefined {
  const failure = view.pod.failures.get(name)
  const uid = podUid(view.pod.record.pod.metadata.uid ?? '')
  if (failure === undefined || !isBackingOff(failure, uid, name, view.context.now)) return undefined
  return { requeueAt: retryAt(failure, uid, name), waiting: failureText(name, failure) }
}

export function failureText(container: string, failure: Failure): string {
  const what = `${failure.reason}: ${failure.message}`
  return container === '' ? what : `container ${container}: ${what}`
}
