import type { MountRequest } from '../../../api/cri.ts'
import type { SpecMount } from './spec.ts'

export interface MountParts {
  readonly privileged: boolean
  readonly readOnlyRootFilesystem: boolean
  /** The pod's own files, bind-mounted; empty values are left to the image. */
  readonly etc: {
    readonly hosts: string
    readonly hostname: string
    readonly resolvConf: string
    readonly locked?: readonly string[] | undefined
  }
  /** A folder that the pod's containers share, or the host's; undefined: one of the container's own. */
  readonly sharedMemory: string | undefined
  readonly terminationLog: { readonly source: string; readonly destination: string }
  readonly volumes: readonly VolumeMount[]
  /** The kernel can make a mount and all below it read-only in one go. */
  readonly recursiveReadOnly: boolean
  /** lxcfs' folder, whose files stand for those of /proc. */
  readonly lxcfs?: string | undefined
}

export interface VolumeMount {
  readonly request: MountRequest
  readonly source: string
  /** Options of the mount that it comes from, which the pod's own users may not drop. */
  readonly locked?: readonly string[] | undefined
}

/** What is mounted in a container, a parent before what is mounted in it. The manifest's word goes before ours. */
export function containerMounts(parts: MountParts): readonly SpecMount[] {
  const volumes = parts.volumes.map((volume) => volumeMount(parts, volume))
  const taken = new Set(volumes.map(({ destination }) => destination))
  const own = [...systemMounts(parts), ...fileMounts(parts)].filter(
    ({ destination }) => !taken.has(destination),
  )
  return [...own, ...volumes].toSorted((a, b) => depth(a) - depth(b))
}

function depth({ destination }: SpecMount): number {
  return destination.split('/').filter((part) => part !== '').length
}

const GUARDED = ['nosuid', 'noexec', 'nodev']

function systemMounts(parts: MountParts): readonly SpecMount[] {
  const access = parts.privileged ? 'rw' : 'ro'
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: GUARDED },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: GUARDED },
    sharedMemory(parts),
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...GUARDED, access] },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: [...GUARDED, 'relatime', access],
    },
  ]
}

function sharedMemory({ sharedMemory: shared }: MountParts): SpecMount {
  const destination = '/dev/shm'
  if (shared !== undefined)
    return { destination, type: 'bind', source: shared, options: ['rbind', ...GUARDED] }
  return { destination, type: 'tmpfs', source: 'shm', options: [...GUARDED, 'mode=1777', 'size=65536k'] }
}

function fileMounts(parts: MountParts): readonly SpecMount[] {
  const access = parts.readOnlyRootFilesystem ? 'ro' : 'rw'
  const file = (destination: string, source: string, options: readonly string[]): SpecMount => ({
    destination,
    type: 'bind',
    source,
    options: ['bind', 'rprivate', ...options],
  })
  const { etc, terminationLog } = parts
  const own = [access, ...(etc.locked ?? [])]
  return [
    file('/etc/hosts', etc.hosts, own),
    file('/etc/hostname', etc.hostname, own),
    file('/etc/resolv.conf', etc.resolvConf, own),
    file(terminationLog.destination, terminationLog.source, ['rw']),
    ...ownLimits(parts.lxcfs),
  ]
}

/** What lxcfs tells of the limits of whoever reads it. */
const LXCFS_FILES = ['cpuinfo', 'diskstats', 'loadavg', 'meminfo', 'stat', 'swaps', 'uptime']

function ownLimits(lxcfs: string | undefined): readonly SpecMount[] {
  if (lxcfs === undefined) return []
  return LXCFS_FILES.map((name) => ({
    destination: `/proc/${name}`,
    type: 'bind',
    source: `${lxcfs}/proc/${name}`,
    options: ['bind', 'rprivate', 'ro', 'nosuid', 'nodev', 'noexec'],
  }))
}

function volumeMount(parts: MountParts, volume: VolumeMount): SpecMount {
  const { mountPath, noExec, readOnly } = volume.request
  return {
    destination: mountPath,
    type: 'bind',
    source: volume.source,
    options: [
      'rbind',
      PROPAGATION[volume.request.propagation],
      readOnly ? 'ro' : 'rw',
      ...(readsAll(parts, volume.request) ? ['rro'] : []),
      ...new Set([...(noExec === true ? GUARDED : []), ...(volume.locked ?? [])]),
    ],
  }
}

const PROPAGATION = { private: 'rprivate', rslave: 'rslave', rshared: 'rshared' } as const

function readsAll(parts: MountParts, { readOnly, recursiveReadOnly }: MountRequest): boolean {
  return readOnly && recursiveReadOnly !== undefined && parts.recursiveReadOnly
}
