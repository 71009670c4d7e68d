import type { PodUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import { parseStarted } from '../containers/attempts.ts'
import { cgroupLayout } from '../node/cgroups.ts'
import { frozenGroups } from '../node/freezer.ts'
import { readMountTable } from '../node/mountTable.ts'
import { readBootId } from '../node/node.ts'
import { isStopped, readProcesses, startsOf } from '../node/processes.ts'
import type { RootPaths } from '../paths.ts'
import { containerPaths, podPaths } from '../paths.ts'
import type { PodFiles } from './podFiles.ts'
import { addressesOf, type Sandbox } from './sandbox.ts'

/** What the files are held against: read once for all pods that are looked at, with no process started. */
export interface NodeState {
  readonly bootId: string
  readonly mounted: ReadonlySet<string>
  /** Of the pods' containers, monitors and pause processes: those that run, with when they began. */
  readonly processes: ReadonlyMap<number, string>
  /** Of those, the ones that were stopped (SIGSTOP). */
  readonly stopped: ReadonlySet<number>
  /** Of the containers' first processes: /proc/<pid>/cgroup. */
  readonly cgroups: ReadonlyMap<number, string>
  /** Of the same, where the pod has a network of its own: /proc/<pid>/net/route. */
  readonly routes: ReadonlyMap<number, string>
  /** Of the running containers' cgroups: those that stand still. */
  readonly frozen: ReadonlySet<string>
  /** Of all links of the node. */
  readonly links: ReadonlySet<string>
  /** By address, of the pods that are looked at: whose it is by CNI's own book. */
  readonly leases: ReadonlyMap<string, string>
  /** Layers of images that are there, by the names of their folders. */
  readonly layers: ReadonlySet<string>
  readonly folders: ReadonlyMap<PodUid, PodFolders>
}

/** What there is in a pod's folders, by name. */
export interface PodFolders {
  readonly etc: ReadonlySet<string>
  readonly volumes: ReadonlySet<string>
  readonly runVolumes: ReadonlySet<string>
}

export const NO_STATE: NodeState = {
  bootId: '',
  mounted: new Set(),
  processes: new Map(),
  stopped: new Set(),
  cgroups: new Map(),
  routes: new Map(),
  frozen: new Set(),
  links: new Set(),
  leases: new Map(),
  layers: new Set(),
  folders: new Map(),
}

export type Sandboxes = ReadonlyMap<PodUid, Sandbox>

export async function readNodeState(
  transport: Transport,
  paths: RootPaths,
  pods: readonly PodFiles[],
  sandboxes: Sandboxes,
): Promise<NodeState> {
  const { containers, groups, networked, others } = runningOf(paths, pods, sandboxes)
  const [mounts, bootId, processes, cgroups, routes, links, layers, leases, folders] = await Promise.all([
    readMountTable(transport),
    readBootId(transport),
    readProcesses(transport, [...containers, ...others]),
    readOfProcesses(transport, containers, 'cgroup'),
    readOfProcesses(transport, networked, 'net/route'),
    transport.listDirectory('/sys/class/net'),
    transport.listDirectory(paths.layers),
    readLeases(transport, paths, sandboxes),
    readFolders(transport, paths, [...sandboxes.keys()]),
  ])
  return {
    bootId,
    mounted: new Set(mounts.map(({ path }) => path)),
    processes: startsOf(processes),
    stopped: new Set([...processes].flatMap(([pid, state]) => (isStopped(state) ? [pid] : []))),
    cgroups,
    routes,
    frozen: await frozenGroups(transport, cgroupLayout(mounts), groups),
    links: new Set(links),
    leases,
    layers: new Set(layers),
    folders,
  }
}

/** What seems to run, by the files alone. */
function runningOf(paths: RootPaths, pods: readonly PodFiles[], sandboxes: Sandboxes) {
  const containers: number[] = []
  const networked: number[] = []
  const groups: string[] = []
  const others = [...sandboxes.values()].flatMap(({ pausePid }) => pausePid ?? [])
  for (const pod of pods) {
    for (const [name, { attempts }] of pod.containers) {
      for (const files of attempts.values()) {
        const started = files.has('exited') ? undefined : parseStarted(files.get('started'))
        if (started === undefined) continue
        containers.push(started.pid)
        if (sandboxes.get(pod.uid)?.link !== undefined) networked.push(started.pid)
        groups.push(containerPaths(podPaths(paths, pod.uid), pod.uid, name).cgroup)
        others.push(started.monitor)
      }
    }
  }
  return { containers, groups, networked, others }
}

async function readOfProcesses(
  transport: Transport,
  pids: readonly number[],
  file: 'cgroup' | 'net/route',
): Promise<ReadonlyMap<number, string>> {
  const fileOf = (pid: number): string => `/proc/${pid}/${file}`
  const files = await transport.readFiles(pids.map(fileOf))
  return new Map(
    pids.flatMap((pid): [number, string][] => {
      const text = files.get(fileOf(pid))
      return text === undefined ? [] : [[pid, text]]
    }),
  )
}

async function readLeases(
  transport: Transport,
  paths: RootPaths,
  sandboxes: Sandboxes,
): Promise<ReadonlyMap<string, string>> {
  const addresses = [...sandboxes.values()].flatMap(addressesOf)
  const fileOf = (ip: string): string => `${paths.leases}/${ip}`
  const files = await transport.readFiles(addresses.map(fileOf))
  return new Map(
    addresses.flatMap((ip): [string, string][] => {
      const text = files.get(fileOf(ip))
      return text === undefined ? [] : [[ip, leaseHolder(text)]]
    }),
  )
}

/** host-local writes the container's id, and on the next line the interface. */
export function leaseHolder(text: string): string {
  return text.split(/\r?\n/, 1)[0]?.trim() ?? ''
}

export function leaseText(uid: PodUid): string {
  return `${uid}\r\neth0`
}

async function readFolders(
  transport: Transport,
  paths: RootPaths,
  uids: readonly PodUid[],
): Promise<ReadonlyMap<PodUid, PodFolders>> {
  const names = async (path: string) => new Set(await transport.listDirectory(path))
  const foldersOf = async (uid: PodUid): Promise<[PodUid, PodFolders]> => {
    const pod = podPaths(paths, uid)
    const [etc, volumes, runVolumes] = await Promise.all([
      names(pod.etc),
      names(pod.volumes),
      names(pod.runVolumes),
    ])
    return [uid, { etc, volumes, runVolumes }]
  }
  return new Map(await Promise.all(uids.map(foldersOf)))
}
