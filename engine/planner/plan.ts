import type { ObjectKey } from '../api/names.ts'
import type { FieldChange, Plan, PodVerdict, Violation } from '../api/plan.ts'
import type { Snapshot } from '../api/snapshot.ts'
import type { Decision } from '../controllers/decision.ts'
import { draft } from './actions.ts'
import { admit } from './admit.ts'
import { autoscale } from './autoscale.ts'
import { bindingDecisions } from './bindings.ts'
import { Allowance, budgetDecisions, budgetRooms, budgetsOf, held } from './budgets.ts'
import { withoutClaims } from './claims/records.ts'
import { ClaimBook } from './claims/book.ts'
import { withConfigHashes } from './configHash.ts'
import { decide } from './decide.ts'
import { drains } from './drains.ts'
import { datedTaints, evictions } from './evictions.ts'
import { fencings } from './fencing.ts'
import { brokenInvariants } from './invariants.ts'
import { keepDecisions, keptReasons, withKept } from './kept.ts'
import { withIngresses } from './ingress/ingress.ts'
import { withDrift, withhold, withholdClaims } from './leftAlone.ts'
import { nodeDecisions } from './nodeMemories.ts'
import { place } from './place.ts'
import { withPodNetwork } from './podNetwork.ts'
import { reportsOf } from './reports.ts'
import { withinReach } from './reach.ts'
import { servicesOf } from './services/services.ts'
import { withRoomForResizes } from './resizes.ts'
import { type World, worldOf } from './world.ts'

/** What to do now so that the nodes come to run what the commit says: no effect, no clock, the same answer every time. */
export function plan(snapshot: Snapshot, now: Temporal.Instant): Plan {
  const whole = { ...snapshot, desired: withKept(snapshot.desired, snapshot.records) }
  const observed = worldOf(withConfigHashes(whole), now)
  const led = withPodNetwork(withIngresses(servicesOf(observed), observed), snapshot.observed)
  const services = withinReach(led, snapshot.observed)
  const { world, ...autoscaled } = autoscale(observed)
  const { off } = world
  const { decisions: all, violations: undecided } = decide(world)
  const { decisions: decided, verdicts: unmade } = withhold(withRoomForResizes(all, world), off)
  // What is to have how many pods is on record before any of them comes or goes.
  const budgets = budgetsOf(world)
  const allowance = new Allowance(budgets)
  const allowed = held(decided, allowance)
  const drained = drains(allowed, allowance, world)
  const taints = datedTaints(world)
  const evicted = evictions(taints, world)
  const fencing = fencings(world)
  const { decisions: wishes } = withhold(
    [
      ...keepDecisions(snapshot.desired, world),
      ...autoscaled.decisions,
      ...nodeDecisions({ dated: taints, drained: drained.empty, replaced: evicted.replaced }, world),
      ...admit(allowed, whole.desired),
      ...drained.decisions,
      ...evicted.decisions,
      ...fencing.decisions,
      ...budgetDecisions(budgets, world),
      ...services.decisions,
    ],
    off,
  )
  const claims = new ClaimBook(wishes, world)
  const placements = place(wishes, budgetRooms(budgets, allowance), claims, world)
  const decisions = [
    ...withoutClaims(wishes),
    ...evicted.returned,
    ...withholdClaims(claims.decisions(), off),
    ...bindingDecisions(placements.creates, whole),
  ]
  const drafts = draft(decisions, placements, world)
  const violations = [
    ...world.violations,
    ...autoscaled.violations,
    ...undecided,
    ...drafts.violations,
    ...brokenInvariants(drafts.actions, world),
  ]
  const leftAlone = off.all(objectsOf(world, decisions))
  const dropped = new Set(violations.map(({ object }) => object))
  return {
    actions: drafts.actions.filter(({ object }) => !dropped.has(object)),
    verdicts: verdictsOf(
      unmade.length === 0 ? drafts.verdicts : [...drafts.verdicts, ...unmade],
      violations,
      dropped,
    ),
    changes: changesOf(decisions),
    statuses: reportsOf(withDrift(decisions, leftAlone), placements, services.reports, world),
    ...(services.traffic !== undefined && { traffic: services.traffic }),
    ...(leftAlone.size > 0 && { leftAlone }),
    ...(fencing.due.length > 0 && { fencings: fencing.due }),
    ...(whole.desired !== snapshot.desired && { kept: keptReasons(snapshot.desired, whole.desired) }),
    violations,
    ...requeueOf([...decisions, drafts]),
  }
}

/** The soonest; never, where nothing waits for a time. */
function requeueOf(all: readonly { readonly requeueAtMs: number }[]): Pick<Plan, 'requeueAt'> {
  const soonestMs = all.reduce((soonest, { requeueAtMs }) => Math.min(soonest, requeueAtMs), Infinity)
  if (!Number.isFinite(soonestMs)) return {}
  return { requeueAt: Temporal.Instant.fromEpochMilliseconds(Math.ceil(soonestMs)) }
}

/** Those of the commit, and those that have left it. */
function objectsOf({ off, wanted }: World, decisions: readonly Decision[]): Iterable<ObjectKey> {
  return off.any ? [...wanted.keys(), ...decisions.map(({ object }) => object)] : []
}

function verdictsOf(
  verdicts: readonly PodVerdict[],
  violations: readonly Violation[],
  dropped: ReadonlySet<ObjectKey>,
): readonly PodVerdict[] {
  if (dropped.size === 0) return verdicts
  return verdicts.map((verdict) => heldBack(verdict, violations, dropped))
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
