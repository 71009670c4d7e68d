import type { NodeInfo } from './cri.ts'
import type { Cluster, KubernetesObject, Node } from './generated/types.ts'
import type { NodeName, ObjectKey, PodUid, Timestamp } from './names.ts'
import type { Action } from './plan.ts'
import type { Failure, ObjectRecord, PodRecord } from './records.ts'
import type { TrafficProblem } from './traffic.ts'

/** All that a plan is made from. Nothing else is read while planning. */
export interface Snapshot {
  readonly desired: Desired
  readonly observed: Observed
  readonly records: ReadonlyMap<ObjectKey, ObjectRecord>
  /** Work under way, by pod: laid over what was observed, so that nothing is begun twice. */
  readonly busy: ReadonlyMap<PodUid, Action>
}

/** The validated objects of one commit. */
export interface Desired {
  /** A full commit id, or `uncommitted` for a directory read as it is. */
  readonly commit: string
  readonly cluster: Cluster
  readonly nodes: readonly Node[]
  /** Other machines that the commit does not have any more, and that may have pods. */
  readonly formerNodes?: readonly NodeName[]
  readonly objects: ReadonlyMap<ObjectKey, DesiredObject>
  /** The root's: for hashes of data that nobody must be able to guess from them. Absent before there is a root. */
  readonly hashKey?: string
  /** What asks for nothing, to take everything down, is no word on claims: their data stays. */
  readonly keepsClaims?: true
}

export interface DesiredObject {
  readonly key: ObjectKey
  /** As written, with the namespace filled in: what records keep and templates are compared by. */
  readonly written: KubernetesObject
  /** With the official API server's defaults. */
  readonly object: KubernetesObject
  readonly position: SourcePosition
}

export interface SourcePosition {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
}

export interface Observed {
  readonly nodes: ReadonlyMap<NodeName, ObservedNode>
}

export interface ObservedNode {
  readonly name: NodeName
  /** False: what is below is the last that was known. Its pods are unknown, and nothing is done about them. */
  readonly reachable: boolean
  /** Its pods were never listed by this engine, so each pod that is wanted may be there. */
  readonly unlisted?: true
  /** Since when the node is reachable, or has said nothing. */
  readonly since: Timestamp
  /** Looks in a row that it did not answer; absent while it answers. */
  readonly failedLooks?: number
  /**
   * Since when it counts as unreachable, so that its pods are not ready any more. Never in what is observed: it follows from the time, and from
   * what is on record.
   */
  readonly lostSince?: Timestamp
  /** Pods whose place others have taken while it did not answer, and which are to go. As above. */
  readonly evicted?: ReadonlySet<PodUid>
  /** Of these, those that somebody has said to be dead with their node: they were gone for everybody, and what they come to counts for nothing. As above. */
  readonly givenUp?: ReadonlySet<PodUid>
  readonly info?: NodeInfo
  readonly pods: ReadonlyMap<PodUid, ObservedPod>
  /**
   * Addresses of pods that new connections may be led to by what was last applied here or is being applied: a pod that is among them on some
   * node is not asked to end yet. Absent: this engine has applied nothing, and nobody knows.
   */
  readonly serving?: ReadonlySet<string>
  /** What it could not answer of what it was last asked to. Absent: nothing was applied yet. */
  readonly trafficProblems?: readonly TrafficProblem[]
  /** Of pods here that were never read and cannot be, not even their names: a sentence each. They are kept. */
  readonly unreadable?: readonly string[]
}

/** A pod as its node has it. kubelet/ makes the official Pod with its status from this. */
export interface ObservedPod {
  readonly record: PodRecord
  /** A create in vain left nothing of it on the node: the record stands here only, as it was wanted. */
  readonly unmade?: true
  /**
   * `broken`: part of it is missing (after a reboot, or by another's hand); it must be made again. `released`: given back, for the
   * pod has run to its end.
   */
  readonly sandbox: 'ready' | 'absent' | 'broken' | 'released'
  /** Why the sandbox is broken, where that could be told: a sentence without its subject, `lost its network namespace`. */
  readonly broken?: string
  /** What somebody has taken from a pod that runs on, and can be put right without ending anything in it: a sentence each. */
  readonly damage?: readonly string[]
  readonly ip?: string
  /** Of IPv6, where the Cluster gives pods both. */
  readonly ip6?: string
  /** What somebody has said of it on its node, as api/podConditions.ts reads it: over what its annotation says. */
  readonly saidConditions?: string
  /** Since when its containers stand still, by somebody's hand; nothing is started, asked or ended in it until they go on. */
  readonly frozenSince?: Timestamp
  /** By name, of volumes made of files: the version that is there (FilesVolume). Absent: not known. */
  readonly volumes?: Readonly<Record<string, string>>
  /** By name (`container/NAME` of containers), once something of it on disk was found to be over a limit: what there is of what has one. */
  readonly diskBytes?: Readonly<Record<string, number>>
  readonly containers: ReadonlyMap<string, ObservedContainer>
  /** What the prober found, by `container/probe`; empty after the engine's start. */
  readonly probes: ReadonlyMap<ProbeKey, ProbeTally>
  /** What its containers use; absent while nobody has asked: only pods that a HorizontalPodAutoscaler scales are measured. */
  readonly usage?: PodUsage
  /** Attempts to do something for this pod that failed, by container; the empty name is the pod itself. */
  readonly failures: ReadonlyMap<string, Failure>
}

/** What the containers of a pod used in the time between two readings. */
export interface PodUsage {
  /** When the second reading was made. */
  readonly at: Timestamp
  readonly windowMs: number
  /** Those that ran throughout, by name; none when they could not be read. */
  readonly containers: ReadonlyMap<string, ContainerUsage>
}

export interface ContainerUsage {
  /** Thousandths of a core, on average over the window, rounded up. */
  readonly cpuMillis: number
  /** The working set at the second reading. */
  readonly memoryBytes: number
}

export type ProbeKind = 'startup' | 'liveness' | 'readiness'
export type ProbeKey = `${string}/${ProbeKind}`

export interface ObservedContainer {
  readonly name: string
  /** From 0; also the number of restarts so far. */
  readonly attempt: number
  readonly state: ContainerState
  readonly image: { readonly id: string; readonly reference: string }
  /** How the attempt before this one ended. */
  readonly previous?: ContainerExit
  /** It runs, but what it stands on has gone, its monitor or its layers: why it has to be ended and started anew. */
  readonly lost?: string
}

export type ContainerState =
  | { readonly kind: 'created' }
  | { readonly kind: 'running'; readonly startedAt: Timestamp }
  | {
      readonly kind: 'exited'
      readonly exit: ContainerExit
      /** The node's hook starts the next attempt then. */
      readonly restartAt?: Timestamp
      /** The back-off before that, as the node has decided it; it begins when the node hears of the end, which may be later than the end. */
      readonly backOffMs?: number
    }

export interface ContainerExit {
  readonly attempt: number
  readonly exitCode: number
  readonly signal?: number
  readonly oomKilled: boolean
  readonly startedAt: Timestamp
  readonly finishedAt: Timestamp
  /** From terminationMessagePath, or the log's end. */
  readonly message?: string
  /** The runtime could not start it: `message` says why. */
  readonly startFailed: boolean
  /** Nobody was there to see it end, so nobody on the node starts it again. */
  readonly lost?: true
}

/** The last results of one probe on one attempt of a container. */
export interface ProbeTally {
  readonly attempt: number
  readonly lastAt: Timestamp
  readonly lastSucceeded: boolean
  /** How many results in a row were like the last one. */
  readonly inARow: number
  readonly message: string
}
