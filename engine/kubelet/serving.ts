import type { NodeName } from '../api/names.ts'
import { matchesLabels } from '../api/selectors.ts'
import type { Desired, ObservedNode } from '../api/snapshot.ts'
import type { PodStep } from './step.ts'
import { after, instant, msBetween } from './time.ts'
import type { PodView } from './view.ts'

/** Whether new connections may be led to an address by what some node answers. */
export type Serving = (address: string) => 'yes' | 'no' | 'unknown'

export function servingOf(nodes: ReadonlyMap<NodeName, ObservedNode>): Serving {
  const sets: ReadonlySet<string>[] = []
  let isKnown = true
  for (const { lostSince, serving } of nodes.values()) {
    // One that is silent may answer again before the pod ends, and leads to it as before; one that is lost is not waited for.
    if (lostSince !== undefined) continue
    if (serving === undefined) isKnown = false
    else if (serving.size > 0) sets.push(serving)
  }
  return (address) => {
    if (sets.some((set) => set.has(address))) return 'yes'
    return isKnown ? 'no' : 'unknown'
  }
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
  // before the deletion: the clock was set back since
  const own = ip6 === undefined ? [ip] : [ip, ip6]
  if (waitedMs < 0 || waitedMs >= waitMs || !own.some((one) => isServed(view, one))) return undefined
  return { waiting: 'is being taken out of its Services', requeueAt: after(begun, waitMs) }
}

/** What an engine that has just begun has not applied may be what the one before it did. */
function isServed({ context, pod }: PodView, ip: string): boolean {
  const answer = context.serving?.(ip) ?? 'no'
  if (answer !== 'unknown') return answer === 'yes'
  const { labels = {}, namespace = 'default' } = pod.record.pod.metadata
  return isSelected(context.desired, namespace, labels)
}

function isSelected(
  { objects }: Desired,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): boolean {
  for (const { object } of objects.values()) {
    if (object.kind !== 'Service' || (object.metadata.namespace ?? 'default') !== namespace) continue
    const { selector = {} } = object.spec
    if (Object.keys(selector).length > 0 && matchesLabels(selector, labels)) return true
  }
  return false
}
