import type { ObjectKey } from '../api/names.ts'
import type { Action, Plan } from '../api/plan.ts'
import { after } from './clock.ts'
import type { Pacing } from './pacing.ts'
import { isRecordAction } from './recordKeeper.ts'

/** A plan's actions: those that may begin now, and those that wait after a failure. */
export interface Paced {
  readonly allowed: readonly Action[]
  readonly held: readonly Action[]
  /** When the first of them may begin. */
  readonly heldUntil: Temporal.Instant | undefined
}

export function pace(actions: readonly Action[], now: Temporal.Instant, pacing: Pacing): Paced {
  const allowed: Action[] = []
  const held: Action[] = []
  let heldUntil: Temporal.Instant | undefined
  // Records of one object are written in their order, or not at all.
  const waiting = new Set<ObjectKey>()
  for (const action of actions) {
    const notBefore = pacing.notBefore(action, now)
    const isDue = notBefore === undefined || Temporal.Instant.compare(notBefore, now) <= 0
    if (isDue && !(isRecordAction(action) && waiting.has(action.object))) {
      allowed.push(action)
      continue
    }
    held.push(action)
    if (isRecordAction(action)) waiting.add(action.object)
    if (notBefore !== undefined) heldUntil = earliest(heldUntil, notBefore)
  }
  return { allowed, held, heldUntil }
}

/** The least time to the next tick that a plan asks for, so that one which asks for the past does not spin. */
const REQUEUE_MS_MIN = 10

export function requeueAt(plan: Plan, now: Temporal.Instant): Temporal.Instant | undefined {
  if (plan.requeueAt === undefined) return undefined
  const least = after(now, REQUEUE_MS_MIN)
  return Temporal.Instant.compare(plan.requeueAt, least) < 0 ? least : plan.requeueAt
}

export function earliest(one?: Temporal.Instant, other?: Temporal.Instant): Temporal.Instant | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Temporal.Instant.compare(one, other) <= 0 ? one : other
}
