import { isCovered, type MountEntry } from './mountTable.ts'

/** The node's cgroup hierarchies. `hybrid`: controllers in v1 hierarchies, and v2 mounted beside them. */
export interface CgroupLayout {
  readonly version: 'v1' | 'hybrid' | 'v2'
  readonly hierarchies: readonly Hierarchy[]
}

interface Hierarchy {
  readonly path: string
  readonly version: 1 | 2
  /** Of v1: `memory`, `cpu`, `name=systemd` ... */
  readonly controllers: readonly string[]
}

export function cgroupLayout(table: readonly MountEntry[]): CgroupLayout {
  const hierarchies = table.flatMap((entry): Hierarchy[] => {
    const { options, path, type } = entry
    if ((type !== 'cgroup' && type !== 'cgroup2') || isCovered(table, entry)) return []
    return [
      type === 'cgroup' ? { path, version: 1, controllers: options } : { path, version: 2, controllers: [] },
    ]
  })
  const v1 = hierarchies.some(({ version }) => version === 1)
  const v2 = hierarchies.some(({ version }) => version === 2)
  return { version: v1 ? (v2 ? 'hybrid' : 'v1') : 'v2', hierarchies }
}

/** The folder of a group in every hierarchy. */
export function cgroupDirectories(layout: CgroupLayout, cgroup: string): readonly string[] {
  return layout.hierarchies.map(({ path }) => `${path}${cgroup}`)
}

export function controllerDirectory(
  layout: CgroupLayout,
  controller: string,
  cgroup: string,
): { readonly path: string; readonly version: 1 | 2 } | undefined {
  const found =
    layout.hierarchies.find(({ controllers }) => controllers.includes(controller)) ??
    (layout.version === 'v2' ? layout.hierarchies[0] : undefined)
  return found === undefined ? undefined : { path: `${found.path}${cgroup}`, version: found.version }
}

/** Where the kernel counts processes that it killed for want of memory: a line `oom_kill N` in both versions. */
export function oomFile(layout: CgroupLayout, cgroup: string): string {
  const memory = controllerDirectory(layout, 'memory', cgroup)
  if (memory === undefined) return ''
  return `${memory.path}/${memory.version === 2 ? 'memory.events' : 'memory.oom_control'}`
}

/**
 * Where monitors go so that systemd does not end them with the engine's own unit: it goes by its own hierarchy. Empty
 * when the engine runs in no unit; moving a process costs the kernel some milliseconds.
 */
export function monitorGroups(
  layout: CgroupLayout,
  processCgroups: string,
  parent: string,
): readonly string[] {
  const own = /^(?:\d+:name=systemd|0:):(.*)$/gm
  const inUnit = [...processCgroups.matchAll(own)].some(([, path = '/']) =>
    /\.(service|scope)(\/|$)/.test(path),
  )
  if (!inUnit) return []
  const systemd = layout.hierarchies.filter(
    ({ version, controllers }) => version === 2 || controllers.includes('name=systemd'),
  )
  return systemd.map(({ path }) => `${path}${parent}/monitors`)
}
