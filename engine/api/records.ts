import type {
  KubernetesObject,
  PersistentVolumeSpec,
  Pod,
  PodCondition,
  PodSpec,
  ResourceRequirements,
} from './generated/types.ts'
import type { NodeName, ObjectKey, Timestamp } from './names.ts'
import type { OtherRuntime } from './runtimeLimits.ts'

/** The version that this engine writes. The last one is read too; of an unknown one the pod is kept and reported. */
export const RECORD_VERSION = 1

/**
 * What a node remembers of a pod: `pods/<uid>/pod.json` under the root, written before the thing it describes.
 * Holds no secret: `pod.spec` names Secrets, it never carries their data.
 */
export interface PodRecord {
  readonly recordVersion: number
  /** Grows by one with every write. */
  readonly generation: number
  readonly node: NodeName
  /** The commit that the pod was last seen in. */
  readonly commit: string
  /**
   * `metadata` is whole (uid, ownerReferences, creationTimestamp, and once it is to go deletionTimestamp and
   * deletionGracePeriodSeconds); `spec` is as written, before defaults; there is no `status`.
   */
  readonly pod: Pod
  /**
   * What the commit said of a Pod whose spec something was filled into when it was made, as Kubernetes' admission does: what another
   * commit is compared with. Absent where `pod.spec` is as written itself.
   */
  readonly writtenSpec?: PodSpec
  /** The OCI runtime that its RuntimeClass named when it was made; absent: the node's own. */
  readonly runtimeHandler?: string
  /** The pod's conditions as last recorded, for their transition times. */
  readonly conditions: readonly PodCondition[]
  /**
   * By container, the attempt that had ended when the sandbox was last made anew, after a reboot or a loss; absent while it is the
   * first one. It belongs to the sandbox before: init containers run again, and the node's hook restarts nothing. No time,
   * for clocks are set after a reboot.
   */
  readonly formerAttempts?: Readonly<Record<string, number>>
  /**
   * By container, the attempt that had ended when all containers were last restarted, as a rule of one of them asked for.
   * Like `formerAttempts`, in the same sandbox.
   */
  readonly restartedAttempts?: Readonly<Record<string, number>>
  /** By container, what it has until a resize is carried out that `pod.spec` says already; absent: all have what that says. */
  readonly resizing?: Readonly<Record<string, ContainerResize>>
  /** The pod has run to its end: written before anything of it is given back, and true for ever. */
  readonly ended?: PodEnd
  /** The address that it had, written when it is given back: its status says it to the end. Others may have it by now. */
  readonly formerIP?: string
  readonly formerIP6?: string
  /** By container: what must outlive the engine. */
  readonly containers: Readonly<Record<string, ContainerRecord>>
  /** By claim, of those that are bound to PersistentVolumes: what is mounted, whatever becomes of the volume's manifest. */
  readonly claims?: Readonly<Record<string, BoundVolume>>
  /** What was tried in vain, as last known: for people who look when the engine has ended. It tries again whatever stands here. */
  readonly failures?: Readonly<Record<string, Failure>>
}

export interface ContainerResize {
  /** As it runs. */
  readonly resources: ResourceRequirements
  /** It starts anew for it, as its resizePolicy says. */
  readonly restart?: true
  /** All that is to start anew has been told to: the attempt, and those before it, that has to end. -1: none has begun. */
  readonly ended?: number
}

/** A PersistentVolume, as far as it is to be mounted. */
export interface BoundVolume
  extends Pick<PersistentVolumeSpec, 'hostPath' | 'local' | 'nfs' | 'mountOptions' | 'volumeMode'> {
  readonly name: string
}

/** How a pod ended, as its status says it once its last container has. */
export interface PodEnd {
  readonly phase: 'Succeeded' | 'Failed'
  readonly at: Timestamp
  /** Kubernetes' reason, such as DeadlineExceeded. */
  readonly reason?: string
  readonly message?: string
}

