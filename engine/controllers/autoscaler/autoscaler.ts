import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from '../../api/generated/types.ts'
import { type Limits, limited, stabilized, SYNC_PERIOD_MS, withEvent, withRecommendation } from './limits.ts'
import { type AutoscalerMemory, autoscalerMemory } from './memory.ts'
import {
  type AutoscalerInput,
  metricError,
  metricName,
  metricStatus,
  metricReason,
  proposalOf,
} from './spec.ts'
import { allNames, decided, said, targetText } from './status.ts'
import { type ControllerContext, type Decision, timestamp } from '../decision.ts'
import { isActive, type PodView } from '../view.ts'

export interface Autoscaling {
  readonly decision: Decision
  /** How many pods the target is to have; undefined when that is not for this autoscaler to say. */
  readonly replicas: number | undefined
}

/** What one look at the metrics came to. */
interface Outcome {
  readonly replicas: number
  readonly memory: AutoscalerMemory
}

/**
 * Kubernetes' HorizontalPodAutoscaler, decided every 15 s at the most: between two decisions, and while nothing has been measured since
 * the engine's start, the last one holds.
 */
export function autoscalerDecision(input: AutoscalerInput, context: ControllerContext): Autoscaling {
  const memory = autoscalerMemory(input.desired.key, input.written, input.record, context)
  const current = currentOf(input, memory)
  if (input.target === undefined || current === undefined) {
    const message = `the HPA controller was unable to get the target's current scale: ${missing(input)}`
    const next = said(memory, context, ['AbleToScale', 'False', 'FailedGetScale', message])
    return {
      decision: decided(input, { ...next, current: 0, desired: 0, metrics: [] }, context),
      replicas: undefined,
    }
  }
  const dueAtMs = memory.decidedAtMs + SYNC_PERIOD_MS
  const isRecent = memory.decidedAtMs <= context.nowMs && context.nowMs < dueAtMs
  if (isRecent && !memory.specChanged && memory.desired === current && !isFirstMeasured(input, memory)) {
    const decision = { ...decided(input, memory, context), requeueAtMs: dueAtMs }
    return { decision, replicas: current }
  }
  const { memory: next, replicas } = outcomeOf(input, current, memory, context)
  return { decision: decided(input, next, context), replicas }
}

/** What was decided with nothing to go by need not stand for its 15 s once there is something. */
function isFirstMeasured({ target }: AutoscalerInput, { metrics }: AutoscalerMemory): boolean {
  return metrics.length === 0 && target?.pods.some(({ usage }) => (usage?.containers.size ?? 0) > 0) === true
}

/** The number that it decided on last; before that what is written or, when nothing is, what runs. */
function currentOf({ target }: AutoscalerInput, memory: AutoscalerMemory): number | undefined {
  if (target === undefined) return undefined
  if (target.written === 0) return 0
  if (memory.desired !== undefined && memory.desired > 0) return memory.desired
  return target.written ?? Math.max(1, target.pods.filter(isActive).length)
}

function missing({ object }: AutoscalerInput): string {
  const { kind, name } = object.spec.scaleTargetRef
  return `${kind} "${name}" not found`
}

function outcomeOf(
  input: AutoscalerInput,
  current: number,
  before: AutoscalerMemory,
  context: ControllerContext,
): Outcome {
  const { maxReplicas, minReplicas = 1 } = input.object.spec
  const first = before.past.recommendations.length === 0
  const initial = first ? [{ atMs: context.nowMs, replicas: current }] : before.past.recommendations
  const able = said(before, context, [
    'AbleToScale',
    'True',
    'SucceededGetScale',
    "the HPA controller was able to get the target's current scale",
  ])
  const memory: AutoscalerMemory = {
    ...able,
    current,
    hopeless: false,
    past: { ...before.past, recommendations: initial },
  }
  if (current === 0) {
    const message = 'scaling is disabled since the replica count of the target is zero'
    const next = said(memory, context, ['ScalingActive', 'False', 'ScalingDisabled', message])
    return { replicas: 0, memory: { ...next, desired: 0, metrics: [] } }
  }
  if (input.rivals.length > 0) {
    const message = `pods by selector of ${targetText(input)} are controlled by multiple HPAs: [${allNames(input)}]`
    const next = said(memory, context, ['ScalingActive', 'False', 'AmbiguousSelector', message])
    return { replicas: current, memory: { ...next, desired: current } }
  }
  if (current > maxReplicas) return rescaled(input, current, maxReplicas, memory, context)
  if (current < minReplicas) return rescaled(input, current, minReplicas, memory, context)
  // Nobody has measured since the engine began: what was found before it still is the best that is known.
  if (memory.metrics.length > 0 && input.target?.pods.every(({ usage }) => usage === undefined) === true)
    return { replicas: current, memory: { ...before, desired: current } }
  return byMetrics(input, current, memory, context)
}

