import type { BlockIo, ContainerResources, StartContainerRequest } from '../../../api/cri.ts'
import type { ProcessUser } from './user.ts'

/** Where the namespaces and folders of the container are, and what was found out about image and node. */
export interface SpecParts {
  readonly rootfs: string
  readonly cgroup: string
  /** Undefined: the host's. */
  readonly namespaces: {
    readonly net: string | undefined
    readonly ipc: string | undefined
    readonly uts: string | undefined
    /** `own` is a new one. */
    readonly pid: 'own' | 'host' | { readonly path: string }
    readonly cgroup: boolean
  }
  readonly hostname: string | undefined
  readonly args: readonly string[]
  readonly env: readonly string[]
  readonly cwd: string
  readonly user: ProcessUser
  readonly capabilities: readonly string[]
  readonly seccomp: unknown
  readonly mounts: readonly SpecMount[]
  /** All of the node's, for a privileged container. */
  readonly devices: readonly SpecDevice[]
  /** Absent: the node's. Its pod's other namespaces belong to it. */
  readonly userNamespace?: { readonly path: string; readonly hostId: number; readonly size: number }
  /** No less than the engine may ask for. */
  readonly oomScoreAdj?: number
  readonly disk?: Disk
  /** The cpus that it has for itself, as the kernel lists them: `2-3,5`. */
  readonly cpus?: string
  readonly appArmorProfile?: string
  readonly seLinux?: { readonly process: string; readonly mount: string }
}

/** The block device that limits of disk use are about, and whether the kernel here weighs disk use at all. */
export interface Disk {
  readonly major: number
  readonly minor: number
  readonly weighs: boolean
}

export interface SpecMount {
  readonly destination: string
  readonly type: string
  readonly source: string
  readonly options: readonly string[]
}

export interface SpecDevice {
  readonly path: string
  readonly type: 'c' | 'b'
  readonly major: number
  readonly minor: number
  readonly fileMode: number
  /** What the container may do with it; absent: what it may do with any. */
  readonly access?: 'rm' | 'rwm'
}

type Wish = Pick<StartContainerRequest, 'security' | 'resources' | 'mounts' | 'sysctls' | 'tty'>

/** https://github.com/opencontainers/runtime-spec/blob/v1.0.2/config.md */
export function ociSpec(wish: Wish, parts: SpecParts): unknown {
  const { security } = wish
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: wish.tty === true,
      user: parts.user,
      args: parts.args,
      env: parts.env,
      cwd: parts.cwd,
      capabilities: {
        bounding: parts.capabilities,
        effective: parts.capabilities,
        permitted: parts.capabilities,
      },
      noNewPrivileges: !security.allowPrivilegeEscalation,
      ...(parts.oomScoreAdj === undefined ? {} : { oomScoreAdj: parts.oomScoreAdj }),
      ...(parts.appArmorProfile === undefined ? {} : { apparmorProfile: parts.appArmorProfile }),
      ...(parts.seLinux === undefined ? {} : { selinuxLabel: parts.seLinux.process }),
    },
    root: { path: parts.rootfs, readonly: security.readOnlyRootFilesystem },
    ...(parts.hostname === undefined ? {} : { hostname: parts.hostname }),
    mounts: parts.mounts,
    linux: linuxPart(wish, parts),
  }
}

function linuxPart(wish: Wish, parts: SpecParts): unknown {
  const { security, resources } = wish
  const hidden = !security.privileged && security.procMount === 'Default'
  return {
    cgroupsPath: parts.cgroup,
    namespaces: namespaces(parts),
    ...userMappings(parts.userNamespace),
    ...(wish.sysctls === undefined ? {} : { sysctl: Object.fromEntries(wish.sysctls) }),
    ...(parts.seLinux === undefined ? {} : { mountLabel: parts.seLinux.mount }),
    resources: resourcesPart(resources, security.privileged, parts),
    ...(parts.devices.length === 0 ? {} : { devices: parts.devices.map(deviceNode) }),
    ...(parts.seccomp === undefined ? {} : { seccomp: parts.seccomp }),
    ...(hidden ? { maskedPaths: MASKED, readonlyPaths: READ_ONLY } : {}),
    // What the host mounts later must reach a volume that asks for it.
    ...rootPropagation(wish),
  }
}

