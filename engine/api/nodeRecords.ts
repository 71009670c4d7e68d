import type { NodeDrain, Taint } from './generated/types.ts'
import { type NodeName, type ObjectKey, objectKey, type Timestamp } from './names.ts'
import { type ObjectRecord, RECORD_VERSION } from './records.ts'

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
  /** NoExecute taints of the commit: tolerationSeconds count from when they came. */
  readonly taints?: readonly RecordedTaint[]
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
  const { drain, drainedSince, taints, unschedulable } = spec as Partial<Record<keyof NodeMemory, unknown>>
  return {
    ...(unschedulable === true && { unschedulable }),
    ...(isRecordedDrain(drain) && { drain }),
    ...(typeof drainedSince === 'string' && { drainedSince }),
    ...(Array.isArray(taints) && { taints: taints.filter(isRecordedTaint) }),
  }
}

function isRecordedDrain(value: unknown): value is RecordedDrain {
  return typeof value === 'object' && value !== null && 'startedAt' in value
}

function isRecordedTaint(value: unknown): value is RecordedTaint {
  return typeof value === 'object' && value !== null && 'timeAdded' in value && 'key' in value
}

export function remembersNothing({ drain, drainedSince, taints = [], unschedulable }: NodeMemory): boolean {
  return unschedulable !== true && drain === undefined && drainedSince === undefined && taints.length === 0
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
