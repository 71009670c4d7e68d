import type { PodmanPlace } from './place.ts'
import { DEFAULT_CAPABILITIES } from '../oci/spec/capabilities.ts'

export interface ConfigParts {
  readonly place: Pick<PodmanPlace, 'state' | 'networks' | 'seccomp'>
  /** Path of the OCI runtime that works on this node. */
  readonly runtime: string
  /** Path of the node's hook, which begins conmon. */
  readonly hook: string
  /** /proc/self/limits of whoever starts podman. */
  readonly limits: string
  /** For an account that is not root: it may make no group, and load no profile of AppArmor. */
  readonly isRootless: boolean
}

/**
 * containers.conf(5), in place of the node's own. What podman gives a container that asks for nothing is what Kubernetes gives it. Locks are files:
 * those that podman keeps in /dev/shm are everybody's, and whoever comes first after a boot frees all of them.
 */
export function containersConf({ hook, isRootless, limits, place, runtime }: ConfigParts): string {
  const lines: readonly string[] = [
    '[containers]',
    ...(isRootless ? ['apparmor_profile = "unconfined"', 'cgroups = "disabled"'] : []),
    `default_capabilities = ${list(DEFAULT_CAPABILITIES)}`,
    'default_sysctls = []',
    `default_ulimits = ${list(ulimits(limits))}`,
    'env = []',
    'log_driver = "k8s-file"',
    'pids_limit = 0',
    `seccomp_profile = ${JSON.stringify(place.seccomp)}`,
    '[engine]',
    'cgroup_manager = "cgroupfs"',
    `conmon_path = ${list([hook])}`,
    'events_logger = "file"',
    'lock_type = "file"',
    `runtime = ${JSON.stringify(runtime)}`,
    `tmp_dir = ${JSON.stringify(place.state)}`,
    '[network]',
    `network_config_dir = ${JSON.stringify(place.networks)}`,
  ]
  return `${lines.join('\n')}\n`
}

function list(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(', ')}]`
}

/** podman 4.3 holds itself, and all that it starts, to so many processes. */
const PROCESSES_MAX = 32_768

/** podman's own defaults are more than a machine without CAP_SYS_RESOURCE may ask for: as many as there are, and no more. */
function ulimits(limits: string): readonly string[] {
  const files = limitOf(limits, 'Max open files', Infinity)
  const processes = limitOf(limits, 'Max processes', PROCESSES_MAX)
  return [`nofile=${files.soft}:${files.hard}`, `nproc=${processes.soft}:${processes.hard}`]
}

function limitOf(
  limits: string,
  label: string,
  most: number,
): { readonly soft: string; readonly hard: string } {
  const [, soft = '', hard = ''] = new RegExp(`^${label} +(\\S+) +(\\S+)`, 'm').exec(limits) ?? []
  return { soft: atMost(soft, most), hard: atMost(hard, most) }
}

/** podman's -1: no limit. */
function atMost(limit: string, most: number): string {
  const number = limit === 'unlimited' ? Infinity : Number(limit)
  const least = Math.min(number, most)
  return least === Infinity ? '-1' : String(least)
}
