import type { Taint } from './generated/types.ts'
import type { ObservedNode } from './snapshot.ts'

/** A node that is silent for so long counts as unreachable, if it did not answer several looks: one slow command says nothing. */
export const SILENCE_MAX_MS = 20_000
export const FAILED_LOOKS_MIN = 3

/** Kubernetes' own taints of a node that does not answer (pkg/controller/nodelifecycle). */
export const UNREACHABLE = 'node.kubernetes.io/unreachable'
export const UNREACHABLE_TAINTS: readonly Taint[] = [
  { key: UNREACHABLE, effect: 'NoSchedule' },
  { key: UNREACHABLE, effect: 'NoExecute' },
]

/** As people put it on a node of Kubernetes that is shut down, so that its pods are given up. */
export const OUT_OF_SERVICE_TAINT: Taint = {
  key: 'node.kubernetes.io/out-of-service',
  value: 'nodeshutdown',
  effect: 'NoExecute',
}

/** Kubernetes' DefaultTolerationSeconds. */
export const EVICTION_TIMEOUT_S = 300

/** When a silent node will count as unreachable, in ms since 1970, if it goes on not answering; infinite: not before more looks have failed. */
export function unreachableAtMs({ failedLooks = 0, reachable, since }: ObservedNode): number {
  if (reachable || failedLooks < FAILED_LOOKS_MIN) return Number.POSITIVE_INFINITY
  return Date.parse(since) + SILENCE_MAX_MS
}
