import type { DaemonSet, DaemonSetStatus } from '../../api/generated/types.ts'
import type { Health } from '../../api/plan.ts'
import type { DaemonNode } from './rollout.ts'
import type { OwnPod } from './pods.ts'
import type { ObjectMemory } from '../memory.ts'
import { certainFailure, endingText } from '../workloads.ts'

/** Kubernetes' updateDaemonSetStatus. Of a node with several pods the oldest one counts that serves, so that a surge takes none away. */
export function daemonStatus(nodes: readonly DaemonNode<OwnPod>[], memory: ObjectMemory): DaemonSetStatus {
  const wanted = nodes.filter(({ shouldRun }) => shouldRun)
  const firsts = wanted.flatMap(({ pods }) => standing(pods) ?? [])
  const count = (holds: (pod: OwnPod) => boolean): number => firsts.filter(holds).length
  const available = count(({ available: is }) => is)
  return {
    currentNumberScheduled: firsts.length,
    desiredNumberScheduled: wanted.length,
    numberAvailable: available,
    numberMisscheduled: nodes.filter(({ pods, shouldRun }) => !shouldRun && pods.length > 0).length,
    numberReady: count(({ ready }) => ready),
    numberUnavailable: wanted.length - available,
    observedGeneration: memory.generation,
    updatedNumberScheduled: count(({ isNew }) => isNew),
  }
}

function standing(pods: readonly OwnPod[]): OwnPod | undefined {
  return pods.find(({ available }) => available) ?? pods.find(({ deleting }) => !deleting) ?? pods[0]
}

/** Rolled out, in the words of `kubectl rollout status`. */
export function daemonHealth(
  { spec }: DaemonSet,
  nodes: readonly DaemonNode<OwnPod>[],
  status: DaemonSetStatus,
): Health {
  const all = nodes.flatMap(({ pods }) => pods)
  const { desiredNumberScheduled: desired, numberAvailable = 0, updatedNumberScheduled = 0 } = status
  const onDelete = spec.updateStrategy?.type === 'OnDelete'
  const counted = all.filter(({ isNew }) => isNew || onDelete).map(({ pod }) => pod)
  const failure =
    numberAvailable < desired || updatedNumberScheduled < desired ? certainFailure(counted) : undefined
  if (failure !== undefined) return failure
  const message =
    !onDelete && updatedNumberScheduled < desired
      ? `${updatedNumberScheduled} of ${desired} new pods have been updated`
      : numberAvailable < desired
        ? `${numberAvailable} of ${desired} updated pods are available`
        : endingText(all.map(({ pod }) => pod))
  return message === undefined ? { kind: 'healthy' } : { kind: 'progressing', message }
}
