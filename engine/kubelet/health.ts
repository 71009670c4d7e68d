import type { PodSpec } from '../api/generated/types.ts'
import type { Health } from '../api/plan.ts'
import type { ObservedPod } from '../api/snapshot.ts'
import type { PodContext } from './context.ts'

export function podHealth(_pod: ObservedPod, _context: PodContext): Health {
  throw new Error('not built yet')
}

/** Sentences that say what will not happen for such a pod while no engine runs. */
export function engineNeeds(_spec: PodSpec): readonly string[] {
  throw new Error('not built yet')
}
