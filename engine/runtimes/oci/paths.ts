import { sha256Hex } from './images/digest.ts'
import { join } from 'node:path'
import type { PodUid } from '../../api/names.ts'
import type { Transport } from '../../transport/transport.ts'

/** Everything that one root has on a host, by place and by name. Two roots share nothing but the kernel. */
export interface RootPaths {
  /** Absolute, without symbolic links. */
  readonly root: string
  /** Eight hex letters of a hash of the root's path. */
  readonly rootId: string
  readonly rootFile: string
  readonly lockFile: string
  /** What the object records are, in a fleet. */
  readonly fleetFile: string
  readonly events: string
  readonly pods: string
  readonly records: string
  readonly hooks: string
  /** `<namespace>/<claim>`: data that outlives pods. */
  readonly claims: string
  /** `<time>-<namespace>-<claim>`: data of claims that are gone, until it is emptied. */
  readonly trash: string
  /** For containers that name a profile of their own (`Localhost`). */
  readonly seccompProfiles: string
  /** On a tmpfs, root's alone. */
  readonly runDir: string
  /** Where an engine that follows a repository is asked. Not in `runDir`, which may get a tmpfs of its own while it listens already. */
  readonly socket: string
  readonly runPods: string
  /** The OCI runtime's own state. */
  readonly runtimeState: string
  /** The cpus that are everybody's; empty or not there: all are. */
  readonly sharedCpus: string
  /** What sharedCpus said when every container that ran had been told of it. */
  readonly leftCpus: string
  /** Addresses in use, kept by CNI's host-local. */
  readonly addresses: string
  /** A file for each address that is taken. */
  readonly leases: string
  /** Extracted layers of images, each once. */
  readonly layers: string
  /** At most 15 letters: the kernel's limit for a link's name. */
  readonly bridge: string
  readonly table: string
  /** What leads to Services stands in one of its own: it is loaded as a whole, in place of what was there. */
  readonly serviceTable: string
  /** What was made on the node for Services, until the next boot; not there: nothing. */
  readonly traffic: string
  /** What was made on the node to reach pods of other nodes, until the next boot; not there: nothing. */
  readonly network: string
  /** At most 15 letters: this end of all tunnels to other nodes. */
  readonly tunnel: string
  /** At most 15 letters: the node's link of WireGuard. */
  readonly wireguard: string
  /** The key of that link, which no other machine gets to see. */
  readonly wireguardKey: string
  /** What the others know it by. */
  readonly wireguardPublicKey: string
  /** The host's settings as they were before any root changed them: shared by all roots. */
  readonly host: string
  /** Below every cgroup hierarchy's root. */
  readonly cgroup: string
}

export async function rootPaths(transport: Transport, root: string, runDir?: string): Promise<RootPaths> {
  const real = await transport.realPath(root)
  const rootId = sha256Hex(real).slice(0, 8)
  const run = runDir ?? `/run/reconcile/${rootId}`
  return {
    root: real,
    rootId,
    rootFile: join(real, 'root.json'),
    lockFile: join(real, 'lock'),
    fleetFile: join(real, 'fleet.json'),
    events: join(real, 'events'),
    pods: join(real, 'pods'),
    records: join(real, 'records'),
    hooks: join(real, 'hook'),
    claims: join(real, 'claims'),
    trash: join(real, 'trash'),
    seccompProfiles: join(real, 'seccomp'),
    runDir: run,
    socket: `${run}.sock`,
    runPods: join(run, 'pods'),
    runtimeState: join(run, 'runtime'),
    sharedCpus: join(run, 'shared-cpus'),
    leftCpus: join(run, 'left-cpus'),
    addresses: join(run, 'addresses'),
    // host-local's own folder for a network of this name
    leases: join(run, 'addresses', `reconcile-${rootId}`),
    layers: join(real, 'layers'),
    bridge: `rc-${rootId}`,
    table: `reconcile-${rootId}`,
    serviceTable: `reconcile-${rootId}-services`,
    traffic: join(run, 'traffic.json'),
    network: join(run, 'network.json'),
    tunnel: `rc-${rootId}-v`,
    wireguard: `rc-${rootId}-w`,
    wireguardKey: join(real, 'wireguard.key'),
    wireguardPublicKey: join(real, 'wireguard.pub'),
    host: join(run, '..', 'host'),
    cgroup: `/reconcile-${rootId}`,
  }
}

