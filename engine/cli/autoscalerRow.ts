import type { MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from '../api/generated/types.ts'
import type { RowInput } from './rowInput.ts'

/** So many metrics are shown, as kubectl does. */
const METRICS_MAX = 2

/** REFERENCE, TARGETS, MINPODS, MAXPODS, REPLICAS */
export function autoscalerRow({ object, report }: RowInput): readonly string[] {
  if (object?.kind !== 'HorizontalPodAutoscaler') return ['<unknown>', '<unknown>', '', '', '']
  const { maxReplicas, metrics = [], minReplicas = 1, scaleTargetRef } = object.spec
  const { currentMetrics = [], currentReplicas = 0 } = statusOf(report.status)
  return [
    `${scaleTargetRef.kind}/${scaleTargetRef.name}`,
    targetsText(metrics, currentMetrics),
    String(minReplicas),
    String(maxReplicas),
    String(currentReplicas),
  ]
}

interface Shown {
  readonly currentMetrics?: readonly MetricStatus[]
  readonly currentReplicas?: number
}

/** The status is this engine's own. */
function statusOf(status: unknown): Shown {
  return typeof status === 'object' && status !== null ? status : {}
}

/** `cpu: 43%/80%, memory: 11Mi/100Mi` */
function targetsText(metrics: readonly MetricSpec[], current: readonly MetricStatus[]): string {
  const texts = metrics.slice(0, METRICS_MAX).map((metric) => {
    const source = metric.resource ?? metric.containerResource
    if (source === undefined) return `<unknown>/${metric.type}`
    return `${source.name}: ${valueText(source.target, currentOf(metric, current))}`
  })
  const more = metrics.length - texts.length
  return more > 0 ? `${texts.join(', ')} + ${more} more...` : texts.join(', ')
}

function currentOf(metric: MetricSpec, current: readonly MetricStatus[]): MetricValueStatus | undefined {
  const found = current.find(
    (one) =>
      one.type === metric.type &&
      one.resource?.name === metric.resource?.name &&
      one.containerResource?.name === metric.containerResource?.name &&
      one.containerResource?.container === metric.containerResource?.container,
  )
  return (found?.resource ?? found?.containerResource)?.current
}

function valueText(target: MetricTarget, current: MetricValueStatus | undefined): string {
  if (target.averageValue !== undefined)
    return `${current?.averageValue ?? '<unknown>'}/${target.averageValue}`
  const percent = current?.averageUtilization
  return `${percent === undefined ? '<unknown>' : `${percent}%`}/${target.averageUtilization ?? 0}%`
}
