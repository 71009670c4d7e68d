import type { Duplex } from 'node:stream'
import type {
  CreatePodRequest,
  ExecRequest,
  ExecResult,
  KeepLogsRequest,
  LogLine,
  LogRequest,
  NodeEvent,
  NodeInfo,
  ResizePodRequest,
  StartContainerRequest,
  StopContainerRequest,
} from '../api/cri.ts'
import type { ImageInfo, PullImageRequest } from '../api/imageRequests.ts'
import type {
  DeleteClaimRequest,
  ReadVolumeFileRequest,
  UpdateVolumesRequest,
} from '../api/volumeRequests.ts'
import type { ConditionStatus } from '../api/podConditions.ts'
import type { ObservedPod } from '../api/snapshot.ts'
import type { ObjectKey, PodUid, Timestamp } from '../api/names.ts'
import type { Failure, ObjectRecord, PodRecord } from '../api/records.ts'
import type { NodeTraffic, TrafficProblem } from '../api/traffic.ts'
import type { MeasuredPod, PodMeasures } from './measures.ts'

/** A pod as the node tells it: without what only the engine knows. */
export type PodListing = Omit<ObservedPod, 'probes' | 'failures' | 'unmade' | 'diskBytes' | 'usage'>

export interface NodeListing {
  readonly pods: ReadonlyMap<PodUid, PodListing>
  /** Things on the node that are ours by place and cannot be read (an unknown record version, a damaged file). Kept. */
  readonly unreadable: readonly { readonly uid: PodUid; readonly message: string }[]
  /** Of several nodes as one: which of them do not answer and why, a sentence each; what they have is not told here. Absent: all do. */
  readonly silent?: readonly string[]
}

/** What somebody has done to a node, in words for people. */
export interface NodeFinding {
  /** `the bridge rc-1a2b3c4d is gone` */
  readonly found: string
  /** What was done about it; absent: it was left as it is. */
  readonly done?: string
  /** Why it could not be put right. */
  readonly problem?: string
}

/**
 * One node's container runtime, at the grain of Kubernetes' CRI. Every verb can be repeated: done twice it is done once.
 * A verb rejects with a RuntimeFailure; anything else that is thrown is our bug.
 */
