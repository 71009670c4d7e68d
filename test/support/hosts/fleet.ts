import type { Hosts } from './hosts.ts'

type Fields = Readonly<Record<string, unknown>>

/** Of a world on this machine that drives these machines. */
export function fleetOptions(hosts: Hosts, registry: string) {
  return { registry, root: hosts.root, within: ['env', `PATH=${hosts.keys.environment['PATH'] ?? ''}`] }
}

/** A Node for each of these machines, as a file of a commit; `specOf`: what each has beside its address. */
export function nodesYaml(
  hosts: Hosts,
  names: readonly string[],
  specOf: (name: string) => Fields = () => ({}),
): string {
  const items = names.map((name) => ({
    apiVersion: 'reconcile.dev/v1',
    kind: 'Node',
    metadata: { name },
    spec: { address: hosts.host(name).url, ...specOf(name) },
  }))
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
}

/** What the engine has left on a machine, a line each. */
export function leftOn(hosts: Hosts, name: string): string {
  const folders = 'ls -A /run/reconcile "$0"; ls -d /sys/fs/cgroup/reconcile* /sys/fs/cgroup/*/reconcile*'
  const rest = `ls /sys/class/net | grep ^rc-; grep -F " $0/" /proc/self/mountinfo; nft list tables`
  const listed = hosts.host(name).run('sh', '-c', `{ ${folders}; } 2>/dev/null; ${rest}`, hosts.root)
  // Headings of `ls`.
  return listed.replaceAll(/^(?:\/.*:)?\n/gm, '')
}
