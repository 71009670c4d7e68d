import type { Taint, Toleration } from '../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey } from '../api/names.ts'
import type { NodeFacts } from '../api/nodes.ts'
import type { RecordAction } from '../api/plan.ts'
import { type ObjectRecord, RECORD_VERSION } from '../api/records.ts'
import { DRIVES_OUT, staySeconds } from '../api/taints.ts'
import { type Decision, nothing, type PodDeletion, timestamp } from '../controllers/decision.ts'
import { createdMs } from '../controllers/view.ts'
import { knownNodes } from './knownNodes.ts'
import type { World } from './world.ts'
import type { WorldPod } from './worldPods.ts'

/** A taint and since when the node has it: tolerationSeconds count from there. */
interface DatedTaint {
  readonly taint: Taint
  readonly sinceMs: number
}

/**
 * Pods that a NoExecute taint drives from their nodes, at once or when their tolerationSeconds are over; each deletion is its object's.
 * When a taint came is in no commit, so it is recorded, in the node's record. Source: pkg/controller/tainteviction.
 */
export function evictions(world: World): readonly Decision[] {
  const tainted = knownNodes(world.snapshot).filter(({ taints }) => taints.some(drivesOut))
  const records = recordedNodes(world)
  if (tainted.length === 0 && records.size === 0) return []
  const decisions: Decision[] = []
  const dated = new Map<string, readonly DatedTaint[]>()
  for (const node of tainted) {
    const key = objectKey('Node', '', node.name)
    const record = records.get(key)
    records.delete(key)
    const taints = datedTaints(node, record, world)
    dated.set(node.name, taints)
    const written = nodeRecord(key, taints, record, world)
    if (written !== undefined) decisions.push({ ...nothing(key), records: [written] })
  }
  for (const key of records.keys()) {
    const reason = 'has no NoExecute taint any more'
    decisions.push({ ...nothing(key), records: [{ kind: 'deleteRecord', object: key, key, reason }] })
  }
  return [...decisions, ...deletions(dated, world)]
}

function drivesOut({ effect }: Taint): boolean {
  return DRIVES_OUT.has(effect)
}

function recordedNodes({ snapshot }: World): Map<ObjectKey, ObjectRecord> {
  const nodes = [...snapshot.records.values()].filter(({ object }) => object.kind === 'Node')
  return new Map(nodes.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map((record) => [record.key, record]))
}

function datedTaints(
  { taints }: NodeFacts,
  record: ObjectRecord | undefined,
  { context }: World,
): readonly DatedTaint[] {
  const known = new Map(recordedTaints(record).map((taint) => [taintText(taint), taint.timeAdded]))
  return taints.filter(drivesOut).map((taint) => {
    const since = known.get(taintText(taint))
    return { taint, sinceMs: since === undefined ? context.nowMs : Date.parse(since) }
  })
}

function taintText({ effect, key, value }: Taint): string {
  return `${key}=${value ?? ''}:${effect}`
}

interface RecordedTaint extends Taint {
  readonly timeAdded: string
}

function recordedTaints(record: ObjectRecord | undefined): readonly RecordedTaint[] {
  const spec = record?.object.spec
  if (typeof spec !== 'object' || spec === null || !('taints' in spec) || !Array.isArray(spec.taints))
    return []
  return spec.taints.filter(isRecordedTaint)
}

function isRecordedTaint(value: unknown): value is RecordedTaint {
  return typeof value === 'object' && value !== null && 'timeAdded' in value && 'key' in value
}

/** Undefined when it holds that already. */
function nodeRecord(
  key: ObjectKey,
  taints: readonly DatedTaint[],
  record: ObjectRecord | undefined,
  { context }: World,
): RecordAction | undefined {
  const before = recordedTaints(record).map(taintText)
  const texts = taints.map(({ taint }) => taintText(taint))
  if (record !== undefined && before.length === texts.length && texts.every((text) => before.includes(text)))
    return undefined
  const { name } = keyParts(key)
  const spec = {
    taints: taints.map(({ sinceMs, taint }) => ({
      ...taint,
      timeAdded: timestamp(Temporal.Instant.fromEpochMilliseconds(sinceMs)),
    })),
  }
  const next: ObjectRecord = {
    recordVersion: RECORD_VERSION,
    generation: (record?.generation ?? 0) + 1,
    key,
    commit: context.commit,
    object: { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name }, spec },
  }
  return { kind: 'writeRecord', object: key, record: next, reason: `since when it has ${texts.join(', ')}` }
}

function deletions(dated: ReadonlyMap<string, readonly DatedTaint[]>, world: World): readonly Decision[] {
  const { nowMs } = world.context
  const found = new Map<ObjectKey, { readonly deletes: PodDeletion[]; requeueAtMs: number }>()
  for (const pod of world.pods) {
    const taints = dated.get(pod.view.node)
    if (taints === undefined || pod.view.deleting || pod.view.finished) continue
    const leavesAtMs = leaveTime(pod, taints)
    if (!Number.isFinite(leavesAtMs)) continue
    const entry = found.getOrInsertComputed(pod.object, () => ({
      deletes: [],
      requeueAtMs: Number.POSITIVE_INFINITY,
    }))
    if (leavesAtMs > nowMs) entry.requeueAtMs = Math.min(entry.requeueAtMs, leavesAtMs)
    else entry.deletes.push(eviction(pod, taints))
  }
  return [...found].map(([object, entry]) => ({ ...nothing(object), ...entry }))
}

/** The soonest over all taints. A pod that came after a taint may stay as long as it tolerates it. */
function leaveTime({ view }: WorldPod, taints: readonly DatedTaint[]): number {
  const tolerations: readonly Toleration[] = view.record.pod.spec.tolerations ?? []
  let soonest = Number.POSITIVE_INFINITY
  for (const { sinceMs, taint } of taints) {
    const from = Math.max(sinceMs, createdMs(view))
    soonest = Math.min(soonest, from + staySeconds(tolerations, [taint]) * 1000)
  }
  return soonest
}

function eviction({ view }: WorldPod, taints: readonly DatedTaint[]): PodDeletion {
  const texts = taints.map(({ taint }) => taintText(taint)).join(', ')
  const reason = `TaintManagerEviction: node ${view.node} has taint ${texts}`
  return { pod: view, reason, bucket: 'delete', disrupts: 'taint' }
}
