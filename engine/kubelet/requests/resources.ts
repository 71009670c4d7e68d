import type { ContainerResources } from '../../api/cri.ts'
import type { Container } from '../../api/generated/types.ts'
import { byteCount, cpuMillis } from '../../api/quantity.ts'

const SHARES_MIN = 2
const SHARES_MAX = 262_144
const QUOTA_PERIOD_US = 100_000
/** The kernel takes no shorter quota. */
const QUOTA_MIN_US = 1_000

/** As the kubelet turns quantities into cgroup values; a limit of 0 is none. */
export function resourcesOf(container: Container): ContainerResources {
  const { limits = {}, requests = {} } = container.resources ?? {}
  const limitMillis = limits['cpu'] === undefined ? 0 : cpuMillis(limits['cpu'])
  const requestMillis = requests['cpu'] === undefined ? limitMillis : cpuMillis(requests['cpu'])
  const memoryLimitBytes = limits['memory'] === undefined ? 0 : byteCount(limits['memory'])
  return {
    cpuShares: Math.min(SHARES_MAX, Math.max(SHARES_MIN, Math.floor((requestMillis * 1024) / 1000))),
    ...(limitMillis > 0 && { cpuQuotaUs: quotaUs(limitMillis) }),
    ...(memoryLimitBytes > 0 && { memoryLimitBytes }),
  }
}

function quotaUs(limitMillis: number): number {
  return Math.max(QUOTA_MIN_US, Math.floor((limitMillis * QUOTA_PERIOD_US) / 1000))
}
