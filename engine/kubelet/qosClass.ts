import type { Container, PodSpec, PodStatus } from '../api/generated/types.ts'
import { compareQuantities, parseQuantity } from '../api/quantity.ts'

const COUNTED = ['cpu', 'memory'] as const

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/; `spec` has its defaults, so a request follows from its limit. */
export function qosClassOf(spec: PodSpec): NonNullable<PodStatus['qosClass']> {
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  if (!containers.some(asksForAnything)) return 'BestEffort'
  return containers.every(getsWhatItAsks) ? 'Guaranteed' : 'Burstable'
}

function asksForAnything({ resources }: Container): boolean {
  return COUNTED.some(
    (name) => isPositive(resources?.limits?.[name]) || isPositive(resources?.requests?.[name]),
  )
}

function getsWhatItAsks({ resources }: Container): boolean {
  return COUNTED.every((name) => {
    const limit = resources?.limits?.[name]
    const request = resources?.requests?.[name]
    if (limit === undefined || !isPositive(limit)) return false
    return request === undefined || compareQuantities(request, limit) === 0
  })
}

function isPositive(quantity: string | number | undefined): boolean {
  return quantity !== undefined && (parseQuantity(quantity) ?? 0) > 0
}
