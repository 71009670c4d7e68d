import type { ContainerResources, ContainerSecurity } from '../../api/cri.ts'
import type { ProcessUser } from '../oci/spec/user.ts'
import { CPU_PERIOD_US } from '../oci/spec/spec.ts'
import type { GivenVariables, RunWish } from './tool.ts'

/** What a container is made of, as `run` is told. */
export interface RunParts {
  readonly name: string
  readonly podName: string
  readonly labels: Readonly<Record<string, string>>
  /** By id. */
  readonly image: string
  readonly args: readonly string[]
  readonly cwd: string
  /** On the tmpfs: `NAME=value`, a line each. */
  readonly envFile: string
  /** For variables that no line can hold. */
  readonly variables: GivenVariables
  readonly user: ProcessUser
  /** All that it has, where it is not privileged. */
  readonly capabilities: readonly string[]
  /** In the program's words; those that are absent are the container's own. */
  readonly namespaces: {
    readonly net: string
    readonly ipc: string
    readonly uts?: string
    readonly pid?: string
  }
  /** Absent: the container has no part in any group, and so no limits. */
  readonly cgroupParent?: string
  readonly restart: 'no' | 'on-failure' | 'always'
  readonly stopSignal: string
  readonly log: { readonly path: string; readonly bytesMax: number }
  readonly mounts: readonly RunMount[]
  readonly devices: readonly { readonly source: string; readonly path: string; readonly readOnly: boolean }[]
  /** A path, `unconfined`, or absent: the program's own profile. */
  readonly seccomp?: string
  readonly appArmor?: string
  readonly oomScoreAdj?: number
  readonly cpus?: string
}

export interface RunMount {
  readonly source: string
  readonly destination: string
  readonly readOnly: boolean
  readonly propagation: 'rprivate' | 'rslave' | 'rshared'
  readonly noExec?: boolean
}

function userFlags({ additionalGids, gid, uid }: ProcessUser): readonly string[] {
  const others = additionalGids.filter((one) => one !== gid)
  return ['--user', `${uid}:${gid}`, ...others.flatMap((one) => ['--group-add', String(one)])]
}

/** As they are asked for, to be added to and taken from the program's own. Kubernetes' order, as capabilitiesFor has it: what is dropped by name goes last, and a name on both sides is refused. */
export function capabilityFlags({
  addCapabilities,
  dropCapabilities,
}: Pick<ContainerSecurity, 'addCapabilities' | 'dropCapabilities'>): readonly string[] {
  const dropped = dropCapabilities.map(capability)
  const added = addCapabilities.map(capability).filter((name) => name === 'all' || !dropped.includes(name))
  return [
    ...dropped
      .filter((name) => name !== 'all' || !added.includes('all'))
      .flatMap((name) => ['--cap-drop', name]),
    ...added.flatMap((name) => ['--cap-add', name]),
  ]
}

function capability(name: string): string {
  const upper = name.toUpperCase().replace(/^CAP_/, '')
  return upper === 'ALL' ? 'all' : `CAP_${upper}`
}

function resourceFlags({ resources }: RunWish, parts: RunParts): readonly string[] {
  const isHeld = parts.cgroupParent !== undefined
  return [
    ...(isHeld ? [...limitFlags(resources), '--pids-limit', String(resources.pidsMax ?? -1)] : []),
    ...(parts.oomScoreAdj === undefined ? [] : ['--oom-score-adj', String(parts.oomScoreAdj)]),
    ...(isHeld && parts.cpus !== undefined ? ['--cpuset-cpus', parts.cpus] : []),
  ]
}

export function groupFlags({ cgroupParent }: RunParts): readonly string[] {
  return cgroupParent === undefined ? [] : ['--cgroup-parent', cgroupParent]
}

/** Those that can be changed while the container runs. */
export function limitFlags(resources: ContainerResources): readonly string[] {
  const { cpuQuotaUs, cpuShares, memoryLimitBytes } = resources
  return [
    ...['--cpu-shares', String(cpuShares)],
    ...(cpuQuotaUs === undefined
      ? []
      : ['--cpu-period', String(CPU_PERIOD_US), '--cpu-quota', String(cpuQuotaUs)]),
    // By itself it would allow as much again of swap.
    ...(memoryLimitBytes === undefined
      ? []
      : ['--memory', `${memoryLimitBytes}b`, '--memory-swap', `${memoryLimitBytes}b`]),
  ]
}

/** It is read as one line of comma-separated values: one that holds a comma or a quote stands in quotes. */
export function commaList(fields: readonly string[]): string {
  return fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')
}

export function namespaceFlags({ namespaces: { ipc, net, pid, uts } }: RunParts): readonly string[] {
  return [
    ...['--network', net, '--ipc', ipc],
    ...(uts === undefined ? [] : ['--uts', uts]),
    ...(pid === undefined ? [] : ['--pid', pid]),
  ]
}

/** What both programs say of a container's security alike. */
function securityFlags(
  security: ContainerSecurity,
  parts: RunParts,
  capabilities: readonly string[],
): readonly string[] {
  return [
    ...(security.privileged ? ['--privileged'] : []),
    ...(security.readOnlyRootFilesystem ? ['--read-only'] : []),
    ...(security.privileged ? [] : capabilities),
    ...(security.allowPrivilegeEscalation ? [] : securityOption('no-new-privileges')),
    ...(parts.seccomp === undefined ? [] : securityOption(`seccomp=${parts.seccomp}`)),
    ...(parts.appArmor === undefined ? [] : securityOption(`apparmor=${parts.appArmor}`)),
    ...Object.entries(security.seLinux ?? {}).flatMap(([part, value]) =>
      securityOption(`label=${part}:${value}`),
    ),
  ]
}

function securityOption(text: string): readonly string[] {
  return ['--security-opt', text]
}

function inputFlags(wish: RunWish): readonly string[] {
  return [
    ...(wish.sysctls ?? []).flatMap(([name, value]) => ['--sysctl', `${name}=${value}`]),
    ...(wish.stdin === undefined ? [] : ['--interactive']),
    ...(wish.tty === true ? ['--tty'] : []),
  ]
}

function deviceFlags({ devices }: RunParts): readonly string[] {
  return devices.flatMap(({ path, readOnly, source }) => [
    '--device',
    `${source}:${path}:${readOnly ? 'rm' : 'rwm'}`,
  ])
}

/** What a program has words of its own for. */
export interface OwnWords {
  readonly capabilities: readonly string[]
  /** Of a `/proc` that nothing of is hidden. */
  readonly unmasked: string
  readonly mountText: (mount: RunMount) => string
}

/** Who it runs as, what it may and what it is given. */
export function processFlags(wish: RunWish, parts: RunParts, own: OwnWords): readonly string[] {
  return [
    ...userFlags(parts.user),
    ...securityFlags(wish.security, parts, own.capabilities),
    ...(wish.security.procMount === 'Unmasked' ? securityOption(own.unmasked) : []),
    ...resourceFlags(wish, parts),
    ...inputFlags(wish),
    ...parts.mounts.flatMap((mount) => ['--mount', own.mountText(mount)]),
    ...deviceFlags(parts),
  ]
}
