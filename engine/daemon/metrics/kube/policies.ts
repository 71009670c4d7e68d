import type {
  HorizontalPodAutoscaler,
  MetricTarget,
  MetricValueStatus,
  PodDisruptionBudget,
  ResourceQuota,
} from '../../../api/generated/types.ts'
import { parseQuantity } from '../../../api/quantity.ts'
import { Describing, type Family, type Row, statusRows, unixSeconds } from '../table.ts'

const autoscaler = new Describing<HorizontalPodAutoscaler>(
  ['namespace', 'horizontalpodautoscaler'],
  ({ metadata }) => ({ namespace: metadata.namespace ?? 'default', horizontalpodautoscaler: metadata.name }),
)

interface ResourceMetric {
  readonly name: string
  readonly container?: string
}

/** A row for each way in which the value is given. Names as in kube-state-metrics. */
function valueRows(metric: ResourceMetric, value: MetricTarget | MetricValueStatus): readonly Row[] {
  const given = [
    ['value', value.value === undefined ? undefined : parseQuantity(value.value)],
    ['utilization', value.averageUtilization],
    ['average', value.averageValue === undefined ? undefined : parseQuantity(value.averageValue)],
  ] as const
  return given.flatMap(([type, number]): Row[] =>
    number === undefined ? [] : [[[metric.name, type, metric.container ?? ''], number]],
  )
}

export const AUTOSCALER_FAMILIES: readonly Family<HorizontalPodAutoscaler>[] = [
  autoscaler.gauges(
    'kube_horizontalpodautoscaler_info',
    'Information about this autoscaler.',
    ['scaletargetref_api_version', 'scaletargetref_kind', 'scaletargetref_name'],
    ({ spec }) => {
      const { apiVersion = '', kind, name } = spec.scaleTargetRef
      return [[[apiVersion, kind, name], 1]]
    },
  ),
  autoscaler.labelled('kube_horizontalpodautoscaler_labels', ({ metadata }) => metadata.labels),
  autoscaler.gauge('kube_horizontalpodautoscaler_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  autoscaler.gauge(
    'kube_horizontalpodautoscaler_metadata_generation',
    'The generation observed by the HorizontalPodAutoscaler controller.',
    ({ metadata }) => metadata.generation,
  ),
  autoscaler.gauge(
    'kube_horizontalpodautoscaler_spec_max_replicas',
    'Upper limit for the number of pods that can be set by the autoscaler; cannot be smaller than MinReplicas.',
    ({ spec }) => spec.maxReplicas,
  ),
  autoscaler.gauge(
    'kube_horizontalpodautoscaler_spec_min_replicas',
    'Lower limit for the number of pods that can be set by the autoscaler, default 1.',
    ({ spec }) => spec.minReplicas ?? 1,
  ),
  autoscaler.gauges(
    'kube_horizontalpodautoscaler_spec_target_metric',
    'The metric specifications used by this autoscaler when calculating the desired replica count.',
    ['metric_name', 'metric_target_type', 'container'],
    ({ spec }) =>
      (spec.metrics ?? []).flatMap(({ containerResource, resource }) => {
        const metric = containerResource ?? resource
        return metric === undefined ? [] : valueRows(metric, metric.target)
      }),
  ),
  autoscaler.gauges(
    'kube_horizontalpodautoscaler_status_target_metric',
    'The current metric status used by this autoscaler when calculating the desired replica count.',
    ['metric_name', 'metric_target_type', 'container'],
    ({ status }) =>
      (status?.currentMetrics ?? []).flatMap(({ containerResource, resource }) => {
        const metric = containerResource ?? resource
        return metric === undefined ? [] : valueRows(metric, metric.current)
      }),
  ),
  autoscaler.gauges(
    'kube_horizontalpodautoscaler_status_condition',
    'The condition of this autoscaler.',
    ['condition', 'status'],
    ({ status }) => (status?.conditions ?? []).flatMap(({ status: value, type }) => statusRows(value, type)),
  ),
  autoscaler.gauge(
    'kube_horizontalpodautoscaler_status_current_replicas',
    'Current number of replicas of pods managed by this autoscaler.',
    ({ status }) => status && (status.currentReplicas ?? 0),
  ),
  autoscaler.gauge(
    'kube_horizontalpodautoscaler_status_desired_replicas',
    'Desired number of replicas of pods managed by this autoscaler.',
    ({ status }) => status?.desiredReplicas,
  ),
]

const budget = new Describing<PodDisruptionBudget>(['namespace', 'poddisruptionbudget'], ({ metadata }) => ({
  namespace: metadata.namespace ?? 'default',
  poddisruptionbudget: metadata.name,
}))

export const BUDGET_FAMILIES: readonly Family<PodDisruptionBudget>[] = [
  budget.labelled('kube_poddisruptionbudget_labels', ({ metadata }) => metadata.labels),
  budget.gauge('kube_poddisruptionbudget_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  budget.gauge(
    'kube_poddisruptionbudget_status_current_healthy',
    'Current number of healthy pods',
    ({ status }) => status?.currentHealthy,
  ),
  budget.gauge(
    'kube_poddisruptionbudget_status_desired_healthy',
    'Minimum desired number of healthy pods',
    ({ status }) => status?.desiredHealthy,
  ),
  budget.gauge(
    'kube_poddisruptionbudget_status_pod_disruptions_allowed',
    'Number of pod disruptions that are currently allowed',
    ({ status }) => status?.disruptionsAllowed,
  ),
  budget.gauge(
    'kube_poddisruptionbudget_status_expected_pods',
    'Total number of pods counted by this disruption budget',
    ({ status }) => status?.expectedPods,
  ),
  budget.gauge(
    'kube_poddisruptionbudget_status_observed_generation',
    'Most recent generation observed when updating this PDB status',
    ({ status }) => status?.observedGeneration,
  ),
]

const quota = new Describing<ResourceQuota>(['namespace', 'resourcequota'], ({ metadata }) => ({
  namespace: metadata.namespace ?? 'default',
  resourcequota: metadata.name,
}))

export const QUOTA_FAMILIES: readonly Family<ResourceQuota>[] = [
  quota.gauge('kube_resourcequota_created', 'Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata.creationTimestamp),
  ),
  quota.gauges(
    'kube_resourcequota',
    'Information about resource quota.',
    ['resource', 'type'],
    ({ status }) =>
      (['hard', 'used'] as const).flatMap((type) =>
        Object.entries(status?.[type] ?? {}).flatMap(([resource, quantity]): Row[] => {
          const value = parseQuantity(quantity)
          return value === undefined ? [] : [[[resource, type], value]]
        }),
      ),
  ),
]
