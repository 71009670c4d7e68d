import type { ContainerResources, ContainerSecurity, StartContainerRequest } from '../../api/cri.ts'
import type { ProcessUser } from '../oci/spec/user.ts'
import { CPU_PERIOD_US } from '../oci/spec/spec.ts'
import { labelFlags } from './commands.ts'

/** What a container is made of, as `podman run` is told. */
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
  /** podman's secrets, for what no line can hold. */
  readonly secrets: readonly { readonly secret: string; readonly variable: string }[]
  readonly user: ProcessUser
  /** Paths of namespaces, or `host`; pid: `private`, too. */
  readonly namespaces: {
    readonly net: string
    readonly ipc: string
    readonly uts: string
    readonly pid: string
  }
  readonly cgroupParent: string
  readonly restart: 'no' | 'on-failure' | 'always'
  readonly stopSignal: string
  readonly log: { readonly path: string; readonly bytesMax: number }
  readonly mounts: readonly RunMount[]
  readonly devices: readonly { readonly source: string; readonly path: string; readonly readOnly: boolean }[]
  /** A path, `unconfined`, or absent: podman's own profile. */
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

type Wish = Pick<StartContainerRequest, 'security' | 'resources' | 'sysctls' | 'stdin' | 'tty'>

/** podman-run(1). `create`: it does not start yet. */
export function runArgs(wish: Wish, parts: RunParts, verb: 'run' | 'create' = 'run'): readonly string[] {
  return [
    // podman create has no word for /etc/passwd, to which podman adds who is not in it.
    ...(verb === 'run' ? ['run', '--detach', '--passwd=false'] : ['create']),
    '--pull=never',
    ...['--name', parts.name, '--pod', parts.podName],
    ...labelFlags(parts.labels),
    ...namespaceFlags(parts),
    ...['--cgroup-parent', parts.cgroupParent, '--restart', parts.restart],
    ...(parts.stopSignal === '' ? [] : ['--stop-signal', parts.stopSignal]),
    ...['--log-driver', 'k8s-file', '--log-opt', `path=${parts.log.path}`],
    ...['--log-opt', `max-size=${parts.log.bytesMax}`],
    ...['--unsetenv-all', '--env-file', parts.envFile, '--workdir', parts.cwd],
    ...parts.secrets.flatMap(({ secret, variable }) => ['--secret', `${secret},type=env,target=${variable}`]),
    ...['--no-hosts', '--image-volume=ignore', '--read-only-tmpfs=false', '--no-healthcheck'],
    ...userFlags(parts.user),
    ...securityFlags(wish.security, parts),
    ...resourceFlags(wish, parts),
    ...(wish.sysctls ?? []).flatMap(([name, value]) => ['--sysctl', `${name}=${value}`]),
    ...(wish.stdin === undefined ? [] : ['--interactive']),
    ...(wish.tty === true ? ['--tty'] : []),
    ...parts.mounts.flatMap((mount) => ['--mount', mountText(mount)]),
    ...parts.devices.flatMap(({ path, readOnly, source }) => [
      '--device',
      `${source}:${path}:${readOnly ? 'rm' : 'rwm'}`,
    ]),
    ...['--entrypoint', JSON.stringify(parts.args)],
    parts.image,
  ]
}

function namespaceFlags({ namespaces: { ipc, net, pid, uts } }: RunParts): readonly string[] {
  return [...['--network', net, '--ipc', ipc, '--uts', uts], ...(pid === 'private' ? [] : ['--pid', pid])]
}

function userFlags({ additionalGids, gid, uid }: ProcessUser): readonly string[] {
  const others = additionalGids.filter((one) => one !== gid)
  return ['--user', `${uid}:${gid}`, ...others.flatMap((one) => ['--group-add', String(one)])]
}

function securityFlags(security: ContainerSecurity, parts: RunParts): readonly string[] {
  const option = (text: string): readonly string[] => ['--security-opt', text]
  return [
    ...(security.privileged ? ['--privileged'] : []),
    ...(security.readOnlyRootFilesystem ? ['--read-only'] : []),
    ...(security.privileged ? [] : capabilityFlags(security)),
    ...(security.allowPrivilegeEscalation ? [] : option('no-new-privileges')),
    ...(parts.seccomp === undefined ? [] : option(`seccomp=${parts.seccomp}`)),
    ...(parts.appArmor === undefined ? [] : option(`apparmor=${parts.appArmor}`)),
    ...(security.procMount === 'Unmasked' ? option('unmask=ALL') : []),
    ...Object.entries(security.seLinux ?? {}).flatMap(([part, value]) => option(`label=${part}:${value}`)),
  ]
}

/** Kubernetes' order, as capabilitiesFor has it: what is dropped by name goes last, and podman refuses a name on both sides. */
function capabilityFlags({
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

function resourceFlags({ resources }: Wish, parts: RunParts): readonly string[] {
  return [
    ...limitFlags(resources),
    ...['--pids-limit', String(resources.pidsMax ?? -1)],
    ...(parts.oomScoreAdj === undefined ? [] : ['--oom-score-adj', String(parts.oomScoreAdj)]),
    ...(parts.cpus === undefined ? [] : ['--cpuset-cpus', parts.cpus]),
  ]
}

/** Those that podman can change while the container runs. */
export function limitFlags(resources: ContainerResources): readonly string[] {
  const { cpuQuotaUs, cpuShares, memoryLimitBytes } = resources
  return [
    ...['--cpu-shares', String(cpuShares)],
    ...(cpuQuotaUs === undefined
      ? []
      : ['--cpu-period', String(CPU_PERIOD_US), '--cpu-quota', String(cpuQuotaUs)]),
    // podman itself would allow as much again of swap.
    ...(memoryLimitBytes === undefined
      ? []
      : ['--memory', `${memoryLimitBytes}b`, '--memory-swap', `${memoryLimitBytes}b`]),
  ]
}

/** podman reads it as one line of comma-separated values: one that holds a comma or a quote stands in quotes. */
export function mountText({ destination, noExec, propagation, readOnly, source }: RunMount): string {
  const fields = [
    'type=bind',
    `src=${source}`,
    `dst=${destination}`,
    ...(readOnly ? ['ro=true'] : []),
    ...(noExec === true ? ['noexec'] : []),
    `bind-propagation=${propagation}`,
  ]
  return fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')
}
