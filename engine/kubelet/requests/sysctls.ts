import type { StartContainerRequest } from '../../api/cri.ts'
import type { PodSpec } from '../../api/generated/types.ts'
import type { NodeName } from '../../api/names.ts'
import type { Desired } from '../../api/snapshot.ts'
import type { ConfigProblem } from '../context.ts'

/** https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls */
const SAFE = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
])

export function sysctlsOf(spec: PodSpec): NonNullable<StartContainerRequest['sysctls']> {
  return (spec.securityContext?.sysctls ?? []).map(({ name, value }) => [dotted(name), value] as const)
}

/** What is not safe has to be allowed by the Node that the pod runs on; what belongs to the whole node is never set. */
export function sysctlProblem(spec: PodSpec, node: NodeName, desired: Desired): ConfigProblem | undefined {
  const allowed =
    desired.nodes.find(({ metadata }) => metadata.name === node)?.spec?.allowedUnsafeSysctls ?? []
  for (const [name] of sysctlsOf(spec)) {
    const why = refusal(name, spec, allowed)
    if (why !== undefined)
      return {
        kind: 'problem',
        reason: 'SysctlForbidden',
        message: `forbidden sysctl: "${name}" ${why}`,
        certain: true,
      }
  }
  return undefined
}

function refusal(name: string, spec: PodSpec, allowed: readonly string[]): string | undefined {
  const space = namespaceOfSysctl(name)
  if (space === undefined) return 'belongs to the whole node, not to a pod'
  if (space === 'net' && spec.hostNetwork === true) return 'not allowed with host net enabled'
  if (space === 'ipc' && spec.hostIPC === true) return 'not allowed with host ipc enabled'
  if (SAFE.has(name) || allowed.some((pattern) => matches(name, dotted(pattern)))) return undefined
  return "is not safe, and allowedUnsafeSysctls of the pod's Node does not name it"
}

/** The namespace of a pod that has its own value. */
function namespaceOfSysctl(name: string): 'net' | 'ipc' | undefined {
  if (name.startsWith('net.')) return 'net'
  return /^(?:kernel\.(?:shm|msg)|kernel\.sem$|fs\.mqueue\.)/.test(name) ? 'ipc' : undefined
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

/** `net/ipv4/x` is another way to write `net.ipv4.x`; a dot in it stands for a slash then. */
function dotted(name: string): string {
  const separator = /[./]/.exec(name)?.[0]
  if (separator !== '/') return name
  return name.replaceAll(/[./]/g, (one) => (one === '/' ? '.' : '/'))
}
