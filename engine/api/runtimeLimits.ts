import type { Node } from './generated/types.ts'
import { blockIoOf } from './podAnnotations.ts'
import { byteCount } from './quantity.ts'
import type { DescribedPods } from './podSpecs.ts'

type Path = readonly (string | number)[]

export const NODE_RUNTIMES = ['oci', 'podman', 'docker'] as const
export type NodeRuntime = (typeof NODE_RUNTIMES)[number]
export type OtherRuntime = Exclude<NodeRuntime, 'oci'>

export function runtimeOf({ spec }: Pick<Node, 'spec'>): NodeRuntime {
  return spec?.runtime ?? 'oci'
}

/** By its address: the account is named, and is not root. What an alias of ~/.ssh/config leads to is known once it is connected. */
function isRootless(node: Pick<Node, 'spec'>): boolean {
  const user = /^ssh:\/\/([^@/]+)@/.exec(node.spec?.address ?? '')?.[1]
  return runtimeOf(node) === 'podman' && user !== undefined && user !== 'root'
}

/** What pods cannot ask for there. */
export function limitsOf(node: Pick<Node, 'spec'>): readonly RuntimeLimit[] {
  const limits = RUNTIME_LIMITS[runtimeOf(node)]
  return isRootless(node) ? [...limits, ...ROOTLESS_LIMITS] : limits
}

/** As records tell it: the embedded one goes without saying. */
export function otherRuntime(runtime: NodeRuntime | undefined): { readonly runtime?: OtherRuntime } {
  return runtime === undefined || runtime === 'oci' ? {} : { runtime }
}

/** What pods may ask for of the engine, and not of nodes with this runtime. */
export interface RuntimeLimit {
  /** As docs/fields.md tells it: a path in a pod's template. */
  readonly field: string
  readonly why: string
  /** Where it is asked for, in a pod's template; empty: it is not. */
  readonly asked: (pod: Pick<DescribedPods, 'spec' | 'metadata'>) => readonly Path[]
}

/** What is honoured on nodes with this runtime in another way than on oci nodes, a sentence each. */
export interface RuntimeDifference {
  readonly field: string
  readonly how: string
}

const CONTAINERS = ['containers', 'initContainers'] as const

const OCI_ALONE: readonly RuntimeLimit[] = [
  {
    field: 'spec.hostUsers: false',
    why: "podman and docker cannot show a pod's volumes and image to users of its own; run it on an oci node",
    asked: ({ spec }) => (spec.hostUsers === false ? [['spec', 'hostUsers']] : []),
  },
  {
    field: 'spec.runtimeClassName',
    why: 'podman and docker run all containers of a node with one OCI runtime; run it on an oci node',
    asked: ({ spec }) => (spec.runtimeClassName === undefined ? [] : [['spec', 'runtimeClassName']]),
  },
  {
    field: 'spec.containers[].volumeMounts[].recursiveReadOnly: Enabled',
    why: 'podman and docker cannot make what is mounted below a volume read-only; IfPossible takes what there is',
    asked: ({ spec }) =>
      CONTAINERS.flatMap((list) =>
        (spec[list] ?? []).flatMap(({ volumeMounts }, container) =>
          (volumeMounts ?? []).flatMap(({ recursiveReadOnly }, mount) =>
            recursiveReadOnly === 'Enabled'
              ? [['spec', list, container, 'volumeMounts', mount, 'recursiveReadOnly']]
              : [],
          ),
        ),
      ),
  },
  {
    field: 'metadata.annotations: reconcile.dev/blkio-...',
    why: 'the disk use of a container is limited on oci nodes alone',
    asked: ({ metadata }) =>
      blockIoOf(metadata?.annotations) === undefined ? [] : [['metadata', 'annotations']],
  },
]

/** docker's own: less memory it refuses to give. */
const DOCKER_MEMORY_MIN = 6 * 1024 * 1024

const DOCKER_MEMORY: RuntimeLimit = {
  field: 'spec.containers[].resources.limits.memory below 6Mi',
  why: 'docker gives a container no less than 6Mi of memory',
  asked: ({ spec }) =>
    CONTAINERS.flatMap((list) =>
      (spec[list] ?? []).flatMap(({ resources }, container) => {
        const memory = resources?.limits?.['memory']
        return memory !== undefined && byteCount(memory) < DOCKER_MEMORY_MIN
          ? [['spec', list, container, 'resources', 'limits', 'memory']]
          : []
      }),
    ),
}

/** Of podman and of docker, which restart what has ended in the container that it was. */
function ownRestarts(name: string): readonly RuntimeDifference[] {
  return [
    {
      field: 'spec.restartPolicy',
      how: `${name} starts a container that ended again by itself, in the file system that it left; one that was told to end, by a liveness probe for one, is started by the engine, with a fresh file system`,
    },
    {
      field: 'spec.containers[].restartPolicyRules',
      how: `${name} knows no exit codes: such a container is started again by the engine, so only while one runs`,
    },
    {
      field: 'spec.terminationGracePeriodSeconds',
      how: `${name} waits whole seconds between the signal and SIGKILL`,
    },
    {
      field: 'spec.containers[].env',
      how: `${name} keeps a container's environment on the disk of the node, in files that root alone can read; oci keeps it on a tmpfs`,
    },
    {
      field: 'spec.containers[].resources.limits',
      how: '/proc in a container tells of the whole node: lxcfs is not used',
    },
  ]
}

