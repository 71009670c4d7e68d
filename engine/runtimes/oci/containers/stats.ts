import type { PodUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import type { ContainerStats } from '../../runtime.ts'
import type { CgroupLayout } from '../node/cgroups.ts'
import { controllerDirectory } from '../node/cgroups.ts'
import { readText } from '../node/node.ts'
import type { RootPaths } from '../paths.ts'
import { type GroupOf, groupsBelow } from '../measures/measure.ts'
import { podPaths } from '../paths.ts'

/** Of the containers that run, from their cgroups. */
export async function podStats(
  transport: Transport,
  paths: RootPaths,
  cgroups: CgroupLayout,
  uid: PodUid,
  groupOf: GroupOf = groupsBelow(paths),
): Promise<readonly ContainerStats[]> {
  const pod = podPaths(paths, uid)
  const names = await transport.listDirectory(pod.containers)
  const all = await Promise.all(
    names.map(async (name) => {
      const cgroup = groupOf(uid, name)
      if (cgroup === undefined) return []
      const cpu = await cpuNanoseconds(transport, cgroups, cgroup)
      const memory = await memoryBytes(transport, cgroups, cgroup)
      if (cpu === undefined || memory === undefined) return []
      return [{ container: name, cpuNanoseconds: cpu, memoryBytes: memory }]
    }),
  )
  return all.flat()
}

async function cpuNanoseconds(
  transport: Transport,
  layout: CgroupLayout,
  cgroup: string,
): Promise<number | undefined> {
  const group = controllerDirectory(layout, 'cpuacct', cgroup)
  if (group === undefined) return undefined
  if (group.version === 1) return numberIn(await readText(transport, `${group.path}/cpuacct.usage`))
  const microseconds = numberIn(
    /^usage_usec (\d+)$/m.exec(await readText(transport, `${group.path}/cpu.stat`))?.[1],
  )
  return microseconds === undefined ? undefined : microseconds * 1000
}

/** Kubernetes' working set: without the file cache that the kernel would give back first. */
async function memoryBytes(
  transport: Transport,
  layout: CgroupLayout,
  cgroup: string,
): Promise<number | undefined> {
  const group = controllerDirectory(layout, 'memory', cgroup)
  if (group === undefined) return undefined
  const file = group.version === 1 ? 'memory.usage_in_bytes' : 'memory.current'
  const used = numberIn(await readText(transport, `${group.path}/${file}`))
  if (used === undefined) return undefined
  const inactive = /^(?:total_)?inactive_file (\d+)$/gm
  const values = [...(await readText(transport, `${group.path}/memory.stat`)).matchAll(inactive)]
  return Math.max(0, used - (numberIn(values.at(-1)?.[1]) ?? 0))
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined || text.trim() === '' ? undefined : Number(text.trim())
}
