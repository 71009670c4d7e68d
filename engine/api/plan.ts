import type { NodeName, ObjectKey, PodUid, Timestamp } from './names.ts'
import type { ObjectRecord, PodRecord } from './records.ts'
import type { NodeTraffic } from './traffic.ts'

/** One step towards the desired state, as plain data: logged, shown, tested and executed from the same value. */
export type Action = PodAction | RecordAction

/** About one pod; a pod has one action at a time. */
export type PodAction =
  | CreatePod
  | UpdatePod
  | MendPod
  | DeletePod
  | StartContainers
  | RunPostStart
  | StopContainers
  | UpdateVolumes
  | ResizePod
  | ReleasePod
  | RemovePod

export interface OfPod {
  readonly node: NodeName
  readonly uid: PodUid
  /** `namespace/name`, for people. */
  readonly pod: string
  /** The object that wants this: the pod's controller, or the pod itself. */
  readonly object: ObjectKey
  /** Why, in words for people. */
  readonly reason: string
}

/** Writes the record, then makes namespaces, network and volumes. Also makes a broken or absent sandbox again. */
export interface CreatePod extends OfPod {
  readonly kind: 'createPod'
  readonly record: PodRecord
}

/** Writes the record only: conditions, readiness, metadata. */
export interface UpdatePod extends OfPod {
  readonly kind: 'updatePod'
  readonly record: PodRecord
}

/**
 * Puts right what somebody has taken from a pod whose containers run on: writes the record, then makes whatever is missing of its network, files and
 * mounts, and lets a monitor that was stopped go on. Ends nothing.
 */
export interface MendPod extends OfPod {
  readonly kind: 'mendPod'
  readonly record: PodRecord
}

/** Writes the record with its deletionTimestamp and disarms the node's restarts. What follows is up to the next plans. */
export interface DeletePod extends OfPod {
  readonly kind: 'deletePod'
  readonly record: PodRecord
  /** Absent: it is not wanted any more, or never was. */
  readonly disrupts?: Disruption
}

/**
 * What takes away a pod that could stay: a newer revision, the emptying of a node, a more important pod, a taint; or somebody who deletes
 * it and asks no budget.
 */
export type Disruption = 'rollout' | 'drain' | 'preemption' | 'taint' | 'deletion'

/** Pulls each one's image where the policy asks for it, then starts it; in this order. */
export interface StartContainers extends OfPod {
  readonly kind: 'startContainers'
  readonly containers: readonly ContainerAttempt[]
}

/** `record` holds the hook's start. The outcome is recorded by the executor. */
export interface RunPostStart extends OfPod {
  readonly kind: 'runPostStart'
  readonly record: PodRecord
  readonly container: ContainerAttempt
}

/** All at once. The record holds the preStop hooks' start and the pod's deletion, if any, from which grace is counted. */
export interface StopContainers extends OfPod {
  readonly kind: 'stopContainers'
  readonly record: PodRecord
  readonly containers: readonly ContainerStop[]
  /** First keep the node's hook from restarting anything in this pod: it has run to its end, only sidecars are left. */
  readonly disarm: boolean
}

/**
 * The pod has run to its end, and its record says so. Gives back namespaces, network, address, host ports, volumes, mounts and
 * cgroups; logs, exits and the record stay until the pod is removed.
 */
export interface ReleasePod extends OfPod {
  readonly kind: 'releasePod'
  readonly record: PodRecord
}

/** The containers are dead: unmounts, frees the address, deletes what is on disk, the record last. */
export interface RemovePod extends OfPod {
  readonly kind: 'removePod'
}

/** Its ConfigMaps, Secrets, labels or annotations have changed: the files of these volumes follow, without a restart. */
export interface UpdateVolumes extends OfPod {
  readonly kind: 'updateVolumes'
  /** By name: the version to come to, which is a keyed hash. */
  readonly volumes: Readonly<Record<string, string>>
}

/** Its containers get what the record says of cpu and memory, where they run; then the record says that they have. */
export interface ResizePod extends OfPod {
  readonly kind: 'resizePod'
  readonly record: PodRecord
}

export interface ContainerAttempt {
  readonly name: string
  readonly attempt: number
}

