import type { PodCgroup } from '../../../api/cri.ts'
import type { Transport, TreeEntry } from '../../../transport/transport.ts'
import type { CgroupLayout } from '../node/cgroups.ts'
import { controllerDirectory } from '../node/cgroups.ts'
import { CPU_PERIOD_US } from '../spec/spec.ts'

/** A file of a cgroup, and what is written to it. */
export interface CgroupWrite {
  readonly directory: string
  readonly file: string
  readonly value: string
}

/**
 * The group that a pod's containers are made in: no OCI runtime makes it, for no process is in it. Its limits hold for all of them together,
 * its weight is the pod's among pods.
 */
export function podCgroupWrites(
  layout: CgroupLayout,
  cgroup: string,
  wish: PodCgroup,
): readonly CgroupWrite[] {
  const cpu = controllerDirectory(layout, 'cpu', cgroup)
  const memory = controllerDirectory(layout, 'memory', cgroup)
  const pids = controllerDirectory(layout, 'pids', cgroup)
  const { cpuQuotaUs, cpuShares, memoryLimitBytes, pidsMax } = wish
  if (layout.version === 'v2') {
    if (cpu === undefined) return []
    const { path: directory } = cpu
    return [
      ...delegation(layout, cgroup, pidsMax === undefined ? '+cpu +memory' : '+cpu +memory +pids'),
      { directory, file: 'cpu.weight', value: String(weightOf(cpuShares)) },
      { directory, file: 'cpu.max', value: `${cpuQuotaUs ?? 'max'} ${CPU_PERIOD_US}` },
      { directory, file: 'memory.max', value: String(memoryLimitBytes ?? 'max') },
      ...(pidsMax === undefined ? [] : [{ directory, file: 'pids.max', value: String(pidsMax) }]),
    ]
  }
  const write = (group: typeof cpu, file: string, value: number | undefined): readonly CgroupWrite[] =>
    group === undefined || value === undefined ? [] : [{ directory: group.path, file, value: String(value) }]
  return [
    ...write(cpu, 'cpu.shares', cpuShares),
    ...write(cpu, 'cpu.cfs_period_us', cpuQuotaUs === undefined ? undefined : CPU_PERIOD_US),
    ...write(cpu, 'cpu.cfs_quota_us', cpuQuotaUs),
    ...write(memory, 'memory.limit_in_bytes', memoryLimitBytes),
    ...write(pids, 'pids.max', pidsMax),
  ]
}

/** How a container is held to its time of processors; a new group has a period of CPU_PERIOD_US. */
export function cpuLimitWrite(
  layout: CgroupLayout,
  cgroup: string,
  cpuQuotaUs: number | undefined,
): { readonly file: string; readonly value: string } | undefined {
  const cpu = controllerDirectory(layout, 'cpu', cgroup)
  if (cpu === undefined || cpuQuotaUs === undefined) return undefined
  return cpu.version === 2
    ? { file: `${cpu.path}/cpu.max`, value: `${cpuQuotaUs} ${CPU_PERIOD_US}` }
    : { file: `${cpu.path}/cpu.cfs_quota_us`, value: String(cpuQuotaUs) }
}

/** In v2 a group has a controller's files only if the one above it hands the controller down. */
function delegation(layout: CgroupLayout, cgroup: string, value: string): readonly CgroupWrite[] {
  const parents = cgroup.split('/').slice(0, -1)
  return parents.flatMap((_, index) => {
    const group = controllerDirectory(layout, 'cpu', parents.slice(0, index + 1).join('/'))
    if (group === undefined) return []
    return [{ directory: group.path, file: 'cgroup.subtree_control', value }]
  })
}

/** As the kubelet and every OCI runtime turn v1's shares into v2's weight. */
export function weightOf(shares: number): number {
  return 1 + Math.floor(((shares - 2) * 9999) / 262_142)
}

export async function writePodCgroup(transport: Transport, writes: readonly CgroupWrite[]): Promise<void> {
  for (const { directory, file, value } of writes) {
    const entries: readonly TreeEntry[] = [
      { path: '', mode: 0o755, what: { kind: 'directory' } },
      { path: file, mode: 0o644, what: { kind: 'file', content: value } },
    ]
    await transport.writeTree(directory, entries)
  }
}
