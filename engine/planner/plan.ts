import type { Plan } from '../api/plan.ts'
import type { Snapshot } from '../api/snapshot.ts'

/** What to do now so that the nodes come to run what the commit says: no effect, no clock, the same answer every time. */
export function plan(_snapshot: Snapshot, _now: Temporal.Instant): Plan {
  return { actions: [], verdicts: [], changes: new Map(), statuses: new Map(), violations: [] }
}
