import type { NodeName } from '../api/names.ts'
import type { ObservedNode } from '../api/snapshot.ts'
import type { PodStep } from './step.ts'
import { after, instant, msBetween } from './time.ts'
import type { PodView } from './view.ts'

/** Whether new connections may be led to an address by some node: also by one of which nobody knows what an engine before has left there. */
export type Serving = (address: string) => boolean

export function servingOf(nodes: ReadonlyMap<NodeName, ObservedNode>): Serving {
  const sets: ReadonlySet<string>[] = []
  for (const { lostSince, serving } of nodes.values()) {
    // One that is silent may answer again before the pod ends, and leads to it as before; one that is lost is not waited for.
    if (lostSince !== undefined) continue
    if (serving === undefined) return () => true
    if (serving.size > 0) sets.push(serving)
  }
  return (address) => sets.some((set) => set.has(address))
}

/** Kubernetes' containers are asked to end at once, and their pods' owners sleep in a preStop hook to get the same. */
const WAIT_MS_MAX = 5_000
/** Of the grace period: what is left is the containers' own. */
const WAIT_SHARE_MAX = 0.5

/**
 * A pod that goes is taken out of its Services first, so that no connection is led to what is about to end. Not for long, should some node not
 * get to it. A pod of the host's network shares its address with others, which may well be served.
 */
export function servedStep(view: PodView, graceMs: number): PodStep | undefined {
  const { context, pod } = view
  const { ip, ip6, record } = pod
  const { deletionTimestamp } = record.pod.metadata
  if (ip === undefined || deletionTimestamp === undefined || record.pod.spec.hostNetwork === true)
    return undefined
  const begun = instant(deletionTimestamp)
  const waitMs = Math.min(WAIT_MS_MAX, graceMs * WAIT_SHARE_MAX)
  const waitedMs = msBetween(begun, context.now)
  // Less than nothing: the clock was set back since.
  if (waitedMs < 0 || waitedMs >= waitMs) return undefined
  const own = ip6 === undefined ? [ip] : [ip, ip6]
  if (!own.some((one) => context.serving?.(one) === true)) return undefined
  return { waiting: 'is being taken out of its Services', requeueAt: after(begun, waitMs) }
}
