import type { Pod, PodStatus } from '../api/generated/types.ts'
import { nodeName, type NodeName, type ObjectKey } from '../api/names.ts'
import type { CreatePod, StatusReport } from '../api/plan.ts'
import { type PodRecord, RECORD_VERSION } from '../api/records.ts'
import type { ObservedNode, Snapshot } from '../api/snapshot.ts'
import type { Decision, PodWish } from '../controllers/decision.ts'
import { addPod, emptyLoad, type NodeState, type Placeable } from '../scheduler/nodes.ts'
import { placementOf } from '../scheduler/schedule.ts'
import { inOrder, type World } from './world.ts'

/** A pod that is wanted and cannot be made now. */
export interface Pending {
  readonly wish: PodWish
  readonly object: ObjectKey
  readonly message: string
}

export interface Placements {
  readonly creates: readonly CreatePod[]
  readonly pending: readonly Pending[]
}

/** A node for every pod that is wanted, one after the other: each sees those that were placed before it. */
export function place(decisions: readonly Decision[], world: World): Placements {
  const creates: CreatePod[] = []
  const pending: Pending[] = []
  const names = new Set<ObjectKey>()
  let nodes: readonly NodeState[] | undefined
  for (const { creates: wishes, object } of decisions) {
    for (const wish of wishes) {
      const [unread] = world.unread
      if (unread !== undefined) {
        pending.push({ wish, object, message: unread })
        continue
      }
      if (nodes === undefined) {
        nodes = nodeStates(world)
        for (const { view } of world.pods) names.add(view.key)
      }
      // A Pod of the commit may be named like one that a Deployment made.
      if (names.has(wish.key)) {
        pending.push({ wish, object, message: 'another pod has its name' })
        continue
      }
      names.add(wish.key)
      const pod = placeable(wish)
      const placement = placementOf(pod, nodes)
      if (placement.kind === 'none') {
        pending.push({ wish, object, message: placement.message })
        continue
      }
      const target = nodes.find(({ name }) => name === placement.node)
      if (target !== undefined) addPod(target.load, pod)
      creates.push(createPod(wish, object, placement.node, world.context.commit))
    }
  }
  return { creates, pending }
}

function placeable({ metadata, spec }: PodWish): Placeable {
  return { spec, owner: metadata.ownerReferences?.[0]?.uid }
}

function createPod(wish: PodWish, object: ObjectKey, node: NodeName, commit: string): CreatePod {
  const record: PodRecord = {
    recordVersion: RECORD_VERSION,
    generation: 1,
    node,
    commit,
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: wish.metadata, spec: wish.spec },
    conditions: [],
    containers: {},
  }
  return { kind: 'createPod', node, uid: wish.uid, pod: wish.label, object, reason: wish.reason, record }
}

/** The nodes of the commit; without any, all that were observed. */
function nodeStates({ pods, snapshot }: World): readonly NodeState[] {
  const states = candidates(snapshot)
  const byName = new Map(states.map((state) => [state.name, state]))
  for (const { owner, view } of pods) {
    const state = byName.get(view.node)
    if (state !== undefined) addPod(state.load, { spec: view.record.pod.spec, owner: owner?.uid })
  }
  return states
}

function candidates({ desired, observed }: Snapshot): readonly NodeState[] {
  if (desired.nodes.length === 0) {
    const all = inOrder([...observed.nodes.values()], ({ name }) => name)
    return all.map((node) => nodeState(node.name, node, {}, false))
  }
  const named = inOrder(desired.nodes, ({ metadata }) => metadata.name ?? '')
  return named.map(({ metadata, spec }) => {
    const name = nodeName(metadata.name ?? '')
    return nodeState(name, observed.nodes.get(name), metadata.labels ?? {}, spec?.unschedulable === true)
  })
}

function nodeState(
  name: NodeName,
  node: ObservedNode | undefined,
  labels: Readonly<Record<string, string>>,
  unschedulable: boolean,
): NodeState {
  return {
    name,
    reachable: node?.reachable === true,
    unschedulable,
    labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...labels },
    podsMax: node?.info?.podsMax ?? 0,
    load: emptyLoad(),
  }
}

/** The official Pod that waits for a node. */
export function pendingReport({ wish, message }: Pending): StatusReport {
  const status: PodStatus = {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
  }
  const object: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: wish.metadata, spec: wish.spec, status }
  return { key: wish.key, health: { kind: 'progressing', message }, status, object }
}
