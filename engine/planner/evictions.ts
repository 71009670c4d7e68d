import type { Taint, Toleration } from '../api/generated/types.ts'
import type { NodeName, ObjectKey } from '../api/names.ts'
import { nodeKey, nodeMemory } from '../api/nodeRecords.ts'
import { DRIVES_OUT, staySeconds } from '../api/taints.ts'
import { type Decision, nothing, type PodDeletion } from '../controllers/decision.ts'
import { createdMs } from '../controllers/view.ts'
import { knownNodes } from './knownNodes.ts'
import type { World } from './world.ts'
import type { WorldPod } from './worldPods.ts'

/** A taint and since when the node has it: tolerationSeconds count from there. */
export interface DatedTaint {
  readonly taint: Taint
  readonly sinceMs: number
}

/** By node that has any. */
export type DatedTaints = ReadonlyMap<NodeName, readonly DatedTaint[]>

/** NoExecute taints. When a taint came is in no commit, so it is recorded, in the node's record. */
export function datedTaints({ context, snapshot }: World): DatedTaints {
  const tainted = knownNodes(snapshot).filter(({ taints }) => taints.some(drivesOut))
  return new Map(
    tainted.map(({ name, taints }) => {
      const recorded = nodeMemory(snapshot.records.get(nodeKey(name))).taints ?? []
      const known = new Map(recorded.map((taint) => [taintText(taint), taint.timeAdded]))
      const dated = taints.filter(drivesOut).map((taint): DatedTaint => {
        const since = known.get(taintText(taint))
        return { taint, sinceMs: since === undefined ? context.nowMs : Date.parse(since) }
      })
      return [name, dated]
    }),
  )
}

function drivesOut({ effect }: Taint): boolean {
  return DRIVES_OUT.has(effect)
}

function taintText({ effect, key, value }: Taint): string {
  return `${key}=${value ?? ''}:${effect}`
}

/**
 * Pods that a NoExecute taint drives from their nodes, at once or when their tolerationSeconds are over; each deletion is its object's.
 * Source: pkg/controller/tainteviction.
 */
export function evictions(dated: DatedTaints, world: World): readonly Decision[] {
  if (dated.size === 0) return []
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
