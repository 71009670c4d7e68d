import type { Transport } from '../../../transport/transport.ts'
import { cgroupLayout } from './cgroups.ts'
import { readMountTable } from './mountTable.ts'

/** Out of the engine's own group, with which systemd would end it. */
export async function moveToGroup(transport: Transport, cgroup: string, pid: number): Promise<void> {
  const layout = cgroupLayout(await readMountTable(transport))
  const parents = layout.hierarchies
    .filter(({ controllers, version }) => version === 2 || controllers.some((one) => GROUPED.has(one)))
    .map(({ path }) => `${path}${cgroup}`)
  for (const parent of parents) {
    await transport.makeDirectory(parent, 0o755)
    const what = { kind: 'file', content: String(pid) } as const
    await transport.writeTree(parent, [{ path: 'cgroup.procs', mode: 0o644, what }])
  }
}

/** Of v1: what counts, and what systemd goes by. A new group of cpusets could take in nobody. */
const GROUPED: ReadonlySet<string> = new Set(['name=systemd', 'memory', 'cpuacct', 'pids'])