function rootPropagation({ mounts }: Pick<Wish, 'mounts'>): { readonly rootfsPropagation?: string } {
  if (mounts.some(({ propagation }) => propagation === 'rshared')) return { rootfsPropagation: 'rshared' }
  return mounts.some(({ propagation }) => propagation === 'rslave') ? { rootfsPropagation: 'rslave' } : {}
}

function userMappings(users: SpecParts['userNamespace']): object {
  if (users === undefined) return {}
  const mappings = [{ containerID: 0, hostID: users.hostId, size: users.size }]
  return { uidMappings: mappings, gidMappings: mappings }
}

function namespaces({ namespaces: paths, userNamespace }: SpecParts): unknown {
  const { net, ipc, uts, pid } = paths
  return [
    { type: 'mount' },
    ...(userNamespace === undefined ? [] : [{ type: 'user', path: userNamespace.path }]),
    ...(net === undefined ? [] : [{ type: 'network', path: net }]),
    ...(ipc === undefined ? [] : [{ type: 'ipc', path: ipc }]),
    ...(uts === undefined ? [] : [{ type: 'uts', path: uts }]),
    ...(pid === 'host' ? [] : [{ type: 'pid', ...(pid === 'own' ? {} : pid) }]),
    ...(paths.cgroup ? [{ type: 'cgroup' }] : []),
  ]
}

export const CPU_PERIOD_US = 100_000

function deviceNode({ fileMode, major, minor, path, type }: SpecDevice): unknown {
  return { path, type, major, minor, fileMode }
}

function deviceRule({ access, major, minor, type }: SpecDevice): readonly unknown[] {
  return access === undefined ? [] : [{ allow: true, type, major, minor, access }]
}

function resourcesPart(
  resources: ContainerResources,
  privileged: boolean,
  { cpus, devices, disk }: Pick<SpecParts, 'cpus' | 'devices' | 'disk'>,
): unknown {
  const { cpuShares, memoryLimitBytes, pidsMax } = resources
  return {
    // The runtime itself adds what every container may use: null, zero, random, tty ...
    devices: [{ allow: privileged, access: 'rwm' }, ...devices.flatMap(deviceRule)],
    // The quota is for hook.sh to set, before the container's program runs: it would slow the runtime's own work down, too.
    cpu: { shares: cpuShares, ...(cpus === undefined ? {} : { cpus }) },
    ...(memoryLimitBytes === undefined ? {} : { memory: { limit: memoryLimitBytes } }),
    ...(pidsMax === undefined ? {} : { pids: { limit: pidsMax } }),
    ...(resources.blockIo === undefined ? {} : blockIoPart(resources.blockIo, disk)),
  }
}

/** A disk that cannot be limited is not: the node's warnings say so. */
function blockIoPart(wish: BlockIo, disk: Disk | undefined): object {
  if (disk === undefined) return {}
  const { major, minor, weighs } = disk
  const throttle = (name: string, rate: number | undefined) =>
    rate === undefined ? {} : { [name]: [{ major, minor, rate }] }
  return {
    blockIO: {
      ...(weighs && wish.weight !== undefined ? { weight: wish.weight } : {}),
      ...throttle('throttleReadBpsDevice', wish.readBps),
      ...throttle('throttleWriteBpsDevice', wish.writeBps),
      ...throttle('throttleReadIOPSDevice', wish.readIops),
      ...throttle('throttleWriteIOPSDevice', wish.writeIops),
    },
  }
}

const MASKED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]

const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']
