import type { PodAction } from '../api/plan.ts'
import type { ObservedPod } from '../api/snapshot.ts'
import type { PodContext } from './context.ts'

export interface PodStep {
  readonly action?: PodAction
  /** Look again then, even if nothing happens. */
  readonly requeueAt?: Temporal.Instant
  /** What the pod waits for, in words for people. */
  readonly waiting?: string
}

export function podStep(_pod: ObservedPod, _context: PodContext): PodStep {
  throw new Error('not built yet')
}