const PODMAN_DIFFERENCES: readonly RuntimeDifference[] = [
  ...ownRestarts('podman'),
  {
    field: 'spec.containers[].securityContext.capabilities.add',
    how: 'a user other than root has what is added at once (as ambient capabilities), not only after a program that asks for it',
  },
  {
    field: 'spec.containers[].resources',
    how: 'a change is for what runs: where podman later starts the container again by itself, it has the resources that it began with, in the cgroup of a pod that has the new ones (podman 4.3 keeps no others)',
  },
]

const DOCKER_DIFFERENCES: readonly RuntimeDifference[] = [
  {
    field: 'spec.containers[].securityContext.privileged',
    how: 'docker gives all capabilities or none: where the machine itself lacks one, such a container is not started, and says so',
  },
  ...ownRestarts('docker'),
  {
    field: 'status.containerStatuses[].state.waiting: CrashLoopBackOff',
    how: 'what docker itself starts again it starts after 0.1 s, 0.2 s and so on up to a minute, and anew with 0.1 s after whatever ran for ten seconds',
  },
  {
    field: 'status.containerStatuses[].lastState',
    how: 'of an attempt that docker has followed with another one by itself only its exit code, its end and that it was killed for want of memory are told, not its start or its message; it remembers so much of its last 256 events',
  },
  {
    field: 'spec.activeDeadlineSeconds',
    how: 'docker knows of no deadline: once it is over, what ends is started again all the same where no engine runs',
  },
  {
    field: 'logs',
    how: 'a line stands in the log once it has ended, or its container has; what comes on stdout and on stderr at the same time may change places',
  },
  {
    field: 'spec.containers[].image',
    how: 'docker takes no image of more than 125 layers: its pod says so, and waits for another image',
  },
  {
    field: 'spec.volumes[].image',
    how: "programs in it can be run: docker has no word for a mount's noexec",
  },
  {
    field: 'spec.hostname',
    how: 'each container has its own UTS namespace: what one of them changes of the host name the others do not see',
  },
  {
    field: 'Cluster spec.registries.mirrors',
    how: "docker asks a mirror for the image under the mirror's own name, which the node's docker lists it by; plain http only on loopback, or where insecure-registries of its configuration says so",
  },
]

export const RUNTIME_LIMITS: Readonly<Record<NodeRuntime, readonly RuntimeLimit[]>> = {
  oci: [],
  podman: OCI_ALONE,
  docker: [...OCI_ALONE, DOCKER_MEMORY],
}

export const RUNTIME_DIFFERENCES: Readonly<Record<NodeRuntime, readonly RuntimeDifference[]>> = {
  oci: [],
  podman: PODMAN_DIFFERENCES,
  docker: DOCKER_DIFFERENCES,
}

function volumesOf(kind: 'nfs' | 'csi'): RuntimeLimit['asked'] {
  return ({ spec }) =>
    (spec.volumes ?? []).flatMap((volume, index) =>
      volume[kind] === undefined ? [] : [['spec', 'volumes', index, kind]],
    )
}

function processesOf(field: 'shareProcessNamespace' | 'hostPID'): RuntimeLimit {
  return {
    field: `spec.${field}: true`,
    why: 'podman lets a container have the processes of others only where it has a part in the cgroups, which an account that is not root has not; run it on a node whose account is root',
    asked: ({ spec }) => (spec[field] === true ? [['spec', field]] : []),
  }
}

/** Of podman nodes whose account is not root, beside podman's own. */
export const ROOTLESS_LIMITS: readonly RuntimeLimit[] = [
  processesOf('shareProcessNamespace'),
  processesOf('hostPID'),
  {
    field: 'spec.volumes[].nfs',
    why: 'an account that is not root can mount no file system of another machine; run it on a node whose account is root',
    asked: volumesOf('nfs'),
  },
  {
    field: 'spec.volumes[].csi',
    why: 'an account that is not root has no part in what a CSI driver mounts; run it on a node whose account is root',
    asked: volumesOf('csi'),
  },
  {
    field: 'spec.containers[].volumeDevices',
    why: 'an account that is not root can give no container a block device; run it on a node whose account is root',
    asked: ({ spec }) =>
      CONTAINERS.flatMap((list) =>
        (spec[list] ?? []).flatMap(({ volumeDevices = [] }, container) =>
          volumeDevices.length === 0 ? [] : [['spec', list, container, 'volumeDevices']],
        ),
      ),
  },
]

/** Likewise. */
export const ROOTLESS_DIFFERENCES: readonly RuntimeDifference[] = [
  {
    field: 'spec.containers[].resources',
    how: 'pods are placed by what they request, and none is held to it or to its limits: the account has no part in the cgroups; `reconcile top` and metrics tell nothing of its pods, and nobody is told apart who was killed for want of memory',
  },
  {
    field: 'status.podIP',
    how: 'is reached on that node alone: Services, Ingresses and names lead on it to its own pods, and elsewhere to none of them',
  },
  {
    field: 'spec.containers[].ports[].hostPort',
    how: 'by slirp4netns, over IPv4, TCP and UDP; below 1024 only where `net.ipv4.ip_unprivileged_port_start` lets the account have it; who asks has the address 10.0.2.2',
  },
  {
    field: 'spec.hostNetwork',
    how: "is the network of the account's namespaces, which all its pods of this root share; a port that a container names is had on the machine",
  },
  {
    field: 'spec.volumes[].hostPath',
    how: 'is what the account may read and write; `/run`, `/sys` and the folder above the root are of its own',
  },
  {
    field: 'spec.containers[].securityContext.privileged, capabilities',
    how: "hold in the account's namespaces alone, as in podman's own rootless containers",
  },
  {
    field: 'spec.containers[].securityContext.appArmorProfile',
    how: "`RuntimeDefault` has no effect, and with a profile of one's own the container is not made",
  },
]
