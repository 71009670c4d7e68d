import type { PodUid } from '../../../api/names.ts'
import type { Started } from '../containers/attempts.ts'
import { parseStarted } from '../containers/attempts.ts'
import type { PodPaths, RootPaths } from '../paths.ts'
import { containerPaths, podPaths } from '../paths.ts'
import { leftGroups } from './groups.ts'
import type { NodeState } from './nodeState.ts'
import type { PodFiles } from './podFiles.ts'
import type { Sandbox } from './sandbox.ts'
import { addressesOf, neededPins } from './sandbox.ts'

/** Something that somebody has taken from a pod, and that can be put right while its containers run. */
export type Damage =
  /** Its record; what is told of the pod is the copy's. */
  | { readonly kind: 'record' }
  /** `pid`: a container's process that is in the namespace still. */
  | { readonly kind: 'pin'; readonly pin: string; readonly path: string; readonly pid: number }
  | { readonly kind: 'link'; readonly link: string }
  /** Its link is there, and within the pod leads nowhere. */
  | { readonly kind: 'address'; readonly ip: string }
  | { readonly kind: 'lease'; readonly ip: string; readonly holder: string | undefined }
  | { readonly kind: 'etc'; readonly files: readonly string[] }
  | { readonly kind: 'mount'; readonly path: string }
  | { readonly kind: 'monitor'; readonly container: string; readonly pid: number }
  | { readonly kind: 'frozen'; readonly container: string; readonly group: string }
  | { readonly kind: 'cgroup'; readonly container: string; readonly pid: number; readonly group: string }

export function damageSentence(damage: Damage): string {
  switch (damage.kind) {
    case 'record':
      return 'its record was removed or damaged'
    case 'pin':
      return `the pin of its ${damage.pin} namespace was unmounted`
    case 'link':
      return `its network link ${damage.link} is gone`
    case 'address':
      return `its network leads nowhere: eth0 was set down, or has lost its address ${damage.ip}`
    case 'lease':
      return damage.holder === undefined
        ? `its address ${damage.ip} is not booked any more`
        : `its address ${damage.ip} is booked for ${damage.holder}`
    case 'etc':
      return `its /etc/${damage.files.join(', /etc/')} ${damage.files.length === 1 ? 'is' : 'are'} gone`
    case 'mount':
      return `${damage.path} is not mounted any more`
    case 'monitor':
      return `the monitor of container ${damage.container} was stopped`
    case 'frozen':
      return `container ${damage.container} stands still: its cgroup was frozen`
    case 'cgroup':
      return `container ${damage.container} was moved out of its cgroup`
    default:
      return damage satisfies never
  }
}

export interface Examined {
  /** Why all of it has to be made again: `lost its volume cache`. */
  readonly broken?: string
  readonly damage: readonly Damage[]
}

/** What a pod whose sandbox was made lacks of it. */
export function examine(paths: RootPaths, pod: PodFiles, sandbox: Sandbox, state: NodeState): Examined {
  if (sandbox.bootId !== state.bootId) return { broken: 'was made before the node was restarted', damage: [] }
  const own = podPaths(paths, pod.uid)
  const unended = unendedOf(pod)
  const running = unended.filter(({ started }) => state.processes.get(started.pid) === started.ticks)
  const pins = missingPins(own, sandbox, state)
  const broken =
    lostFolder(pod) ??
    lostPause(sandbox, state) ??
    (running.length === 0 ? lostPin(pins) : undefined) ??
    lostVolume(own, sandbox, state)
  if (broken !== undefined) return { broken, damage: [] }
  return {
    damage: [
      ...(pod.fromCopy === true ? [{ kind: 'record' } as const] : []),
      ...pins.map((pin) => ({ kind: 'pin', ...pin, pid: running[0]?.started.pid ?? 0 }) as const),
      ...linkDamage(sandbox, running, state),
      ...leaseDamage(pod.uid, sandbox, state),
      ...etcDamage(pod.uid, state),
      ...mountDamage(own, sandbox, state),
      ...monitorDamage(unended, state),
      ...groupDamage(own, running, state),
      ...(pod.frozenMs === undefined ? frozenDamage(own, running, state) : []),
    ],
  }
}

interface Unended {
  readonly name: string
  readonly started: Started
}

/** Those that run as far as is on record. The process of one may have ended, and nobody was there to write it down. */
function unendedOf({ containers }: PodFiles): readonly Unended[] {
  return [...containers].flatMap(([name, { attempts }]) => {
    const files = attempts.get(Math.max(-1, ...attempts.keys()))
    const started = files?.has('exited') === true ? undefined : parseStarted(files?.get('started'))
    return started === undefined ? [] : [{ name, started }]
  })
}

function lostFolder({ folderGone }: PodFiles): string | undefined {
  return folderGone === true ? 'lost its folder on the disk of the node' : undefined
}

