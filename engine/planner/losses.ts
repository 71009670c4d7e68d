import { unreachableAtMs } from '../api/nodeLoss.ts'
import { type NodeLoss, type NodeMemory, nodeKey, nodeMemory } from '../api/nodeRecords.ts'
import type { NodeName, PodUid } from '../api/names.ts'
import { controllerOf } from '../api/owners.ts'
import type { Action } from '../api/plan.ts'
import type { ObservedNode, ObservedPod, Snapshot } from '../api/snapshot.ts'
import { timestamp } from '../controllers/decision.ts'
import { withBindings } from './bindings.ts'
import { remembered } from './remembered.ts'

/**
 * The snapshot with what is on record of nodes that do not answer laid over it: what an engine that has begun since has not seen of them,
 * since when they count as unreachable, which of their pods are to go, and what was given up, which is not there any more.
 */
export function withLosses(told: Snapshot, now: Temporal.Instant): Snapshot {
  const snapshot = withBindings(told)
  const { busy, observed, records } = snapshot
  const nodes = new Map<NodeName, ObservedNode>()
  let isSame = true
  for (const [name, node] of observed.nodes) {
    const memory = nodeMemory(records.get(nodeKey(name)))
    const next = node.reachable ? returned(node, memory) : silent(node, memory, now)
    isSame &&= next === node
    nodes.set(name, next)
  }
  if (isSame) return snapshot
  return { ...snapshot, observed: { nodes }, busy: withoutGivenUp(busy, nodes, snapshot) }
}

function silent(
  node: ObservedNode,
  { fenced, givenUp, loss }: NodeMemory,
  now: Temporal.Instant,
): ObservedNode {
  const { unlisted, ...rest } = node
  const silence = silenceOf(loss)
  const isDue = unreachableAtMs(node) <= now.epochMilliseconds
  const lostSince = silence?.since ?? fenced?.at ?? (isDue ? timestamp(now) : undefined)
  const known = unlisted === true && silence?.pods !== undefined ? remembered(silence.pods) : node.pods
  const isUnknown = unlisted === true && silence?.pods === undefined && givenUp === undefined
  return {
    ...rest,
    ...(isUnknown && { unlisted: true }),
    since: silence?.heard ?? node.since,
    pods: givenUp === undefined ? known : withoutOlder(known, givenUp),
    ...(lostSince !== undefined && { lostSince }),
    ...(loss?.evicted !== undefined && { evicted: new Set(loss.evicted) }),
  }
}

/** What is on record of the silence that there is; undefined: nothing yet, or only of one before. */
export function silenceOf(loss: NodeLoss | undefined): NodeLoss | undefined {
  return loss?.answered === true ? undefined : loss
}

/** What others have taken the place of goes, and was not to come back. */
function returned(node: ObservedNode, { givenUp, loss }: NodeMemory): ObservedNode {
  const uids = loss?.evicted ?? []
  const older =
    givenUp === undefined ? [] : [...node.pods].flatMap(([uid, pod]) => (isOlder(pod, givenUp) ? [uid] : []))
  if (uids.length + older.length === 0) return node
  return {
    ...node,
    evicted: new Set([...uids, ...older]),
    ...(older.length > 0 && { givenUp: new Set(older) }),
  }
}

function withoutOlder(
  pods: ReadonlyMap<PodUid, ObservedPod>,
  givenUp: string,
): ReadonlyMap<PodUid, ObservedPod> {
  return new Map([...pods].filter(([, pod]) => !isOlder(pod, givenUp)))
}

/** A DaemonSet's pod is for its node alone: nothing takes its place elsewhere. */
function isOlder({ record }: Pick<ObservedPod, 'record'>, givenUp: string): boolean {
  const { metadata } = record.pod
  if (controllerOf(metadata)?.kind === 'DaemonSet') return false
  return Date.parse(metadata.creationTimestamp ?? givenUp) <= Date.parse(givenUp)
}

/** What was under way on a node that was given up is over, too: nobody will hear how it ended before the node answers. */
function withoutGivenUp(
  busy: Snapshot['busy'],
  nodes: ReadonlyMap<NodeName, ObservedNode>,
  { records }: Snapshot,
): Snapshot['busy'] {
  const isOver = (action: Action): boolean => {
    if (!('node' in action) || nodes.get(action.node)?.reachable !== false) return false
    return nodeMemory(records.get(nodeKey(action.node))).givenUp !== undefined
  }
  return new Map([...busy].filter(([, action]) => !isOver(action)))
}