export interface ContainerStop extends ContainerAttempt {
  /** From now to SIGKILL, preStop hook included. */
  readonly graceMs: number
  readonly runPreStop: boolean
}

export type RecordAction = WriteRecord | DeleteRecord | DeleteClaim

export interface WriteRecord {
  readonly kind: 'writeRecord'
  readonly object: ObjectKey
  /** Nothing is done for this one either before it is written. */
  readonly covers?: ObjectKey
  readonly record: ObjectRecord
  readonly reason: string
}

export interface DeleteRecord {
  readonly kind: 'deleteRecord'
  readonly object: ObjectKey
  readonly key: ObjectKey
  readonly reason: string
}

/** Moves the claim's folder to the trash of its node, then deletes its record. */
export interface DeleteClaim {
  readonly kind: 'deleteClaim'
  readonly object: ObjectKey
  readonly key: ObjectKey
  readonly node: NodeName
  readonly reason: string
}

/** Where a pod stands in a plan; every pod, observed or wanted, is in exactly one. */
export type Bucket = 'create' | 'delete' | 'change' | 'keep' | 'wait' | 'unknown'

export interface PodVerdict {
  readonly uid: PodUid
  readonly pod: string
  readonly object: ObjectKey
  readonly bucket: Bucket
  readonly reason: string
}

/** What differs between the pod that runs and the one that is wanted: `spec.containers[web].image`, from, to. */
export interface FieldChange {
  readonly path: string
  readonly from: string
  readonly to: string
}

export interface Plan {
  /** In the order to begin them; actions of different pods run side by side. */
  readonly actions: readonly Action[]
  readonly verdicts: readonly PodVerdict[]
  /** By object, for those whose running state differs from the commit. */
  readonly changes: ReadonlyMap<ObjectKey, readonly FieldChange[]>
  /** Official objects with their status: one for every desired object that has one, and for every pod. */
  readonly statuses: ReadonlyMap<ObjectKey, StatusReport>
  /** By object, those about which nothing is done whatever they look like; absent: none. Their actions are not in `actions`. */
  readonly leftAlone?: ReadonlyMap<ObjectKey, LeftAlone>
  /** By object, why it is there although it has left the repository; absent: none. */
  readonly kept?: ReadonlyMap<ObjectKey, string>
  /** By node, what it is to answer; absent: the commit has neither Services nor Ingresses. */
  readonly traffic?: ReadonlyMap<NodeName, NodeTraffic>
  /** Nodes that the Cluster's command is to make sure of that they are off; absent: none. */
  readonly fencings?: readonly Fencing[]
  /** Broken invariants: bugs of ours. Their objects' actions are not in `actions`. */
  readonly violations: readonly Violation[]
  /** Plan again then, even if nothing happens. Absent: nothing falls due. */
  readonly requeueAt?: Temporal.Instant
}

export interface Fencing {
  readonly node: NodeName
  /** Of the boot that is to end; absent: it was never seen. */
  readonly bootId?: string
  /** The Cluster's command, with what stands for the node filled in. */
  readonly argv: readonly [string, ...string[]]
  readonly timeoutMs: number
}

/** An object that is not touched: somebody suspended it, or it is only looked at. */
export interface LeftAlone {
  readonly by: 'suspended' | 'detect'
  /** Since when it is suspended. */
  readonly since?: Timestamp
  /** What would be done about it now, for people: its drift. Empty: it is as the commit wants it. */
  readonly would: readonly string[]
}

export interface StatusReport {
  readonly key: ObjectKey
  readonly health: Health
  /** The official status object, such as DeploymentStatus or PodStatus. */
  readonly status: unknown
  /** The whole official object for pods, derived ReplicaSets and EndpointSlices, which are in no commit, and for Services with their addresses. */
  readonly object?: unknown
  /** Of a Service: `address:port` of what is ready to answer. */
  readonly endpoints?: readonly string[]
}

/** What `--once` waits for. */
export type Health =
  /** `message`: what there is to say all the same, such as that nothing answers for a Service. */
  | { readonly kind: 'healthy'; readonly message?: string }
  | { readonly kind: 'progressing'; readonly message: string }
  /** Certain not to become healthy unless something outside changes. */
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string }

export interface Violation {
  readonly invariant: string
  readonly object: ObjectKey
  readonly message: string
}
