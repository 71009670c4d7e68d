import type { HorizontalPodAutoscalerStatus } from '../../api/generated/types.ts'
import type { Health, StatusReport } from '../../api/plan.ts'
import { SYNC_PERIOD_MS } from './limits.ts'
import { type AutoscalerMemory, autoscalerRecord } from './memory.ts'
import type { AutoscalerInput } from './spec.ts'
import { type ControllerContext, type Decision, nothing, timestamp } from '../decision.ts'
import { type Condition, settled } from '../memory.ts'

/** A condition as Kubernetes has it. */
type Said = readonly [type: string, status: 'True' | 'False', reason: string, message: string]

const ORDER = ['AbleToScale', 'ScalingActive', 'ScalingLimited']

export function said(
  memory: AutoscalerMemory,
  { now }: ControllerContext,
  ...sayings: readonly Said[]
): AutoscalerMemory {
  const conditions = new Map<string, Condition>(memory.conditions.map((one) => [one.type, one]))
  for (const [type, status, reason, message] of sayings) {
    const next = { type, status, lastTransitionTime: timestamp(now), reason, message }
    conditions.set(type, settled(conditions.get(type), next))
  }
  const ordered = [...conditions.values()].toSorted((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type))
  return { ...memory, conditions: ordered }
}

/** What is written and reported of what was found. */
export function decided(
  input: AutoscalerInput,
  memory: AutoscalerMemory,
  context: ControllerContext,
): Decision {
  const { key } = input.desired
  const record = autoscalerRecord(key, memory, input.record, context)
  const report: StatusReport = { key, health: healthOf(memory), status: statusOf(memory) }
  return {
    ...nothing(key),
    records:
      record === undefined
        ? []
        : [{ kind: 'writeRecord', object: key, record, reason: recordReason(memory, input) }],
    reports: [report],
    requeueAtMs: context.nowMs + SYNC_PERIOD_MS,
  }
}

function recordReason({ current, desired }: AutoscalerMemory, input: AutoscalerInput): string {
  if (desired !== undefined && desired !== current)
    return `scales ${targetText(input)} from ${current} to ${desired}`
  return input.record === undefined ? 'is in the commit and not on record' : 'what it measured changed'
}

function statusOf(memory: AutoscalerMemory): HorizontalPodAutoscalerStatus {
  const { conditions, current, desired = 0, generation, lastScaleTime, metrics } = memory
  return {
    observedGeneration: generation,
    ...(lastScaleTime !== undefined && { lastScaleTime }),
    currentReplicas: current,
    desiredReplicas: desired,
    ...(metrics.length > 0 && { currentMetrics: metrics }),
    conditions,
  }
}

/** That nothing was measured yet is as in Kubernetes no failure; what cannot be scaled as it is written is one. */
function healthOf({ conditions, hopeless }: AutoscalerMemory): Health {
  const failed = conditions.find(({ reason, status, type }) => {
    if (status !== 'False') return false
    return type === 'AbleToScale' || reason === 'AmbiguousSelector' || (type === 'ScalingActive' && hopeless)
  })
  if (failed === undefined) return { kind: 'healthy' }
  return { kind: 'failed', reason: failed.reason ?? failed.type, message: failed.message ?? '' }
}

export function targetText({ object }: AutoscalerInput): string {
  const { kind, name } = object.spec.scaleTargetRef
  return `${kind} ${name}`
}

/** Of all that have this target. */
export function allNames({ object, rivals }: AutoscalerInput): string {
  return [object.metadata.name ?? '', ...rivals].toSorted().join(', ')
}
