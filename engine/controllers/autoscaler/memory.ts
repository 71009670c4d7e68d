import type { HorizontalPodAutoscaler, MetricStatus } from '../../api/generated/types.ts'
import type { ObjectKey } from '../../api/names.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { NO_PAST, type Past, type Recommendation, type ScaleEvent } from './limits.ts'
import { unitsOf } from './metrics.ts'
import type { ControllerContext } from '../decision.ts'
import { memoised } from '../../api/memo.ts'
import { memoryOf, memoryRecord, type ObjectMemory, recordedStatus } from '../memory.ts'

/** What the engine remembers of an autoscaler: its status, and of the past what its windows need. */
export interface AutoscalerMemory extends ObjectMemory {
  /** When what stands here was found, in ms since 1970; before all time when it has decided nothing yet. */
  readonly decidedAtMs: number
  /** Decided for another spec than the one of now. */
  readonly specChanged: boolean
  readonly current: number
  /** Undefined before the first decision. */
  readonly desired: number | undefined
  readonly lastScaleTime: string | undefined
  readonly metrics: readonly MetricStatus[]
  readonly past: Past
  /** No metric can ever be found as things are written. */
  readonly hopeless: boolean
}

export function autoscalerMemory(
  key: ObjectKey,
  written: HorizontalPodAutoscaler,
  record: ObjectRecord | undefined,
  context: ControllerContext,
): AutoscalerMemory {
  const common = memoryOf(key, written, record, undefined, context)
  const specChanged = record !== undefined && record.object.metadata.generation !== common.generation
  return { ...common, specChanged, ...(record === undefined ? NOTHING : recorded(record)) }
}

type Own = Omit<AutoscalerMemory, keyof ObjectMemory | 'specChanged'>

const NOTHING: Own = {
  decidedAtMs: Number.NEGATIVE_INFINITY,
  current: 0,
  desired: undefined,
  lastScaleTime: undefined,
  metrics: [],
  past: NO_PAST,
  hopeless: false,
}

const recorded = memoised((record: ObjectRecord): Own => {
  const status = recordedStatus(record)
  const { currentMetrics, currentReplicas, decidedAt, desiredReplicas, hopeless, lastScaleTime } = status
  return {
    decidedAtMs: typeof decidedAt === 'string' ? Date.parse(decidedAt) : Number.NEGATIVE_INFINITY,
    current: typeof currentReplicas === 'number' ? currentReplicas : 0,
    desired: typeof desiredReplicas === 'number' ? desiredReplicas : undefined,
    lastScaleTime: typeof lastScaleTime === 'string' ? lastScaleTime : undefined,
    metrics: Array.isArray(currentMetrics) ? currentMetrics.filter(isMetric) : [],
    past: {
      recommendations: listOf(status['recommendations'], recommendationOf),
      ups: listOf(status['scaleUps'], eventOf),
      downs: listOf(status['scaleDowns'], eventOf),
    },
    hopeless: hopeless === true,
  }
})

function isMetric(value: unknown): value is MetricStatus {
  return typeof value === 'object' && value !== null && 'type' in value
}

function listOf<T>(value: unknown, parse: (atMs: number, count: number) => T): readonly T[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((item: unknown) => {
    if (!Array.isArray(item)) return []
    const [at, count]: readonly unknown[] = item
    return typeof at === 'string' && typeof count === 'number' ? [parse(Date.parse(at), count)] : []
  })
}

function recommendationOf(atMs: number, replicas: number): Recommendation {
  return { atMs, replicas }
}

function eventOf(atMs: number, change: number): ScaleEvent {
  return { atMs, change }
}

/** The time of the decision alone is no reason to write: while nothing changes, the record stands. */
export function autoscalerRecord(
  key: ObjectKey,
  memory: AutoscalerMemory,
  record: ObjectRecord | undefined,
  context: ControllerContext,
): ObjectRecord | undefined {
  const before = recordedStatus(record)['decidedAt']
  const same = memoryRecord(key, remembered(memory, before), record, context)
  if (same === undefined && record !== undefined) return undefined
  return memoryRecord(key, remembered(memory, text(context.nowMs)), record, context)
}

function remembered(memory: AutoscalerMemory, decidedAt: unknown): Parameters<typeof memoryRecord>[1] {
  const { current, desired, hopeless, lastScaleTime, metrics, past } = memory
  return {
    memory,
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    status: {
      currentReplicas: current,
      desiredReplicas: desired ?? 0,
      ...(lastScaleTime !== undefined && { lastScaleTime }),
      ...(metrics.length > 0 && { currentMetrics: metrics }),
      decidedAt,
      recommendations: past.recommendations.map(({ atMs, replicas }) => [text(atMs), replicas]),
      scaleUps: past.ups.map(({ atMs, change }) => [text(atMs), change]),
      scaleDowns: past.downs.map(({ atMs, change }) => [text(atMs), change]),
      ...(hopeless && { hopeless }),
    },
  }
}

function text(atMs: number): string {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toString({ smallestUnit: 'millisecond' })
}

export interface RecordedUse {
  /** How many pods there were. */
  readonly pods: number
  /** Of each, on average. */
  readonly cpuMillis: number
  readonly memoryBytes: number
}

/** What its target's pods used when it was last decided; undefined when that was never measured. */
export function recordedUse(record: ObjectRecord | undefined): RecordedUse | undefined {
  if (record === undefined) return undefined
  const { current, metrics } = recorded(record)
  const found = metrics.flatMap(({ containerResource, resource }) => resource ?? containerResource ?? [])
  const average = (name: string): number => {
    const value = found.find((one) => one.name === name)?.current.averageValue
    return value === undefined ? 0 : unitsOf(value, name)
  }
  if (found.length === 0 || current === 0) return undefined
  return { pods: current, cpuMillis: average('cpu'), memoryBytes: average('memory') }
}