export interface Runtime {
  /**
   * What the node is and has, by looking alone: nothing on it changes. Rejects when something is missing, naming it and
   * the command that installs it.
   */
  check(signal?: AbortSignal): Promise<NodeInfo>
  /** Makes the node ready for pods. Rejects as check does, and when containers do not work there. */
  prepare(signal?: AbortSignal): Promise<NodeInfo>
  /** Asks for nothing but an answer. Absent: it is this machine, where what does not answer is not the machine. */
  ping?(signal?: AbortSignal): Promise<void>
  list(signal?: AbortSignal): Promise<NodeListing>
  /**
   * Looks after what the pods of the node have in common (folders, hook, bridge, addresses), and after what is left of pods whose record has gone.
   * What was found amiss, and what was done about it; with `mend` false nothing is touched.
   */
  upkeep(options: { readonly mend: boolean }, signal?: AbortSignal): Promise<readonly NodeFinding[]>
  inspect(uid: PodUid, signal?: AbortSignal): Promise<PodListing | undefined>
  /** Ends when the signal is aborted. May tell of nothing, and of things twice. */
  events(signal: AbortSignal): AsyncIterable<NodeEvent>
  /**
   * Pulls of one image that are under way at once are one pull. `asking` is called when the image is not on the node, or its registry
   * is asked each time, before it is asked.
   */
  pullImage(request: PullImageRequest, signal?: AbortSignal, asking?: () => void): Promise<ImageInfo>
  /** Writes the record first. */
  createPod(request: CreatePodRequest, signal?: AbortSignal): Promise<void>
  startContainer(request: StartContainerRequest, signal?: AbortSignal): Promise<void>
  /** All files of a volume change at once. What a container has mounted by subPath stays as it is, as in Kubernetes. */
  updateVolumes(request: UpdateVolumesRequest, signal?: AbortSignal): Promise<void>
  /** Rejects while a container uses more memory than it is to have. */
  resizePod(request: ResizePodRequest, signal?: AbortSignal): Promise<void>
  /** Undefined: there is no such file. No link in the volume leads out of it. */
  readVolumeFile(request: ReadVolumeFileRequest, signal?: AbortSignal): Promise<string | undefined>
  /**
   * What these hold on disk: emptyDirs of the pod by name, and as `container/NAME` what a container has written, its logs included. Those that are
   * not there are left out.
   */
  diskBytes(
    uid: PodUid,
    parts: readonly string[],
    signal?: AbortSignal,
  ): Promise<Readonly<Record<string, number>>>
  /** Moves the claim's folder to the trash. No pod uses it any more. */
  deleteClaim(request: DeleteClaimRequest, signal?: AbortSignal): Promise<void>
  /** Resolves when the container has ended and its exit is on record. */
  stopContainer(request: StopContainerRequest, signal?: AbortSignal): Promise<void>
  /** On record first; what runs in the pod stands still when it resolves, and nothing is started in it. */
  freezePod(uid: PodUid, signal?: AbortSignal): Promise<void>
  thawPod(uid: PodUid, signal?: AbortSignal): Promise<void>
  /** Conditions that the pod's readiness waits for: added to what was said before, and told as `saidConditions`. */
  sayConditions(uid: PodUid, said: ReadonlyMap<string, ConditionStatus>, signal?: AbortSignal): Promise<void>
  /** Whoever hears the node's events looks at the pod: somebody else than the engine has written its record. */
  tell(uid: PodUid, signal?: AbortSignal): Promise<void>
  /** From here on the node's exit hook starts nothing in this pod. One that stands still goes on, to be ended. */
  disarm(uid: PodUid, signal?: AbortSignal): Promise<void>
  /**
   * Its containers have ended, and its record says that it has. Gives back all that it has but logs, exits and the record; from then
   * on its sandbox is told to be `released`.
   */
  releasePod(uid: PodUid, signal?: AbortSignal): Promise<void>
  /** Its containers have ended. The record goes last. */
  removePod(uid: PodUid, signal?: AbortSignal): Promise<void>
  exec(request: ExecRequest, signal?: AbortSignal): Promise<ExecResult>
  /** Runs with the caller's terminal; resolves to the exit status. */
  execInteractive(request: ExecRequest & { readonly stdin: boolean; readonly tty: boolean }): Promise<number>
  /** Rejects as NotFound when there is no such attempt. Reads as it is asked for more, never all at once. */
  logs(request: LogRequest, signal?: AbortSignal): AsyncIterable<LogLine>
  /**
   * Keeps what these have written when their log is begun anew, and deletes what is beyond the limits. Resolves to how long that may take
   * to be asked again, in milliseconds, so that nothing is lost at the pace that they write.
   */
  keepLogs(request: KeepLogsRequest, signal?: AbortSignal): Promise<number>
  stats(uid: PodUid, signal?: AbortSignal): Promise<readonly ContainerStats[]>
  /** All that the node's kernel counts of these pods, without a process started for it. Those that have gone are left out. */
  measure(pods: readonly MeasuredPod[], signal?: AbortSignal): Promise<ReadonlyMap<PodUid, PodMeasures>>
  /** Rejects as NotFound when the node has no record of the pod, so that a late write brings none back. */
  writePodRecord(record: PodRecord, signal?: AbortSignal): Promise<void>
  readObjectRecords(signal?: AbortSignal): Promise<ReadonlyMap<ObjectKey, ObjectRecord>>
  writeObjectRecord(record: ObjectRecord, signal?: AbortSignal): Promise<void>
  deleteObjectRecord(key: ObjectKey, signal?: AbortSignal): Promise<void>
  /** Deletes for good what was put into the trash before then; what was deleted, for people. */
  emptyTrash(before: Timestamp, signal?: AbortSignal): Promise<readonly string[]>
  /**
   * From here on the node answers this, and nothing that it answered before: addresses and ports in the kernel in one step, names, the Ingress
   * proxy. Connections to pods that stay go on; those to pods that are gone end. Called one after the other, never side by side; the
   * same traffic again looks whether what kept some of it from being answered is still so. Resolves to what cannot be answered, and why.
   */
  applyTraffic(traffic: NodeTraffic, signal?: AbortSignal): Promise<readonly TrafficProblem[]>
  /** Connections that this node has led to these addresses of other nodes' pods end: the pods are gone. */
  endConnections(addresses: readonly string[], signal?: AbortSignal): Promise<void>
  /** A connection to a port as seen from the node: for httpGet and tcpSocket probes. */
  connect(address: string, port: number, signal: AbortSignal): Promise<Duplex>
  /** Deletes images and layers that no pod uses and that are not in `keep`; what was freed, for people. */
  collectImages(
    keep: readonly string[],
    signal?: AbortSignal,
  ): Promise<{ readonly images: number; readonly bytes: number }>
}

export interface ContainerStats {
  readonly container: string
  /** Since the container's start. */
  readonly cpuNanoseconds: number
  readonly memoryBytes: number
}

/** The world's failure: it becomes a condition with this reason, and is tried again. */
export class RuntimeFailure extends Error {
  override readonly name = 'RuntimeFailure'
  /** Kubernetes' reason, such as ErrImagePull. */
  readonly reason: string
  readonly certain: Failure['certain']
  /** The message in one short line, where it is long. */
  readonly summary: string

  constructor(
    reason: string,
    message: string,
    options: { readonly certain?: boolean; readonly summary?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.reason = reason
    this.summary = options.summary ?? message
    this.certain = options.certain ?? false
  }
}
