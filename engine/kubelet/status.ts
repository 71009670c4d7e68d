import type { PodStatus } from '../api/generated/types.ts'
import type { ObservedPod } from '../api/snapshot.ts'
import type { PodContext } from './context.ts'

export function podStatus(_pod: ObservedPod, _context: PodContext): PodStatus {
  throw new Error('not built yet')
}
