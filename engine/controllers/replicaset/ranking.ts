import type { ContainerStatus } from '../../api/generated/types.ts'
import { createdMs, isAvailable, type PodView, readySinceMs } from '../view.ts'

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'

interface Ranked {
  readonly pod: PodView
  readonly key: readonly number[]
}

/**
 * Pods in the order in which a scale-down takes them: Kubernetes' ActivePodsWithRanks (pkg/controller/controller_utils.go), least
 * useful first. One thing is ours: what is ready but not yet available goes before what is available, so that a deletion
 * cost can never take the rollout under its floor.
 */
export function inDeletionOrder(
  pods: readonly PodView[],
  minReadySeconds: number,
  nowMs: number,
): readonly PodView[] {
  const onNode = new Map<string, number>()
  for (const pod of pods) onNode.set(pod.node, (onNode.get(pod.node) ?? 0) + 1)
  const ranked = pods.map((pod): Ranked => {
    const available = isAvailable(pod, minReadySeconds, nowMs)
    return { pod, key: rankOf(pod, available, onNode.get(pod.node) ?? 0) }
  })
  return ranked.toSorted(compare).map(({ pod }) => pod)
}

/** Smaller goes first. */
function rankOf(pod: PodView, available: boolean, neighbours: number): readonly number[] {
  return [
    phaseRank(pod),
    pod.ready ? 1 : 0,
    available ? 1 : 0,
    deletionCost(pod),
    -neighbours,
    pod.ready ? -readySinceMs(pod) : 0,
    -restarts(pod.status.containerStatuses),
    -restarts(pod.status.initContainerStatuses),
    -createdMs(pod),
  ]
}

function phaseRank(pod: PodView): number {
  switch (pod.status.phase) {
    case 'Pending':
      return 0
    case 'Unknown':
    case undefined:
      return 1
    case 'Running':
    case 'Succeeded':
    case 'Failed':
      return 2
    default:
      return pod.status.phase satisfies never
  }
}

function deletionCost(pod: PodView): number {
  const cost = Number(pod.record.pod.metadata.annotations?.[DELETION_COST] ?? 0)
  return Number.isInteger(cost) ? cost : 0
}

function restarts(statuses: readonly ContainerStatus[] = []): number {
  return Math.max(0, ...statuses.map((status) => status.restartCount))
}

function compare(a: Ranked, b: Ranked): number {
  for (let index = 0; index < a.key.length; index++) {
    const difference = (a.key[index] ?? 0) - (b.key[index] ?? 0)
    if (difference !== 0 && !Number.isNaN(difference)) return difference
  }
  return a.pod.uid < b.pod.uid ? -1 : 1
}
