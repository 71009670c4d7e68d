/** A hierarchy of control groups, as a line of /proc/<pid>/cgroup names it: `memory`, `cpu,cpuacct`; empty is version 2. */
export type HierarchyName = string

/** Those whose limits a pod has: a process that is in none of the others' groups escapes nothing. */
const LIMITING = new Set(['memory', 'cpu', 'cpuacct', 'pids', 'cpuset'])

/**
 * Hierarchies in which a process is not in its container's group, nor below it: a container that runs systemd makes groups of its own. Where
 * there are controllers of version 1, they are what counts.
 */
export function leftGroups(processCgroups: string, group: string): readonly HierarchyName[] {
  const lines = processCgroups.split('\n').flatMap((line) => {
    const [, controllers, ...path] = line.split(':')
    return controllers === undefined ? [] : [{ controllers, path: path.join(':') }]
  })
  const limiting = lines.filter(({ controllers }) => controllers.split(',').some((one) => LIMITING.has(one)))
  const counted = limiting.length > 0 ? limiting : lines.filter(({ controllers }) => controllers === '')
  return counted.filter(({ path }) => !isWithin(path, group)).map(({ controllers }) => controllers)
}

/** Seen from a cgroup namespace that began higher up, the path has more in front. */
function isWithin(path: string, group: string): boolean {
  return path.endsWith(group) || path.includes(`${group}/`)
}
