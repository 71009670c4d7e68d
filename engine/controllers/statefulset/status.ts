import type { StatefulSet, StatefulSetStatus } from '../../api/generated/types.ts'
import type { Health } from '../../api/plan.ts'
import type { ObjectMemory } from '../memory.ts'
import type { OwnPod } from './pods.ts'
import { isInRange, type StatefulGoal, wantedRevision } from './rollout.ts'
import { certainFailure, endingText } from '../workloads.ts'

/** Kubernetes' updateStatus: pods that are ending are replicas still, but of no revision. */
export function statefulStatus(
  pods: readonly OwnPod[],
  goal: StatefulGoal,
  memory: ObjectMemory,
): StatefulSetStatus {
  const count = (holds: (pod: OwnPod) => boolean): number => pods.filter(holds).length
  const isOf = (name: string) => (pod: OwnPod) => !pod.deleting && pod.revision === name
  return {
    replicas: pods.length,
    readyReplicas: count(({ pod }) => pod.ready),
    availableReplicas: count(({ available }) => available),
    currentReplicas: count(isOf(goal.currentRevision)),
    updatedReplicas: count(isOf(goal.updateRevision)),
    currentRevision: goal.currentRevision,
    updateRevision: goal.updateRevision,
    observedGeneration: memory.generation,
    collisionCount: 0,
  }
}

/** Every ordinal's pod is ready and of the revision of now: that becomes the current one (completeRollingUpdate). */
export function isComplete(goal: StatefulGoal, status: StatefulSetStatus): boolean {
  const { replicas, readyReplicas, updatedReplicas } = status
  return (
    goal.type === 'RollingUpdate' &&
    replicas === goal.replicas &&
    updatedReplicas === goal.replicas &&
    readyReplicas === goal.replicas
  )
}

/** Rolled out as far as the partition goes, in the words of `kubectl rollout status`. */
export function statefulHealth({ spec }: StatefulSet, pods: readonly OwnPod[], goal: StatefulGoal): Health {
  const wanted = pods.filter(({ ordinal }) => isInRange(ordinal, goal))
  const onDelete = spec.updateStrategy?.type === 'OnDelete'
  const isUpdated = ({ deleting, ordinal, revision }: OwnPod): boolean =>
    !deleting &&
    (onDelete || revision === wantedRevision(ordinal, goal) || ordinal < goal.start + goal.partition)
  const available = wanted.filter(({ available: is }) => is).length
  const updated = wanted.filter(isUpdated).length
  if (available < goal.replicas || updated < goal.replicas) {
    const failure = certainFailure(wanted.filter(isUpdated).map(({ pod }) => pod))
    if (failure !== undefined) return failure
  }
  const message = wanted.some((pod) => !pod.deleting && !isUpdated(pod))
    ? `${updated} of ${goal.replicas} pods have been updated`
    : available < goal.replicas
      ? `${available} of ${goal.replicas} pods are available`
      : (surplusText(pods.length - wanted.length) ?? endingText(pods.map(({ pod }) => pod)))
  return message === undefined ? { kind: 'healthy' } : { kind: 'progressing', message }
}

function surplusText(surplus: number): string | undefined {
  if (surplus === 0) return undefined
  return surplus === 1 ? '1 pod too many is to go' : `${surplus} pods too many are to go`
}
