import type { PodSpec } from '../api/generated/types.ts'
import type { NodeName } from '../api/names.ts'

/** A node as a pod that looks for one sees it. */
export interface NodeState {
  readonly name: NodeName
  readonly reachable: boolean
  readonly unschedulable: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly podsMax: number
  readonly load: NodeLoad
}

/** What is bound to a node, pods under deletion included. The one thing here that changes in place: it grows with every pod placed. */
export interface NodeLoad {
  pods: number
  readonly hostPorts: HostPort[]
  /** By owner's uid: how many of its pods are here. */
  readonly byOwner: Map<string, number>
}

export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

/** A pod that wants a node, or has one. */
export interface Placeable {
  /** As written. */
  readonly spec: PodSpec
  /** The uid of its controller, if it has one: its pods are spread. */
  readonly owner: string | undefined
}

export function emptyLoad(): NodeLoad {
  return { pods: 0, hostPorts: [], byOwner: new Map() }
}

export function addPod(load: NodeLoad, { owner, spec }: Placeable): void {
  load.pods += 1
  load.hostPorts.push(...hostPortsOf(spec))
  if (owner !== undefined) load.byOwner.set(owner, (load.byOwner.get(owner) ?? 0) + 1)
}

/** In the host's network every port of a container is one of the host's. Init containers end before; sidecars do not. */
export function hostPortsOf(spec: PodSpec): readonly HostPort[] {
  const used: HostPort[] = []
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  for (const container of [...sidecars, ...spec.containers]) {
    for (const { containerPort, hostIP, hostPort, protocol } of container.ports ?? []) {
      const port = hostPort || (spec.hostNetwork === true ? containerPort : 0)
      if (port !== 0) used.push({ ip: hostIP ?? '', protocol: protocol ?? 'TCP', port })
    }
  }
  return used
}

/** All addresses (none, 0.0.0.0 or ::) are in the way of each one. */
export function portsConflict(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false
  return a.ip === b.ip || isAnyAddress(a.ip) || isAnyAddress(b.ip)
}

function isAnyAddress(ip: string): boolean {
  return ip === '' || ip === '0.0.0.0' || ip === '::'
}