function lostPause({ pausePid }: Sandbox, state: NodeState): string | undefined {
  if (pausePid === undefined || state.processes.has(pausePid)) return undefined
  return 'lost the process that holds its process namespace'
}

interface MissingPin {
  readonly pin: string
  readonly path: string
}

function missingPins(own: PodPaths, sandbox: Sandbox, { mounted }: NodeState): readonly MissingPin[] {
  return neededPins(own, sandbox)
    .filter((path) => !mounted.has(path))
    .map((path) => ({ pin: path.slice(path.lastIndexOf('/') + 1), path }))
}

function lostPin([first]: readonly MissingPin[]): string | undefined {
  return first === undefined ? undefined : `lost its ${first.pin} namespace`
}

/** What was in memory, or in a folder that is gone, cannot come back; containers still see the old one, so all start again. */
function lostVolume(own: PodPaths, sandbox: Sandbox, state: NodeState): string | undefined {
  const { mounts = [], volumes } = sandbox
  const folders = state.folders.get(own.uid)
  for (const [name, path] of Object.entries(volumes)) {
    const [folder = '', there] = path.startsWith(`${own.volumes}/`)
      ? [own.volumes, folders?.volumes]
      : [own.runVolumes, folders?.runVolumes]
    const inFolder = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined
    if (inFolder !== undefined && there !== undefined && !there.has(inFolder))
      return `lost its volume ${name}`
    const inMemory = path.startsWith(`${own.volumes}/`) && mounts.includes(path)
    if (inMemory && !state.mounted.has(path)) return `lost its volume ${name}, which was in memory`
  }
  if (sandbox.sharedMemory && !state.mounted.has(own.sharedMemory)) return 'lost its /dev/shm'
  return undefined
}

function linkDamage(
  { ip, link }: Sandbox,
  running: readonly Unended[],
  { links, routes }: NodeState,
): readonly Damage[] {
  if (link === undefined) return []
  if (!links.has(link.name)) return [{ kind: 'link', link: link.name }]
  if (ip?.includes('.') !== true) return []
  const isCutOff = running.some(({ started }) => leadsNowhere(routes.get(started.pid)))
  return isCutOff ? [{ kind: 'address', ip }] : []
}

/** No route at all (of IPv4), which is what the kernel leaves of an eth0 that is down or has no address. Where there are others, a container may have made them. */
function leadsNowhere(routes: string | undefined): boolean {
  return routes !== undefined && /^Iface[^\n]*\n?$/.test(routes)
}

function leaseDamage(uid: PodUid, sandbox: Sandbox, { leases }: NodeState): readonly Damage[] {
  return addressesOf(sandbox).flatMap((ip): readonly Damage[] => {
    const holder = leases.get(ip)
    return holder === uid ? [] : [{ kind: 'lease', ip, holder }]
  })
}

const ETC_FILES = ['hosts', 'hostname', 'resolv.conf']

function etcDamage(uid: PodUid, { folders }: NodeState): readonly Damage[] {
  const there = folders.get(uid)?.etc
  const files = there === undefined ? [] : ETC_FILES.filter((name) => !there.has(name))
  return files.length === 0 ? [] : [{ kind: 'etc', files }]
}

/** Of other machines and of images: mounted again they are what they were. */
function mountDamage(own: PodPaths, { mounts = [] }: Sandbox, { mounted }: NodeState): readonly Damage[] {
  return mounts
    .filter((path) => !mounted.has(path) && path !== own.sharedMemory)
    .map((path) => ({ kind: 'mount', path }))
}

/** Also of a container that has ended: that it has, only its monitor can say. */
function monitorDamage(unended: readonly Unended[], { processes, stopped }: NodeState): readonly Damage[] {
  return unended
    .filter(
      ({ started: { monitor, monitorTicks } }) =>
        stopped.has(monitor) && processes.get(monitor) === monitorTicks,
    )
    .map(({ name, started }) => ({ kind: 'monitor', container: name, pid: started.monitor }))
}

function groupDamage(own: PodPaths, running: readonly Unended[], { cgroups }: NodeState): readonly Damage[] {
  return running.flatMap(({ name, started: { pid } }): readonly Damage[] => {
    const { cgroup: group } = containerPaths(own, own.uid, name)
    return leftGroups(cgroups.get(pid) ?? '', group).length === 0
      ? []
      : [{ kind: 'cgroup', container: name, pid, group }]
  })
}

/** By somebody: `reconcile freeze` leaves its mark first. */
function frozenDamage(own: PodPaths, running: readonly Unended[], { frozen }: NodeState): readonly Damage[] {
  return running
    .map(
      ({ name }) =>
        ({ kind: 'frozen', container: name, group: containerPaths(own, own.uid, name).cgroup }) as const,
    )
    .filter(({ group }) => frozen.has(group))
}
