import { setImmediate } from 'node:timers/promises'
import type { PodUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import type { ContainerMeasures, MeasuredPod, PodMeasures } from '../../measures.ts'
import type { CgroupLayout } from '../node/cgroups.ts'
import type { RootPaths } from '../paths.ts'
import { containerPaths, podPaths } from '../paths.ts'
import { cgroupFiles, type CgroupMeasures, cgroupMeasures } from './cgroupFiles.ts'
import { parseDeviceName, parseNetDev } from './parsers.ts'

/** So many pods are read at one go: some hundred files, a few milliseconds. The engine has other work in between. */
const PODS_AT_ONCE = 8

/** Below every cgroup hierarchy's root; undefined: not known, and not measured. */
export type GroupOf = (uid: PodUid, container: string) => string | undefined

export function groupsBelow(paths: RootPaths): GroupOf {
  return (uid, container) => containerPaths(podPaths(paths, uid), uid, container).cgroup
}

/** Of pods that are there, from files of the kernel alone; those that are not, and those that have gone meanwhile, are left out. */
export async function measurePods(
  transport: Transport,
  groupOf: GroupOf,
  cgroups: CgroupLayout,
  pods: readonly MeasuredPod[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<PodUid, PodMeasures>> {
  const devices = new Map<string, string>()
  const measured = new Map<PodUid, PodMeasures>()
  for (let index = 0; index < pods.length; index += PODS_AT_ONCE) {
    signal?.throwIfAborted()
    const some = pods.slice(index, index + PODS_AT_ONCE).map((pod) => planned(groupOf, cgroups, pod))
    for (const [uid, measures] of await measureSome(transport, some, devices)) measured.set(uid, measures)
    await setImmediate()
  }
  return measured
}

interface Planned {
  readonly uid: PodUid
  readonly hostNetwork: boolean
  /** By container: its files by name, and where it is. */
  readonly containers: readonly {
    readonly name: string
    readonly cgroup: string
    readonly files: ReadonlyMap<string, string>
  }[]
}

function planned(
  groupOf: GroupOf,
  cgroups: CgroupLayout,
  { containers, hostNetwork, uid }: MeasuredPod,
): Planned {
  return {
    uid,
    hostNetwork,
    containers: containers.flatMap((name) => {
      const cgroup = groupOf(uid, name)
      return cgroup === undefined ? [] : [{ name, cgroup, files: cgroupFiles(cgroups, cgroup) }]
    }),
  }
}

async function measureSome(
  transport: Transport,
  pods: readonly Planned[],
  devices: Map<string, string>,
): Promise<readonly (readonly [PodUid, PodMeasures])[]> {
  const wanted = pods.flatMap(({ containers }) => containers.flatMap(({ files }) => [...files.values()]))
  const texts = await transport.readFiles(wanted)
  const read = pods
    .map(({ containers, hostNetwork, uid }) => ({
      uid,
      hostNetwork,
      containers: containers.flatMap(({ cgroup, files, name }) => {
        const text = (file: string): string => texts.get(files.get(file) ?? '') ?? ''
        const measures = cgroupMeasures(text)
        return measures === undefined ? [] : [{ name, cgroup, measures, pid: firstPid(text('cgroup.procs')) }]
      }),
    }))
    .filter(({ containers }) => containers.length > 0)
  await nameDevices(
    transport,
    read.flatMap(({ containers }) => containers.flatMap(({ measures }) => measures.io)),
    devices,
  )
  // Of the network namespace that one of its processes is in.
  const netFiles = new Map(
    read.flatMap(({ containers, hostNetwork, uid }): (readonly [PodUid, string])[] => {
      const pid = containers.find((one) => one.pid !== undefined)?.pid
      return pid === undefined || hostNetwork ? [] : [[uid, `/proc/${pid}/net/dev`]]
    }),
  )
  const nets = await transport.readFiles([...netFiles.values()])
  return read.map(({ containers, uid }) => [
    uid,
    {
      containers: new Map(
        containers.map(({ cgroup, measures, name }) => [name, withDevices(cgroup, measures, devices)]),
      ),
      interfaces: parseNetDev(nets.get(netFiles.get(uid) ?? '') ?? ''),
    },
  ])
}

function firstPid(procs: string): number | undefined {
  const pid = Number(/^\d+/.exec(procs)?.[0])
  return pid > 0 ? pid : undefined
}

/** Numbers become names once a reading. */
async function nameDevices(
  transport: Transport,
  io: readonly { readonly device: string }[],
  devices: Map<string, string>,
): Promise<void> {
  const unknown = [...new Set(io.map(({ device }) => device))].filter((device) => !devices.has(device))
  if (unknown.length === 0) return
  const fileOf = (device: string): string => `/sys/dev/block/${device}/uevent`
  const texts = await transport.readFiles(unknown.map(fileOf))
  for (const device of unknown) {
    const name = parseDeviceName(texts.get(fileOf(device)) ?? '')
    devices.set(device, name === undefined ? device : `/dev/${name}`)
  }
}

function withDevices(
  cgroup: string,
  measures: CgroupMeasures,
  devices: ReadonlyMap<string, string>,
): ContainerMeasures {
  const io = measures.io.map((one) => ({ ...one, device: devices.get(one.device) ?? one.device }))
  return { ...measures, cgroup, io }
}
