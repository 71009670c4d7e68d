import type { ObjectMeta, PodSpec } from '../api/generated/types.ts'
import { podUid, type PodUid } from '../api/names.ts'
import type { Labels } from '../api/selectors.ts'
import type { Desired } from '../api/snapshot.ts'
import { createdMs, type PodView } from '../controllers/view.ts'
import type { Placeable } from '../scheduler/pods.ts'
import { loadOf, type NodeLoad, Room } from '../scheduler/room.ts'
import type { NamespaceLabels } from '../scheduler/terms.ts'
import { knownNodes } from './knownNodes.ts'
import type { Priority } from './priorities.ts'
import type { World } from './world.ts'
import type { NodePods, WorldPod } from './worldPods.ts'

type PriorityOf = (spec: PodSpec) => Priority

/**
 * By node, what its pods come to: kept as long as the node's pods are the very same (their priorities follow from the same commit), and
 * nobody of them is to go by this plan.
 */
const loads = new WeakMap<NodePods, NodeLoad>()

/** The nodes with all that is bound to them; what is to go by this plan is going already, and what has ended takes nothing. */
export function roomOf(world: World, going: readonly PodView[], priority: PriorityOf): Room {
  const { snapshot } = world
  const room = new Room(knownNodes(snapshot), namespaceLabels(snapshot.desired))
  const uids = new Set(going.map(({ uid }) => uid))
  const left = new Set(going.map(({ node }) => node))
  const isFixed = ({ object }: WorldPod): boolean => world.off.of(object) !== undefined
  // What is left alone makes room for nobody.
  const priorityOf = (pod: WorldPod): Priority => {
    const own = priority(pod.view.record.pod.spec)
    return world.off.any && isFixed(pod) ? { ...own, value: Number.MAX_SAFE_INTEGER } : own
  }
  for (const [name, node] of world.byNode) {
    const number = room.numberOf(name)
    if (number === undefined || node.pods.length === 0) continue
    const load = (): NodeLoad => loadOfNode(node, uids, priorityOf)
    const isNew = left.has(name) || (world.off.any && node.pods.some(isFixed))
    room.load(number, isNew ? load() : loads.getOrInsertComputed(node, load))
  }
  return room
}

type PriorityOfPod = (pod: WorldPod) => Priority

function loadOfNode({ pods }: NodePods, going: ReadonlySet<PodUid>, priority: PriorityOfPod): NodeLoad {
  const bound = pods.filter(({ view }) => !view.finished)
  const parts = bound.map((pod) => ({
    spec: pod.view.record.pod.spec,
    owner: pod.owner?.uid,
    deleting: pod.view.deleting || going.has(pod.view.uid),
    priority: priority(pod).value,
  }))
  return loadOf(parts, () => bound.map((pod) => boundPod(pod, going, priority)))
}

function boundPod(pod: WorldPod, going: ReadonlySet<PodUid>, priority: PriorityOfPod): Placeable {
  const { owner, view } = pod
  const { metadata, spec } = view.record.pod
  return {
    ...placeable(metadata, spec, owner?.uid, () => priority(pod)),
    uid: view.uid,
    deleting: view.deleting || going.has(view.uid),
    createdMs: createdMs(view),
  }
}

export function placeable(
  { labels, namespace, uid }: ObjectMeta,
  spec: PodSpec,
  owner: string | undefined,
  priority: PriorityOf,
): Placeable {
  const { mayPreempt, value } = priority(spec)
  return {
    uid: podUid(uid ?? ''),
    namespace: namespace ?? '',
    labels: labels ?? NO_LABELS,
    spec,
    owner,
    priority: value,
    mayPreempt,
    deleting: false,
    createdMs: 0,
  }
}

const NO_LABELS: Labels = {}

function namespaceLabels({ objects }: Desired): NamespaceLabels {
  const known = new Map<string, Labels>()
  for (const { object } of objects.values()) {
    if (object.kind !== 'Namespace') continue
    const name = object.metadata.name ?? ''
    known.set(name, { ...object.metadata.labels, 'kubernetes.io/metadata.name': name })
  }
  return (namespace) => known.get(namespace) ?? { 'kubernetes.io/metadata.name': namespace }
}
