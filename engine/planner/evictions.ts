import type { Taint, Toleration } from '../api/generated/types.ts'
import { EVICTION_TIMEOUT_S, UNREACHABLE } from '../api/nodeLoss.ts'
import type { NodeName, ObjectKey, PodUid } from '../api/names.ts'
import { nodeKey, nodeMemory } from '../api/nodeRecords.ts'
import { DRIVES_OUT, staySeconds, taintText, tolerates } from '../api/taints.ts'
import { type Decision, nothing, type PodDeletion, type PodNote } from '../controllers/decision.ts'
import { withoutTracking } from '../controllers/job/counts.ts'
import { canBeDeleted, createdMs } from '../controllers/view.ts'
import { knownNodes } from './knownNodes.ts'
import { isReplaceable } from './replaceable.ts'
import type { World } from './world.ts'
import { isStillToGo, type WorldPod } from './worldPods.ts'

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

export interface Evictions {
  readonly decisions: readonly Decision[]
  /** What others have taken the place of, on nodes that answer again. It goes also where its object is left alone: it was gone already. */
  readonly returned: readonly Decision[]
  /** By node that does not answer: pods whose place others may take from now on, though nobody can end them yet. */
  readonly replaced: ReadonlyMap<NodeName, readonly PodUid[]>
}

/**
 * Pods that a NoExecute taint drives from their nodes, at once or when their tolerationSeconds are over; each deletion is its object's. A node
 * that does not answer has such a taint: its pods are deleted once it answers, and others take their place meanwhile.
 * Source: pkg/controller/tainteviction.
 */
export function evictions(dated: DatedTaints, world: World): Evictions {
  const driven = new Found()
  const returned = new Found()
  for (const { node, pods } of world.byNode.values()) {
    if (node.evicted !== undefined && node.reachable)
      for (const pod of pods) if (isStillToGo(pod, node)) returned.addReturned(pod)
    const taints = dated.get(node.name)
    if (taints !== undefined) for (const pod of pods) driven.addTainted(pod, taints, world)
  }
  return { decisions: driven.decisions(), returned: returned.decisions(), replaced: driven.replaced }
}

interface Entry {
  readonly deletes: PodDeletion[]
  readonly notes: PodNote[]
  requeueAtMs: number
}

class Found {
  readonly replaced = new Map<NodeName, PodUid[]>()
  readonly #entries = new Map<ObjectKey, Entry>()

  addTainted(pod: WorldPod, taints: readonly DatedTaint[], world: World): void {
    const { view } = pod
    if (view.deleting || view.finished) return
    const leavesAtMs = leaveTime(pod, taints, world)
    if (!Number.isFinite(leavesAtMs)) return
    const entry = this.#entry(pod.object)
    if (leavesAtMs > world.context.nowMs) entry.requeueAtMs = Math.min(entry.requeueAtMs, leavesAtMs)
    else if (view.reachable) entry.deletes.push(eviction(pod, taints))
    else if (world.off.of(pod.object) === undefined)
      this.replaced.getOrInsertComputed(view.node, () => []).push(view.uid)
  }

  /** Its node answers, and has it still. */
  addReturned({ object, view }: WorldPod): void {
    const reason = `another pod has taken its place while node ${view.node} did not answer`
    const { deletes, notes } = this.#entry(object)
    const finalizers = view.givenUp ? withoutTracking(view) : undefined
    if (canBeDeleted(view))
      deletes.push({
        pod: view,
        reason,
        bucket: 'delete',
        disrupts: 'taint',
        ...(finalizers !== undefined && { finalizers }),
      })
    else
      notes.push({
        pod: view,
        bucket: 'wait',
        reason: `${reason}: goes once ${view.busy?.kind ?? 'it'} is done`,
      })
  }

  decisions(): readonly Decision[] {
    return [...this.#entries].map(([object, entry]) => ({ ...nothing(object), ...entry }))
  }

  #entry(object: ObjectKey): Entry {
    return this.#entries.getOrInsertComputed(object, () => ({
      deletes: [],
      notes: [],
      requeueAtMs: Number.POSITIVE_INFINITY,
    }))
  }
}

/** The soonest over all taints. A pod that came after a taint may stay as long as it tolerates it. */
function leaveTime(pod: WorldPod, taints: readonly DatedTaint[], world: World): number {
  const { view } = pod
  let soonest = Number.POSITIVE_INFINITY
  for (const { sinceMs, taint } of taints) {
    // Of one that does not answer nothing can be driven out; others may take the place of what is one of many.
    if (!view.reachable && (taint.key !== UNREACHABLE || !isReplaceable(pod, world))) continue
    const from = Math.max(sinceMs, createdMs(view))
    soonest = Math.min(soonest, from + stayFor(pod, taint, world) * 1000)
  }
  return soonest
}

/** Kubernetes gives each new pod a toleration of this taint, for that long; here it counts as if the pod had it. */
function stayFor({ view }: WorldPod, taint: Taint, { snapshot }: World): number {
  const tolerations: readonly Toleration[] = view.record.pod.spec.tolerations ?? []
  if (taint.key !== UNREACHABLE || tolerations.some((one) => tolerates(one, taint)))
    return staySeconds(tolerations, [taint])
  return snapshot.desired.cluster.spec?.podEvictionTimeoutSeconds ?? EVICTION_TIMEOUT_S
}

function eviction({ view }: WorldPod, taints: readonly DatedTaint[]): PodDeletion {
  const texts = taints.map(({ taint }) => taintText(taint)).join(', ')
  const reason = `TaintManagerEviction: node ${view.node} has taint ${texts}`
  return { pod: view, reason, bucket: 'delete', disrupts: 'taint' }
}
