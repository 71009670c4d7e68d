import type { ObjectKey } from '../api/names.ts'
import type { FieldChange, Plan, PodVerdict, Violation } from '../api/plan.ts'
import type { Snapshot } from '../api/snapshot.ts'
import type { Decision } from '../controllers/decision.ts'
import { draft } from './actions.ts'
import { admit } from './admit.ts'
import { autoscale } from './autoscale.ts'
import { Allowance, budgetDecisions, budgetRooms, budgetsOf, held } from './budgets.ts'
import { withoutClaims } from './claims/records.ts'
import { ClaimBook } from './claims/book.ts'
import { withConfigHashes } from './configHash.ts'
import { decide } from './decide.ts'
import { drains } from './drains.ts'
import { datedTaints, evictions } from './evictions.ts'
import { brokenInvariants } from './invariants.ts'
import { nodeDecisions } from './nodeMemories.ts'
import { place } from './place.ts'
import { reportsOf } from './reports.ts'
import { worldOf } from './world.ts'

/** What to do now so that the nodes come to run what the commit says: no effect, no clock, the same answer every time. */
export function plan(snapshot: Snapshot, now: Temporal.Instant): Plan {
  const { world, ...autoscaled } = autoscale(worldOf(withConfigHashes(snapshot), now))
  const { decisions: decided, violations: undecided } = decide(world)
  // What is to have how many pods is on record before any of them comes or goes.
  const budgets = budgetsOf(world)
  const allowance = new Allowance(budgets)
  const allowed = held(decided, allowance)
  const drained = drains(allowed, allowance, world)
  const taints = datedTaints(world)
  const wishes = [
    ...autoscaled.decisions,
    ...nodeDecisions(taints, drained.empty, world),
    ...admit(allowed, snapshot.desired),
    ...drained.decisions,
    ...evictions(taints, world),
    ...budgetDecisions(budgets, world),
  ]
  const claims = new ClaimBook(wishes, world)
  const placements = place(wishes, budgetRooms(budgets, allowance), claims, world)
  const decisions = [...withoutClaims(wishes), ...claims.decisions()]
  const drafts = draft(decisions, placements, world)
  const violations = [
    ...world.violations,
    ...autoscaled.violations,
    ...undecided,
    ...drafts.violations,
    ...brokenInvariants(drafts.actions, world),
  ]
  const dropped = new Set(violations.map(({ object }) => object))
  const requeueAtMs = decisions.reduce(
    (soonest, decision) => Math.min(soonest, decision.requeueAtMs),
    drafts.requeueAtMs,
  )
  return {
    actions: drafts.actions.filter(({ object }) => !dropped.has(object)),
    verdicts:
      dropped.size === 0
        ? drafts.verdicts
        : drafts.verdicts.map((verdict) => heldBack(verdict, violations, dropped)),
    changes: changesOf(decisions),
    statuses: reportsOf(decisions, placements, world),
    violations,
    ...(Number.isFinite(requeueAtMs) && {
      requeueAt: Temporal.Instant.fromEpochMilliseconds(Math.ceil(requeueAtMs)),
    }),
  }
}

/** Nothing is done about an object that a bug of ours concerns, so each of its pods waits. */
function heldBack(
  verdict: PodVerdict,
  violations: readonly Violation[],
  dropped: ReadonlySet<ObjectKey>,
): PodVerdict {
  if (!dropped.has(verdict.object) || verdict.bucket === 'unknown') return verdict
  const broken = violations.find(({ object }) => object === verdict.object)
  return { ...verdict, bucket: 'wait', reason: `left alone: broken invariant, ${broken?.invariant ?? ''}` }
}

function changesOf(decisions: readonly Decision[]): ReadonlyMap<ObjectKey, readonly FieldChange[]> {
  const changes = new Map<ObjectKey, readonly FieldChange[]>()
  for (const decision of decisions) {
    if (decision.changes.length > 0) changes.set(decision.object, decision.changes)
  }
  return changes
}
