import type { Transport } from '../../../transport/transport.ts'
import type { CgroupLayout } from './cgroups.ts'
import { controllerDirectory } from './cgroups.ts'
import type { MountEntry } from './mountTable.ts'
import { fileSystemOf } from './mountTable.ts'
import { findProgram } from './programs.ts'
import type { Disk } from '../spec/spec.ts'

/** What this kernel and what is installed here can do beyond what every container needs. */
export interface NodeFeatures {
  /** The least that a process may be given here: below its own value only by whoever has CAP_SYS_RESOURCE. */
  readonly oomScoreAdjMin: number
  readonly appArmor: boolean
  /** A loaded profile that stands for RuntimeDefault. */
  readonly appArmorDefault: string | undefined
  readonly seLinux: boolean
  /** Where lxcfs is mounted. */
  readonly lxcfs: string | undefined
  /** The disk that the root is on. */
  readonly disk: Disk | undefined
  /** mount_setattr(2) for a whole tree, and for ids: Linux 5.12. */
  readonly mountAttributes: boolean
  /** What can map the ids of a mount here; undefined: nothing, and no pod can have users of its own. */
  readonly idMapper: string | undefined
  /** Numbers of the cpus that are on. */
  readonly cpus: readonly number[]
}

export interface FeatureSources {
  readonly table: readonly MountEntry[]
  readonly cgroups: CgroupLayout
  readonly capabilities: ReadonlySet<string>
  readonly root: string
  readonly kernel: string
}

const PATHS = {
  oomScoreAdj: '/proc/self/oom_score_adj',
  appArmor: '/sys/module/apparmor/parameters/enabled',
  appArmorProfiles: '/sys/kernel/security/apparmor/profiles',
  seLinux: '/sys/fs/selinux/enforce',
  mounts: '/proc/self/mountinfo',
  cpus: '/sys/devices/system/cpu/online',
} as const

export async function nodeFeatures(transport: Transport, sources: FeatureSources): Promise<NodeFeatures> {
  const texts = await transport.readFiles(Object.values(PATHS))
  const text = (name: keyof typeof PATHS): string => texts.get(PATHS[name]) ?? ''
  const own = Number(text('oomScoreAdj').trim())
  return {
    oomScoreAdjMin: sources.capabilities.has('CAP_SYS_RESOURCE') ? -1000 : own,
    appArmor: text('appArmor').startsWith('Y'),
    appArmorDefault: defaultProfile(text('appArmorProfiles')),
    seLinux: text('seLinux') !== '',
    lxcfs: lxcfsOf(sources.table),
    disk: await diskOf(transport, sources, text('mounts')),
    mountAttributes: isSince(sources.kernel, 5, 12),
    idMapper: isSince(sources.kernel, 5, 19) ? await findProgram(transport, 'perl') : undefined,
    cpus: cpuNumbers(text('cpus')),
  }
}

/** Sentences for the node's warnings. */
export function featureWarnings({ disk, idMapper, lxcfs, oomScoreAdjMin }: NodeFeatures): readonly string[] {
  return [
    ...(oomScoreAdjMin <= OOM_GUARANTEED
      ? []
      : [
          `the engine itself lacks CAP_SYS_RESOURCE: no container can be given an oom_score_adj below ${oomScoreAdjMin}, so that Guaranteed pods have ${oomScoreAdjMin} and not ${OOM_GUARANTEED}`,
        ]),
    ...(lxcfs === undefined
      ? [
          'lxcfs is not mounted: /proc/meminfo and cpuinfo in containers tell of the whole node, and not of their limits',
        ]
      : []),
    ...(idMapper === undefined
      ? ['hostUsers: false takes Linux 5.19 or newer, and perl: pods that ask for it are not made here']
      : []),
    ...diskWarnings(disk),
  ]
}

function diskWarnings(disk: Disk | undefined): readonly string[] {
  if (disk === undefined)
    return [
      'the root is on no single disk, or there is no blkio controller: reconcile.dev/blkio-* limits nothing',
    ]
  if (disk.weighs) return []
  return ["the root's disk has no scheduler that weighs (bfq): reconcile.dev/blkio-weight has no effect"]
}

const OOM_GUARANTEED = -997

/** `0-3,6` is 0, 1, 2, 3, 6. */
export function cpuNumbers(list: string): readonly number[] {
  return list
    .trim()
    .split(',')
    .filter((range) => range !== '')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
}

/** Whichever of the engines that bring a default profile has loaded its own: all are the same rules. */
export function defaultProfile(profiles: string): string | undefined {
  const names = profiles.split('\n').map((line) => line.replace(/ \(.*\)$/, ''))
  return names.find((name) =>
    /^(?:containers-default-.*|crio-default|cri-containerd\.apparmor\.d|docker-default)$/.test(name),
  )
}

/** The one that Debian's service mounts goes first. */
export function lxcfsOf(table: readonly MountEntry[]): string | undefined {
  const mounted = table.filter(({ type }) => type === 'fuse.lxcfs').map(({ path }) => path)
  return mounted.find((path) => path === '/var/lib/lxcfs') ?? mounted[0]
}

/** `6.1.0-9-amd64` is since 5.12. */
export function isSince(kernel: string, major: number, minor: number): boolean {
  const [first = 0, second = 0] = kernel.split(/[.-]/).map(Number)
  return first > major || (first === major && second >= minor)
}

async function diskOf(
  transport: Transport,
  { cgroups, root, table }: FeatureSources,
  mountInfo: string,
): Promise<Disk | undefined> {
  const mount = fileSystemOf(table, root)
  const line = mountInfo.split('\n').findLast((one) => one.split(' ')[4] === mount?.path)
  const number = line?.split(' ')[2]
  if (number === undefined || controllerDirectory(cgroups, 'blkio', '') === undefined) return undefined
  // Not there: a file system of no single disk, such as btrfs or a tmpfs.
  const device = await transport.realPath(`/sys/dev/block/${number}`)
  if ((await transport.stat(`${device}/dev`)) === undefined) return undefined
  // The kernel limits whole disks only.
  const isPart = (await transport.stat(`${device}/partition`)) !== undefined
  const whole = isPart ? device.slice(0, device.lastIndexOf('/')) : device
  const text = await transport.readFile(`${whole}/dev`)
  const [major, minor] = new TextDecoder().decode(text).trim().split(':').map(Number)
  if (major === undefined || minor === undefined) return undefined
  return { major, minor, weighs: await weighs(transport, cgroups) }
}

/** Told by what the topmost group counts, for it has no weight itself. */
async function weighs(transport: Transport, cgroups: CgroupLayout): Promise<boolean> {
  const blkio = controllerDirectory(cgroups, 'blkio', '')
  if (blkio === undefined || cgroups.version === 'v2') return blkio !== undefined
  return (await transport.stat(`${blkio.path}/blkio.bfq.io_service_bytes`)) !== undefined
}