function byMetrics(
  input: AutoscalerInput,
  current: number,
  memory: AutoscalerMemory,
  context: ControllerContext,
): Outcome {
  const { object, target } = input
  const pods = target?.pods ?? []
  const found = recommendation(object, current, pods, memory, context)
  if (found.replicas === undefined)
    return { replicas: current, memory: { ...found.memory, desired: current } }
  return normalized(input, current, found.replicas, found.memory, context)
}

interface Recommended {
  /** Undefined: nothing may be concluded. */
  readonly replicas: number | undefined
  readonly memory: AutoscalerMemory
}

/** The highest that any metric asks for. As long as one cannot be read, nothing is taken away. */
function recommendation(
  { spec }: HorizontalPodAutoscaler,
  current: number,
  pods: readonly PodView[],
  memory: AutoscalerMemory,
  context: ControllerContext,
): Recommended {
  let replicas: number | undefined
  let name = ''
  const statuses: MetricStatus[] = []
  const problems: { readonly metric: MetricSpec; readonly message: string; readonly certain: boolean }[] = []
  const metrics = spec.metrics ?? []
  for (const metric of metrics) {
    const found = proposalOf(metric, current, pods, spec.behavior, context.nowMs)
    if (found.kind === 'problem') {
      problems.push({ metric, message: metricError(metric, found.message), certain: found.certain })
      continue
    }
    const status = metricStatus(metric, found)
    if (status !== undefined) statuses.push(status)
    if (replicas !== undefined && found.replicas <= replicas) continue
    replicas = found.replicas
    name = metricName(metric)
  }
  const [first] = problems
  const measured = { ...memory, metrics: statuses }
  if (first !== undefined && (replicas === undefined || replicas < current)) {
    const several = `invalid metrics (${problems.length} invalid out of ${metrics.length}), first error is: ${first.message}`
    const message = `the HPA was unable to compute the replica count: ${problems.length > 1 ? several : first.message}`
    const next = said(measured, context, ['ScalingActive', 'False', metricReason(first.metric), message])
    return { replicas: undefined, memory: { ...next, hopeless: problems.every(({ certain }) => certain) } }
  }
  const message = `the HPA was able to successfully calculate a replica count from ${name}`
  return { replicas, memory: said(measured, context, ['ScalingActive', 'True', 'ValidMetricFound', message]) }
}

function normalized(
  input: AutoscalerInput,
  current: number,
  recommended: number,
  memory: AutoscalerMemory,
  context: ControllerContext,
): Outcome {
  const limits = limitsOf(input.object)
  const { nowMs } = context
  const stable = stabilized(current, recommended, memory.past, limits, nowMs)
  const recommendations = withRecommendation(memory.past, recommended, limits, nowMs)
  const bounded = limited(current, stable.replicas, memory.past, limits, nowMs)
  const isLimited = bounded.replicas === stable.replicas ? 'False' : 'True'
  const next = said(
    { ...memory, past: { ...memory.past, recommendations } },
    context,
    ['AbleToScale', 'True', stable.reason, stable.message],
    ['ScalingLimited', isLimited, bounded.reason, bounded.message],
  )
  if (bounded.replicas === current) return { replicas: current, memory: { ...next, desired: current } }
  return rescaled(input, current, bounded.replicas, next, context)
}

function rescaled(
  { object }: AutoscalerInput,
  from: number,
  to: number,
  memory: AutoscalerMemory,
  context: ControllerContext,
): Outcome {
  const message = `the HPA controller was able to update the target scale to ${to}`
  const next = said(memory, context, ['AbleToScale', 'True', 'SucceededRescale', message])
  const events = withEvent(memory.past, from, to, limitsOf(object), context.nowMs)
  return {
    replicas: to,
    memory: {
      ...next,
      desired: to,
      lastScaleTime: timestamp(context.now),
      past: { ...memory.past, ...events },
    },
  }
}

function limitsOf({ spec }: HorizontalPodAutoscaler): Limits {
  return { min: spec.minReplicas ?? 1, max: spec.maxReplicas, behavior: spec.behavior }
}
