import type { PodCgroup } from '../../api/cri.ts'
import type { Container, PodSpec } from '../../api/generated/types.ts'
import { podRequests } from '../../api/podResources.ts'
import { byteCount, cpuMillis } from '../../api/quantity.ts'
import { qosClassOf } from '../../api/qosClass.ts'
import { QUOTA_MIN_MILLIS, quotaUs, sharesOf } from './resources.ts'

/**
 * What a pod's containers may have together, as the kubelet's ResourceConfigForPod: the sum of their requests as the pod's weight, and a
 * limit where all of them have one; `spec.resources` goes before. Time of processors is limited here only where that is less than the
 * containers' own limits together: to be held twice would change nothing but their start, in which the runtime's own work is the pod's too.
 */
export function podCgroupOf(spec: PodSpec): PodCgroup {
  if (qosClassOf(spec) === 'BestEffort') return { cpuShares: sharesOf(0) }
  const { cpu = 0 } = podRequests(spec)
  const cpuLimit = isHeldByContainers(spec) ? 0 : podLimit(spec, 'cpu', cpuMillis)
  const cpuAllowed = withOverhead(cpuLimit, cpuMillis(spec.overhead?.['cpu'] ?? 0))
  const memoryLimit = withOverhead(
    podLimit(spec, 'memory', byteCount),
    byteCount(spec.overhead?.['memory'] ?? 0),
  )
  return {
    cpuShares: sharesOf(cpu),
    ...(cpuAllowed > 0 && { cpuQuotaUs: quotaUs(cpuAllowed) }),
    ...(memoryLimit > 0 && { memoryLimitBytes: memoryLimit }),
  }
}

/** Each by its own limit, and none of them by more than it: the kernel has a least that it limits to. */
function isHeldByContainers(spec: PodSpec): boolean {
  if (spec.resources?.limits?.['cpu'] !== undefined) return false
  const all = [...spec.containers, ...(spec.initContainers ?? [])]
  return all.every((one) => limitOf(one, 'cpu', cpuMillis) >= QUOTA_MIN_MILLIS)
}

/** What the runtime itself needs comes on top of a limit, where there is one. */
function withOverhead(limit: number, overhead: number): number {
  return limit === 0 ? 0 : limit + overhead
}

type Amount = (quantity: string | number) => number

/** 0: there is none, for a container without a limit may use all there is. */
export function podLimit(spec: PodSpec, name: 'cpu' | 'memory', amount: Amount): number {
  const own = spec.resources?.limits?.[name]
  if (own !== undefined) return amount(own)
  const inits = spec.initContainers ?? []
  if (![...spec.containers, ...inits].every((one) => limitOf(one, name, amount) > 0)) return 0
  let total = sum(spec.containers, name, amount)
  let sidecars = 0
  let peak = 0
  for (const init of inits) {
    const limit = limitOf(init, name, amount)
    if (init.restartPolicy === 'Always') sidecars += limit
    peak = Math.max(peak, sidecars + (init.restartPolicy === 'Always' ? 0 : limit))
  }
  total += sidecars
  return Math.max(total, peak)
}

function sum(containers: readonly Container[], name: 'cpu' | 'memory', amount: Amount): number {
  return containers.reduce((total, one) => total + limitOf(one, name, amount), 0)
}

function limitOf({ resources }: Container, name: 'cpu' | 'memory', amount: Amount): number {
  const limit = resources?.limits?.[name]
  return limit === undefined ? 0 : amount(limit)
}
