import type {
  Condition,
  PodDisruptionBudget,
  PodDisruptionBudgetSpec,
  PodDisruptionBudgetStatus,
} from '../api/generated/types.ts'
import { type ControllerContext, type Decision, nothing, timestamp, type WorkloadInput } from './decision.ts'
import { memoryOf, memoryWrite, memoryRecord, settled } from './memory.ts'
import type { PodView } from './view.ts'

/** How many pods the controllers of a budget's pods want, or why nobody can tell. */
export type Scale =
  | { readonly kind: 'known'; readonly pods: number }
  | { readonly kind: 'unknown'; readonly message: string }

/** The numbers of a budget's official status. */
export interface BudgetNumbers {
  readonly currentHealthy: number
  readonly desiredHealthy: number
  readonly expectedPods: number
  readonly disruptionsAllowed: number
  /** Why the numbers could not be told; then nothing is allowed. */
  readonly failure?: string
}

/**
 * Source: pkg/controller/disruption. 3 of 4 wanted pods are ready: with minAvailable 2 one may go; with maxUnavailable 25 % (one) none
 * may, since one is missing already. Percentages are of what the controllers want, rounded up.
 */
export function budgetNumbers(
  spec: PodDisruptionBudgetSpec,
  pods: readonly PodView[],
  scale: Scale,
): BudgetNumbers {
  const currentHealthy = pods.filter(({ deleting, ready }) => ready && !deleting).length
  const { maxUnavailable, minAvailable } = spec
  const counts = maxUnavailable !== undefined || typeof minAvailable === 'string'
  if (counts && scale.kind === 'unknown') {
    return {
      currentHealthy,
      desiredHealthy: 0,
      expectedPods: 0,
      disruptionsAllowed: 0,
      failure: scale.message,
    }
  }
  const live = pods.filter(({ deleting, finished }) => !deleting && !finished).length
  const expectedPods = counts && scale.kind === 'known' ? scale.pods : live
  const desiredHealthy =
    maxUnavailable === undefined
      ? share(minAvailable ?? 0, expectedPods)
      : Math.max(0, expectedPods - share(maxUnavailable, expectedPods))
  const spare = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy)
  return { currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed: spare }
}

function share(value: number | string, of: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * of) / 100)
}

/** The budget's status and what is remembered of it; holding pods back is the planner's part. */
export function budgetDecision(
  input: WorkloadInput<PodDisruptionBudget>,
  numbers: BudgetNumbers,
  context: ControllerContext,
): Decision {
  const { key } = input.desired
  const { failure: _failure, ...counts } = numbers
  const before = memoryOf(key, input.written, input.record, undefined, context)
  const condition = allowedCondition(numbers, before.generation, context)
  const { generation } = before
  const last = before.conditions.find(({ type }) => type === condition.type)
  const { lastTransitionTime = condition.lastTransitionTime } = settled(last, condition)
  const conditions = [{ ...condition, lastTransitionTime }]
  const remembered = {
    memory: { ...before, conditions },
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
  } as const
  const record = memoryRecord(key, remembered, input.record, context)
  const status: PodDisruptionBudgetStatus = { ...counts, observedGeneration: generation, conditions }
  return {
    ...nothing(key),
    records: memoryWrite(key, input.record, record),
    reports: [{ key, health: { kind: 'healthy' }, status }],
  }
}

function allowedCondition(
  { disruptionsAllowed, failure }: BudgetNumbers,
  observedGeneration: number,
  context: ControllerContext,
): Condition {
  const base = {
    type: 'DisruptionAllowed',
    observedGeneration,
    lastTransitionTime: timestamp(context.now),
  } as const
  if (failure !== undefined) return { ...base, status: 'False', reason: 'SyncFailed', message: failure }
  return disruptionsAllowed > 0
    ? { ...base, status: 'True', reason: 'SufficientPods', message: '' }
    : { ...base, status: 'False', reason: 'InsufficientPods', message: '' }
}