/** What a pod has on the disk, and what it has until the next boot. */
export interface PodPaths {
  readonly uid: PodUid
  readonly directory: string
  readonly record: string
  readonly disarmed: string
  /** What is the pod's alone on this node. */
  readonly allocation: string
  /** There: its containers stand still, since the file's time. */
  readonly frozen: string
  /** There once the pod has ended and has nothing left but what stands beside it. */
  readonly released: string
  /** What somebody has said of it: api/podConditions.ts. */
  readonly conditions: string
  readonly containers: string
  readonly volumes: string
  /** Where file systems of other machines are mounted. */
  readonly mounts: string
  /** What CSI drivers have mounted for it, and are to take away again. */
  readonly csi: string
  readonly run: string
  readonly lock: string
  readonly sandbox: string
  /** The record once more: for a pod whose own was taken away by somebody. */
  readonly recordCopy: string
  readonly network: string
  /** The OCI runtime that it was made with, where a RuntimeClass named one. */
  readonly program: string
  readonly pins: { readonly net: string; readonly ipc: string; readonly uts: string; readonly user: string }
  /** On the disk: a container may write as much into its /etc/hosts as it likes. */
  readonly etc: string
  readonly sharedMemory: string
  readonly pause: string
  readonly runVolumes: string
  readonly runContainers: string
  readonly cgroup: string
}

export function podPaths(paths: RootPaths, uid: PodUid): PodPaths {
  const directory = `${paths.pods}/${uid}`
  const run = `${paths.runPods}/${uid}`
  return {
    uid,
    directory,
    record: `${directory}/pod.json`,
    disarmed: `${directory}/disarmed`,
    allocation: `${directory}/allocation.json`,
    frozen: `${directory}/frozen`,
    released: `${directory}/released`,
    conditions: `${directory}/conditions`,
    containers: `${directory}/containers`,
    volumes: `${directory}/volumes`,
    mounts: `${directory}/mounts`,
    csi: `${directory}/csi.json`,
    run,
    lock: `${run}/lock`,
    sandbox: `${run}/sandbox.json`,
    recordCopy: `${run}/pod.json`,
    network: `${run}/network.json`,
    program: `${run}/program`,
    pins: { net: `${run}/net`, ipc: `${run}/ipc`, uts: `${run}/uts`, user: `${run}/user` },
    etc: `${directory}/etc`,
    sharedMemory: `${run}/shm`,
    pause: `${run}/pause`,
    runVolumes: `${run}/volumes`,
    runContainers: `${run}/containers`,
    cgroup: `${paths.cgroup}/pod${uid}`,
  }
}

export interface ContainerPaths {
  /** The OCI runtime's name for it: one at a time, whatever the attempt. */
  readonly id: string
  readonly directory: string
  /** What the hook does, without secrets: see docs/decisions/001. */
  readonly rule: string
  readonly terminationLog: string
  /** The OCI bundle: config.json, with secrets in its environment, and where the root file system is mounted. */
  readonly bundle: string
  readonly config: string
  readonly rootfs: string
  readonly subPaths: string
  /** Layers and volumes as the pod's own users see them. */
  readonly mapped: string
  readonly cgroup: string
}

export function containerPaths(pod: PodPaths, uid: PodUid, name: string): ContainerPaths {
  const bundle = `${pod.runContainers}/${name}`
  const directory = `${pod.containers}/${name}`
  return {
    id: `${uid}-${name}`,
    directory,
    rule: `${directory}/rule`,
    terminationLog: `${directory}/termination-log`,
    bundle,
    config: `${bundle}/config.json`,
    rootfs: `${bundle}/rootfs`,
    subPaths: `${bundle}/subpaths`,
    mapped: `${bundle}/mapped`,
    cgroup: `${pod.cgroup}/${name}`,
  }
}
