import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  Quantity,
} from '../../api/generated/types.ts'
import type { ObjectKey } from '../../api/names.ts'
import { parseQuantity } from '../../api/quantity.ts'
import {
  type Found,
  type Measured,
  proposal,
  type Proposal,
  type Target,
  type Tolerances,
  unitsOf,
} from './metrics.ts'
import type { WorkloadInput } from '../decision.ts'
import type { PodView } from '../view.ts'

export interface AutoscalerInput extends WorkloadInput<HorizontalPodAutoscaler> {
  /** What it scales; undefined when the commit does not have it. */
  readonly target: ScaleTarget | undefined
  /** Other autoscalers of the commit with the same target, by name. */
  readonly rivals: readonly string[]
}

export interface ScaleTarget {
  readonly key: ObjectKey
  /** `spec.replicas` as written; it counts only as long as the autoscaler has decided nothing, and when it is 0. */
  readonly written: number | undefined
  readonly pods: readonly PodView[]
}

/** kube-controller-manager's --horizontal-pod-autoscaler-tolerance. */
const TOLERANCE = 0.1

/** How many pods there should be by one metric of the spec. */
export function proposalOf(
  metric: MetricSpec,
  current: number,
  pods: readonly PodView[],
  behavior: HorizontalPodAutoscalerSpec['behavior'],
  nowMs: number,
): Proposal {
  const source = sourceOf(metric)
  const target = source === undefined ? undefined : targetOf(source.target, source.measured.resource)
  if (source === undefined || target === undefined) {
    const message =
      'invalid resource metric source: neither an average utilization target nor an average value target was set'
    return { kind: 'problem', message, certain: true }
  }
  return proposal(current, pods, source.measured, target, tolerancesOf(behavior), nowMs)
}

interface Source {
  readonly measured: Measured
  readonly target: MetricTarget
}

/** Undefined for metrics that come from elsewhere: manifests that name them are refused. */
function sourceOf({ containerResource, resource, type }: MetricSpec): Source | undefined {
  if (type === 'Resource' && resource !== undefined)
    return { measured: { resource: resource.name, container: undefined }, target: resource.target }
  if (type === 'ContainerResource' && containerResource !== undefined) {
    const { container, name, target } = containerResource
    return { measured: { resource: name, container }, target }
  }
  return undefined
}

function targetOf({ averageUtilization, averageValue }: MetricTarget, resource: string): Target | undefined {
  if (averageValue !== undefined) return { kind: 'average', units: unitsOf(averageValue, resource) }
  return averageUtilization === undefined ? undefined : { kind: 'utilization', percent: averageUtilization }
}

function tolerancesOf(behavior: HorizontalPodAutoscalerSpec['behavior']): Tolerances {
  const value = (quantity: Quantity | undefined): number =>
    quantity === undefined ? TOLERANCE : (parseQuantity(quantity) ?? TOLERANCE)
  return { down: value(behavior?.scaleDown?.tolerance), up: value(behavior?.scaleUp?.tolerance) }
}

/** As a condition names what a number was found from. */
export function metricName({ containerResource, resource, type }: MetricSpec): string {
  const { name = '', target } = resource ?? containerResource ?? {}
  if (target?.averageValue !== undefined) return `${name} resource`
  const what = type === 'ContainerResource' ? 'container resource' : 'resource'
  return `${name} ${what} utilization (percentage of request)`
}

export function metricReason({ type }: MetricSpec): string {
  return type === 'ContainerResource' ? 'FailedGetContainerResourceMetric' : 'FailedGetResourceMetric'
}

export function metricError({ containerResource, resource }: MetricSpec, message: string): string {
  const { name = '', target } = resource ?? containerResource ?? {}
  return `failed to get ${name} ${target?.averageValue === undefined ? 'utilization' : 'usage'}: ${message}`
}

/** The official status of one metric. */
export function metricStatus(
  { containerResource, resource, type }: MetricSpec,
  found: Found,
): MetricStatus | undefined {
  const { average, utilization } = found
  const of = (name: string): NonNullable<MetricStatus['resource']>['current'] => ({
    ...(utilization !== undefined && { averageUtilization: utilization }),
    averageValue: name === 'cpu' ? millis(average) : String(average),
  })
  if (resource !== undefined) return { type, resource: { name: resource.name, current: of(resource.name) } }
  if (containerResource === undefined) return undefined
  const { container, name } = containerResource
  return { type, containerResource: { name, container, current: of(name) } }
}

/** As Kubernetes writes quantities: 500 are `500m`, 2000 are `2`. */
function millis(value: number): string {
  return value % 1000 === 0 ? String(value / 1000) : `${value}m`
}
