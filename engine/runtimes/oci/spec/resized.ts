import type { ContainerResources } from '../../../api/cri.ts'
import { parseJson } from '../json.ts'
import { CPU_PERIOD_US } from './spec.ts'

/** The configuration of a container with other cpu and memory. What else is in it stays: it was made when the container first started. */
export function withResources(config: string, resources: ContainerResources): string {
  const spec = objectIn(parseJson(config))
  const linux = objectIn(spec['linux'])
  const before = objectIn(linux['resources'])
  const { cpuQuotaUs, cpuShares, memoryLimitBytes } = resources
  const cpu = {
    ...objectIn(before['cpu']),
    shares: cpuShares,
    ...(cpuQuotaUs !== undefined && { quota: cpuQuotaUs, period: CPU_PERIOD_US }),
  }
  const memory = memoryLimitBytes === undefined ? {} : { memory: { limit: memoryLimitBytes } }
  return JSON.stringify({ ...spec, linux: { ...linux, resources: { ...before, cpu, ...memory } } })
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
