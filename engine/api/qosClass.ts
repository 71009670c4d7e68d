import type { Container, PodSpec, PodStatus } from './generated/types.ts'
import { compareQuantities } from './quantity.ts'

const COUNTED = ['cpu', 'memory'] as const

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/: a request that is not written follows from its limit. */
export function qosClassOf(spec: PodSpec): NonNullable<PodStatus['qosClass']> {
  // Pod-level resources, where there are any, decide alone.
  if (COUNTED.some((name) => asks(spec.resources, name))) {
    return getsAll(spec.resources) ? 'Guaranteed' : 'Burstable'
  }
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  if (!containers.some(asksForAnything)) return 'BestEffort'
  return containers.every(getsWhatItAsks) ? 'Guaranteed' : 'Burstable'
}

function asksForAnything({ resources }: Container): boolean {
  return COUNTED.some((name) => asks(resources, name))
}

function asks(resources: Container['resources'], name: (typeof COUNTED)[number]): boolean {
  return isPositive(resources?.limits?.[name]) || isPositive(resources?.requests?.[name])
}

function getsWhatItAsks({ resources }: Container): boolean {
  return getsAll(resources)
}

function getsAll(resources: Container['resources']): boolean {
  return COUNTED.every((name) => {
    const limit = resources?.limits?.[name]
    const request = resources?.requests?.[name]
    if (limit === undefined || !isPositive(limit)) return false
    return request === undefined || request === limit || compareQuantities(request, limit) === 0
  })
}

/** A digit other than 0 before any suffix: quantities are validated before, and parsing one takes a hundred times as long. */
const POSITIVE = /^\+?[0.]*[1-9]/

function isPositive(quantity: string | number | undefined): boolean {
  return quantity !== undefined && POSITIVE.test(String(quantity))
}
