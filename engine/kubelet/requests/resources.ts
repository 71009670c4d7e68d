import type { ContainerResources } from '../../api/cri.ts'
import type { Container, PodSpec } from '../../api/generated/types.ts'
import { byteCount, cpuMillis } from '../../api/quantity.ts'
import { qosClassOf } from '../../api/qosClass.ts'

const SHARES_MIN = 2
const SHARES_MAX = 262_144
const QUOTA_PERIOD_US = 100_000
/** The kernel takes no shorter quota: who asks for less has this. */
const QUOTA_MIN_US = 1_000
export const QUOTA_MIN_MILLIS = 10

/** As the kubelet turns quantities into cgroup values; a limit of 0 is none. */
export function resourcesOf(container: Container): ContainerResources {
  const { limits = {}, requests = {} } = container.resources ?? {}
  const limitMillis = limits['cpu'] === undefined ? 0 : cpuMillis(limits['cpu'])
  const requestMillis = requests['cpu'] === undefined ? limitMillis : cpuMillis(requests['cpu'])
  const memoryLimitBytes = limits['memory'] === undefined ? 0 : byteCount(limits['memory'])
  return {
    cpuShares: sharesOf(requestMillis),
    ...(limitMillis > 0 && { cpuQuotaUs: quotaUs(limitMillis) }),
    ...(memoryLimitBytes > 0 && { memoryLimitBytes }),
  }
}

export function sharesOf(millis: number): number {
  return Math.min(SHARES_MAX, Math.max(SHARES_MIN, Math.floor((millis * 1024) / 1000)))
}

export function quotaUs(limitMillis: number): number {
  return Math.max(QUOTA_MIN_US, Math.floor((limitMillis * QUOTA_PERIOD_US) / 1000))
}

const OOM_GUARANTEED = -997
const OOM_BEST_EFFORT = 1000

/**
 * Who goes first when memory is short: https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior.
 * A sidecar is no worse than the main containers it serves. `capacity`: the node's memory in bytes; 0: not known.
 */
export function oomScoreAdjOf(container: Container, spec: PodSpec, capacity: number): number {
  if (spec.priorityClassName === 'system-node-critical') return OOM_GUARANTEED
  const qosClass = qosClassOf(spec)
  switch (qosClass) {
    case 'Guaranteed':
      return OOM_GUARANTEED
    case 'BestEffort':
      return OOM_BEST_EFFORT
    case 'Burstable': {
      const own = burstableScore(container, capacity)
      if (container.restartPolicy !== 'Always') return own
      return Math.min(own, ...spec.containers.map((one) => burstableScore(one, capacity)))
    }
    default:
      return qosClass satisfies never
  }
}

function burstableScore({ resources }: Container, capacity: number): number {
  const request = resources?.requests?.['memory'] ?? resources?.limits?.['memory']
  const bytes = request === undefined ? 0 : byteCount(request)
  const score = capacity === 0 ? OOM_BEST_EFFORT : Math.trunc(1000 - (1000 * bytes) / capacity)
  return Math.min(OOM_BEST_EFFORT - 1, Math.max(1000 + OOM_GUARANTEED, score))
}

/**
 * How many cpus a container has for itself: whole ones of a Guaranteed pod, as Kubernetes' static CPU manager. Init containers run before the
 * others and are gone then: theirs are shared. Undefined: none.
 */
export function exclusiveCpusOf(spec: PodSpec): Readonly<Record<string, number>> | undefined {
  if (qosClassOf(spec) !== 'Guaranteed' || spec.resources !== undefined) return undefined
  const lasting = [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)]
  const counts = lasting.flatMap(({ name, resources }) => {
    const millis = cpuMillis(resources?.limits?.['cpu'] ?? 0)
    return millis >= 1000 && millis % 1000 === 0 ? [[name, millis / 1000] as const] : []
  })
  return counts.length === 0 ? undefined : Object.fromEntries(counts)
}

function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always'
}
