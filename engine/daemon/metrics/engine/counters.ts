import type { Action } from '../../../api/plan.ts'
import type { LoopState } from '../../../reconciler/loop.ts'
import type { ProgressEvent } from '../../../reconciler/progress.ts'
import type { SyncEvent } from '../../syncState.ts'
import type { MetricsRegistry } from '../registry.ts'

/** What is counted as it happens. */
export interface EngineCounters {
  event(event: ProgressEvent): void
  syncEvent(event: SyncEvent): void
  /** After a tick. */
  tick(state: LoopState): void
  /** A webhook was answered with this status. */
  webhook(status: number): void
}

/** From a record that is written to a grace period of minutes. */
const ACTION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const PLAN_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const ROLLOUT_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600]

export function engineCounters<World>(registry: MetricsRegistry<World>): EngineCounters {
  return { ...loopCounters(registry), syncEvent: syncCounter(registry), webhook: webhookCounter(registry) }
}

function loopCounters<World>(registry: MetricsRegistry<World>): Pick<EngineCounters, 'event' | 'tick'> {
  const group = 'engine'
  const actions = registry.histogram(
    {
      group,
      name: 'reconcile_action_duration_seconds',
      help: 'How long actions on pods took, by kind and by whether they succeeded.',
      labels: ['action', 'result'],
    },
    ACTION_BUCKETS,
  )
  const plans = registry.histogram(
    { group, name: 'reconcile_plan_duration_seconds', help: 'How long plans took to be made.', labels: [] },
    PLAN_BUCKETS,
  )
  const cancelled = registry.counter({
    group,
    name: 'reconcile_actions_cancelled_total',
    help: 'Actions that were cut off, for a later plan wanted something else.',
    labels: ['action'],
  })
  const violations = registry.counter({
    group,
    name: 'reconcile_invariant_violations_total',
    help: 'Plans of which a part was dropped, for it would have broken a promise: bugs of the engine.',
    labels: ['invariant'],
  })
  const ended = (action: Action, result: string, durationMs: number): void =>
    actions.observe({ action: action.kind, result }, Math.max(0, durationMs) / 1000)
  return {
    event(event) {
      if (event.kind === 'actionEnded') ended(event.action, 'succeeded', event.durationMs)
      else if (event.kind === 'actionFailed') ended(event.action, 'failed', event.durationMs)
      else if (event.kind === 'actionCancelled') cancelled.add({ action: event.action.kind })
      else if (event.kind === 'violation') violations.add({ invariant: event.violation.invariant })
    },
    tick({ figures }) {
      if (figures.planMs !== undefined) plans.observe({}, figures.planMs / 1000)
    },
  }
}

/** What became of a commit. */
const OUTCOMES = {
  commitSeen: 'seen',
  commitApplied: 'applied',
  commitHealthy: 'healthy',
  commitRefused: 'refused',
  commitHeld: 'held',
  commitApproved: 'approved',
  rolledBack: 'rolledBack',
} as const

function syncCounter<World>(registry: MetricsRegistry<World>): (event: SyncEvent) => void {
  const group = 'engine'
  const commits = registry.counter({
    group,
    name: 'reconcile_commits_total',
    help: 'Commits by what became of them; one commit may have several outcomes.',
    labels: ['outcome'],
  })
  const looks = registry.counter({
    group,
    name: 'reconcile_source_looks_total',
    help: 'Looks at the repository that ended well.',
    labels: [],
  })
  const errors = registry.counter({
    group,
    name: 'reconcile_source_errors_total',
    help: 'Looks at the repository that failed: Git, the network, credentials.',
    labels: [],
  })
  const rollouts = registry.histogram(
    {
      group,
      name: 'reconcile_commit_healthy_duration_seconds',
      help: 'From a commit being put in force until all of it was healthy for the first time.',
      labels: [],
    },
    ROLLOUT_BUCKETS,
  )
  return (event) => {
    if (event.kind === 'looked') looks.add({})
    if (event.kind === 'sourceFailed') errors.add({})
    if (event.kind === 'commitHealthy') rollouts.observe({}, Math.max(0, event.durationMs) / 1000)
    if (isOutcome(event.kind)) commits.add({ outcome: OUTCOMES[event.kind] })
  }
}

function isOutcome(kind: string): kind is keyof typeof OUTCOMES {
  return Object.hasOwn(OUTCOMES, kind)
}

function webhookCounter<World>(registry: MetricsRegistry<World>): (status: number) => void {
  const webhooks = registry.counter({
    group: 'engine',
    name: 'reconcile_webhook_requests_total',
    help: 'Requests to the webhook by the status that they were answered with.',
    labels: ['code'],
  })
  return (status) => webhooks.add({ code: String(status) })
}
