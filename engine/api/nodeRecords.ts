import type { NodeDrain, Taint } from './generated/types.ts'
import { type NodeName, type ObjectKey, objectKey, type PodUid, type Timestamp } from './names.ts'
import { type ObjectRecord, RECORD_VERSION } from './records.ts'
import type { ObservedContainer, ObservedPod } from './snapshot.ts'

/**
 * What is on record about a node: what somebody has said of it by command, and since when it is as the commit says. A node of which
 * nothing is to be remembered has no record.
 */
export interface NodeMemory {
  /** By `reconcile cordon`, or by a drain. What the commit says counts beside it. */
  readonly unschedulable?: true
  /** By `reconcile drain`: gone once the node is empty, or the drain is given up. */
  readonly drain?: RecordedDrain
  /** Since when the commit has it drained. */
  readonly drainedSince?: Timestamp
  /** NoExecute taints, of the commit or for its silence: tolerationSeconds count from when they came. */
  readonly taints?: readonly RecordedTaint[]
  /** It does not answer, or what was done because of that is not cleared up yet. */
  readonly loss?: NodeLoss
  /** Somebody has said that it is dead: nothing runs there. */
  readonly fenced?: NodeFence
  /** Pods that are older, those of DaemonSets aside, were given up, and go when it answers. */
  readonly givenUp?: Timestamp
}

export interface NodeLoss {
  /** When it was last heard of, before this silence. */
  readonly heard: Timestamp
  /** The silence is over, and what others have taken the place of is to go yet. */
  readonly answered?: true
  /** Since when it counts as unreachable; absent: it is only silent as yet. */
  readonly since?: Timestamp
  /** Of the boot that was last seen. */
  readonly bootId?: string
  /** What it had then, for an engine that has not seen it; absent: nobody knows. */
  readonly pods?: readonly RememberedPod[]
  /** Pods whose place others have taken. */
  readonly evicted?: readonly PodUid[]
}

/** A pod as it was last seen. */
export interface RememberedPod extends Pick<ObservedPod, 'record' | 'sandbox' | 'ip' | 'ip6'> {
  readonly containers: readonly ObservedContainer[]
}

export interface NodeFence {
  readonly at: Timestamp
  readonly by: 'person' | 'command'
  /** Of the boot that is over; absent: nobody knows, so that only a person's word ends this. */
  readonly bootId?: string
}

export interface RecordedDrain extends NodeDrain {
  /** Pods that are younger have come in spite of it, and stay. */
  readonly startedAt: Timestamp
}

export interface RecordedTaint extends Taint {
  readonly timeAdded: Timestamp
}

export function nodeKey(node: NodeName): ObjectKey {
  return objectKey('Node', '', node)
}

const NOTHING: NodeMemory = {}

export function nodeMemory(record: ObjectRecord | undefined): NodeMemory {
  const spec = record?.object.spec
  if (typeof spec !== 'object' || spec === null) return NOTHING
  const { drain, drainedSince, fenced, givenUp, loss, taints, unschedulable } = spec as Partial<
    Record<keyof NodeMemory, unknown>
  >
  return {
    ...(isLoss(loss) && { loss }),
    ...(isFence(fenced) && { fenced }),
    ...(typeof givenUp === 'string' && { givenUp }),
    ...(unschedulable === true && { unschedulable }),
    ...(isRecordedDrain(drain) && { drain }),
    ...(typeof drainedSince === 'string' && { drainedSince }),
    ...(Array.isArray(taints) && { taints: taints.filter(isRecordedTaint) }),
  }
}

/** Somebody has said that the node is dead. */
export function isFenced(record: ObjectRecord | undefined): boolean {
  return nodeMemory(record).fenced !== undefined
}

function isRecordedDrain(value: unknown): value is RecordedDrain {
  return typeof value === 'object' && value !== null && 'startedAt' in value
}

function isRecordedTaint(value: unknown): value is RecordedTaint {
  return typeof value === 'object' && value !== null && 'timeAdded' in value && 'key' in value
}

function isLoss(value: unknown): value is NodeLoss {
  return typeof value === 'object' && value !== null && 'heard' in value
}

function isFence(value: unknown): value is NodeFence {
  return typeof value === 'object' && value !== null && 'at' in value && 'by' in value
}

export function remembersNothing({ taints = [], ...rest }: NodeMemory): boolean {
  return taints.length === 0 && Object.values(rest).every((value) => value === undefined)
}

/** The record that says this of the node, to be written over `before`. */
export function nodeRecord(
  node: NodeName,
  memory: NodeMemory,
  commit: string,
  before: ObjectRecord | undefined,
): ObjectRecord {
  return {
    recordVersion: RECORD_VERSION,
    generation: (before?.generation ?? 0) + 1,
    key: nodeKey(node),
    commit,
    object: { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name: node }, spec: memory },
  }
}
