import type { ObservedPod } from '../../engine/api/snapshot.ts'
import { podStep } from '../../engine/kubelet/step.ts'
import { context } from './world.ts'

/** The containers that are started next; another action's kind where it is another. */
export function startsOf(pod: ObservedPod, seconds = 10) {
  const { action } = podStep(pod, context(seconds))
  return action?.kind === 'startContainers' ? action.containers : action?.kind
}

/** The pod once its record is written, if that is what comes next. */
export function recorded(pod: ObservedPod): ObservedPod {
  const { action } = podStep(pod, context(10))
  return action?.kind === 'updatePod' ? { ...pod, record: action.record } : pod
}

/** The pod after its next action, as far as that is its record and its sandbox. */
export function stepped(pod: ObservedPod, seconds: number): ObservedPod {
  const { action } = podStep(pod, context(seconds))
  if (action === undefined || !('record' in action)) return pod
  return {
    ...pod,
    record: action.record,
    ...(action.kind === 'releasePod' && { sandbox: 'released' as const }),
  }
}
