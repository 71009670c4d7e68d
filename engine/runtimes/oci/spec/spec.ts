import type { ContainerResources, StartContainerRequest } from '../../../api/cri.ts'
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
}

type Wish = Pick<StartContainerRequest, 'security' | 'resources' | 'mounts'>

/** https://github.com/opencontainers/runtime-spec/blob/v1.0.2/config.md */
export function ociSpec(wish: Wish, parts: SpecParts): unknown {
  const { security } = wish
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
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
    namespaces: namespaces(parts.namespaces),
    resources: resourcesPart(resources, security.privileged),
    ...(parts.devices.length === 0 ? {} : { devices: parts.devices }),
    ...(parts.seccomp === undefined ? {} : { seccomp: parts.seccomp }),
    ...(hidden ? { maskedPaths: MASKED, readonlyPaths: READ_ONLY } : {}),
    // What the host mounts later must reach a volume that asks for it.
    ...(wish.mounts.some(({ propagation }) => propagation === 'rslave')
      ? { rootfsPropagation: 'rslave' }
      : {}),
  }
}

function namespaces(paths: SpecParts['namespaces']): unknown {
  const { net, ipc, uts, pid } = paths
  return [
    { type: 'mount' },
    ...(net === undefined ? [] : [{ type: 'network', path: net }]),
    ...(ipc === undefined ? [] : [{ type: 'ipc', path: ipc }]),
    ...(uts === undefined ? [] : [{ type: 'uts', path: uts }]),
    ...(pid === 'host' ? [] : [{ type: 'pid', ...(pid === 'own' ? {} : pid) }]),
    ...(paths.cgroup ? [{ type: 'cgroup' }] : []),
  ]
}

export const CPU_PERIOD_US = 100_000

function resourcesPart(resources: ContainerResources, privileged: boolean): unknown {
  const { cpuShares, cpuQuotaUs, memoryLimitBytes, pidsMax } = resources
  return {
    // The runtime itself adds what every container may use: null, zero, random, tty ...
    devices: [{ allow: privileged, access: 'rwm' }],
    cpu: {
      shares: cpuShares,
      ...(cpuQuotaUs === undefined ? {} : { quota: cpuQuotaUs, period: CPU_PERIOD_US }),
    },
    ...(memoryLimitBytes === undefined ? {} : { memory: { limit: memoryLimitBytes } }),
    ...(pidsMax === undefined ? {} : { pids: { limit: pidsMax } }),
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
