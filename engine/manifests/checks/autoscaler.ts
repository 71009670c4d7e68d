import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricTarget,
  Quantity,
} from '../../api/generated/types.ts'
import { parseQuantity } from '../../api/quantity.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkQuantity } from './resources.ts'

/** Kinds with a number of replicas: https://kubernetes.io/docs/concepts/workloads/autoscaling/ */
const SCALABLE = ['Deployment', 'ReplicaSet', 'StatefulSet']
const SOURCES = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
} as const

export function checkAutoscaler(context: CheckContext, autoscaler: HorizontalPodAutoscaler): void {
  if (!context.sound(['spec'])) return
  const { behavior, maxReplicas, metrics, minReplicas = 1, scaleTargetRef } = autoscaler.spec
  if (minReplicas < 1) {
    const message = 'must be 1 or more: a workload of no pods has nothing that could be measured'
    context.error(['spec', 'minReplicas'], message)
  }
  if (maxReplicas < minReplicas) {
    context.error(['spec', 'maxReplicas'], `must be no less than minReplicas, ${minReplicas}`)
  }
  const { apiVersion = 'apps/v1', kind } = scaleTargetRef
  if (!SCALABLE.includes(kind)) {
    const message = `a ${kind} cannot be scaled: it must be one of ${SCALABLE.join(', ')}`
    context.error(['spec', 'scaleTargetRef', 'kind'], message)
  } else if (apiVersion !== 'apps/v1') {
    const message = `there is no ${kind} in apiVersion ${JSON.stringify(apiVersion)}`
    context.error(['spec', 'scaleTargetRef', 'apiVersion'], message, 'write apps/v1')
  }
  for (const { value, path } of context.items(['spec', 'metrics'], metrics)) checkMetric(context, path, value)
  for (const field of ['scaleDown', 'scaleUp'] as const) {
    const rules = behavior?.[field]
    if (rules !== undefined) checkRules(context, ['spec', 'behavior', field], rules)
  }
}

function checkMetric(context: CheckContext, path: Path, metric: MetricSpec): void {
  const source = SOURCES[metric.type]
  const given = Object.values(SOURCES).filter((field) => metric[field] !== undefined)
  if (!given.includes(source))
    return context.error([...path, source], 'must populate information for the given metric source')
  for (const other of given) {
    if (other !== source) context.error([...path, other], 'must populate the given metric source only')
  }
  const resource = metric.type === 'Resource' ? metric.resource : metric.containerResource
  // The others are refused with their fields.
  if (resource === undefined) return
  const { name, target } = resource
  if (name !== 'cpu' && name !== 'memory') {
    context.error(
      [...path, source, 'name'],
      `${JSON.stringify(name)} is not measured: it must be cpu or memory`,
    )
  }
  checkTarget(context, [...path, source, 'target'], target)
}

function checkTarget(context: CheckContext, path: Path, target: MetricTarget): void {
  const { averageUtilization, averageValue, type, value } = target
  if (value !== undefined)
    context.error([...path, 'value'], 'may not be set for a resource, of which averages count')
  if (averageUtilization === undefined && averageValue === undefined) {
    const field = type === 'Utilization' ? 'averageUtilization' : 'averageValue'
    return context.error([...path, field], 'must set either a target raw value or a target utilization')
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const message = 'may not set both a target raw value and a target utilization'
    return context.error([...path, 'averageValue'], message)
  }
  if (averageUtilization !== undefined && averageUtilization < 1)
    context.error([...path, 'averageUtilization'], `must be 1 or more, not ${averageUtilization}`)
  if (averageValue !== undefined) checkPositive(context, [...path, 'averageValue'], averageValue)
  const fits = type === 'Utilization' ? averageUtilization !== undefined : averageValue !== undefined
  if (!fits) {
    const wanted = averageUtilization === undefined ? 'AverageValue' : 'Utilization'
    context.error([...path, 'type'], `must be ${wanted} with the value that is given, not ${type}`)
  }
}

function checkPositive(context: CheckContext, path: Path, quantity: Quantity): void {
  checkQuantity(context, path, quantity)
  if (parseQuantity(quantity) === 0) context.error(path, 'must be positive')
}

function checkRules(context: CheckContext, path: Path, rules: HPAScalingRules): void {
  if (rules.policies !== undefined && rules.policies.length === 0)
    context.error([...path, 'policies'], 'must specify at least one policy')
  if (rules.tolerance !== undefined) checkQuantity(context, [...path, 'tolerance'], rules.tolerance)
}