/** Something that an action tried in vain, by container; the empty name is the pod itself. Forgotten on success. */
export interface Failure {
  /** Kubernetes' reason: ErrImagePull, CreateContainerConfigError, CreateContainerError, RunContainerError, CreatePodSandboxError ... */
  readonly reason: string
  readonly message: string
  readonly count: number
  readonly lastAt: Timestamp
  /** Trying again cannot help unless something outside changes (the image does not exist, a Secret is missing). */
  readonly certain: boolean
}

/** The condition that tells who took a pod away that could have stayed. Kept on record to the pod's end. */
export const DISRUPTION_TARGET = 'DisruptionTarget'

export interface ContainerRecord {
  /** The attempt that the rest of this record speaks of; it says nothing of a later one. */
  readonly attempt: number
  readonly ready: boolean
  /** The start-up probe has succeeded, or there is none. */
  readonly started: boolean
  readonly postStart?: HookRecord
  readonly preStop?: HookRecord
}

/** A hook runs at least once: its start is recorded before it runs. */
export interface HookRecord {
  readonly startedAt: Timestamp
  readonly endedAt?: Timestamp
  /** Absent while it runs and when it succeeded. */
  readonly failure?: string
}

/**
 * What outlives pods: `records/<kind>/<namespace>/<name>.json` under the root.
 * The official object with its uid and status: a Deployment's holds uid, creationTimestamp and the conditions (its
 * spec is in Git); a derived ReplicaSet's is whole, its template as written. A ControllerRevision is kept as a record only: its `spec` holds the
 * official object's `data` and `revision`.
 */
export interface ObjectRecord {
  readonly recordVersion: number
  readonly generation: number
  readonly key: ObjectKey
  readonly commit: string
  readonly object: RecordedObject
}

export interface RecordedObject {
  readonly apiVersion: string
  /** Kinds of the engine's own are in no manifest. */
  readonly kind: KubernetesObject['kind'] | 'Binding' | 'ControllerRevision' | 'Kept' | 'Sync'
  readonly metadata: NonNullable<KubernetesObject['metadata']>
  readonly spec?: unknown
  readonly status?: unknown
}

/** Whose a root is: `root.json`. Only this set of objects is pruned; another one is refused. */
export interface RootRecord {
  readonly recordVersion: number
  /** Names everything on the host that is global to it: bridge, nft table, cgroup parent, /run folder. */
  readonly rootId: string
  readonly owner: RootOwner
  readonly podCIDR: string
  /** On a node of several, whose `podCIDR` is a part of it: the range of all pods, as Kubernetes calls it. */
  readonly clusterCIDR?: string
  /** How what goes to pods of other nodes is encrypted; absent: not at all. */
  readonly encryption?: 'wireguard'
  /** What the head node is called; absent: its host name. Kept, so that a host that is renamed is still the same node. */
  readonly head?: NodeName
  /** What runs the containers here, from the first pod to the last; absent: the embedded one, oci. */
  readonly runtime?: OtherRuntime
  /** The machines that have pods, in the order in which they came; absent: the pods are on this one alone. */
  readonly nodes?: readonly FleetNode[]
  /** Random, made once: the key of hashes of secret data. Never shown, so that nobody can try out what the data may be. */
  readonly hashKey?: string
  /** The commit that was last applied whole; absent before the first. */
  readonly appliedCommit?: string
}

/** A machine that is driven from here. */
export interface FleetNode {
  readonly name: NodeName
  /** `ssh://ops@192.0.2.11`, or `local` for the machine that the engine runs on. */
  readonly address: string
  /** Its part of the pods' range, which no other node has. */
  readonly podCIDR: string
  /** As of the root itself. */
  readonly runtime?: OtherRuntime
}

export interface RootOwner {
  /** The Cluster object's name, `default` where there is none. */
  readonly cluster: string
  /** `--path`, empty for the whole repository. */
  readonly path: string
  /** The repository as the user named it, without credentials: for messages, and to tell two repositories apart. */
  readonly repository: string
}
