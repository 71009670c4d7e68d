import type { OwnerReference, PodCondition, PodStatus } from '../api/generated/types.ts'
import { claimsOf } from '../api/claims.ts'
import { type NodeName, type ObjectKey, objectKey, podUid } from '../api/names.ts'
import type { Action, Health, PodVerdict, StatusReport, Violation } from '../api/plan.ts'
import type { PodRecord } from '../api/records.ts'
import type { ObservedNode, ObservedPod, Snapshot } from '../api/snapshot.ts'
import { controllerOf } from '../api/owners.ts'
import { memoised } from '../api/memo.ts'
import { isTracked } from '../controllers/job/counts.ts'
import type { SetRecord } from '../controllers/replicaset/sets.ts'
import type { PodView } from '../controllers/view.ts'
import type { PodContext } from '../kubelet/context.ts'
import { podHealth } from '../kubelet/health.ts'
import { servingOf } from '../kubelet/serving.ts'
import { podStatus } from '../kubelet/status.ts'
import { viewOf } from '../kubelet/view.ts'

/** A pod of the snapshot, as controllers and as the kubelet look at it. */
export interface WorldPod {
  readonly view: PodView
  readonly observed: ObservedPod
  readonly context: PodContext
  /** The object that is answerable for it: a Deployment for its ReplicaSets' pods, else the pod's controller, else the pod itself. */
  readonly object: ObjectKey
  readonly owner: OwnerReference | undefined
  /** Nothing about it follows from the time: as long as pod, node and commit are the very same objects, so is all that is made of them. */
  readonly timeless: boolean
  /** What was made of it alone, kept while this very object is: only of a pod about which nothing follows from the time. */
  readonly memo: { verdict: PodVerdict | undefined; report: StatusReport | undefined }
}

/** The pods of one node, in its own order. */
export interface NodePods {
  readonly node: ObservedNode
  readonly pods: readonly WorldPod[]
  /** Those that use claims. */
  readonly claimants: readonly WorldPod[]
  /** Nothing is under way here, and nothing about these pods follows from the time. */
  readonly quiet: boolean
}

/** What is under way, by node. */
export type BusyNodes = ReadonlyMap<NodeName, readonly Action[]>

const NONE: readonly WorldPod[] = []

export function nodePods(
  node: ObservedNode,
  busy: BusyNodes,
  snapshot: Snapshot,
  now: Temporal.Instant,
  sets: ReadonlyMap<string, SetRecord>,
  violations: Violation[],
): NodePods {
  const before = violations.length
  const context = { now, node, desired: snapshot.desired, serving: serving(snapshot.observed.nodes) }
  const actions = busy.get(node.name) ?? []
  const pods = podsOf(node, actions, snapshot).map((pod) =>
    worldPod(pod, context, snapshot, sets, violations),
  )
  const claimants = pods.filter(usesClaims)
  const quiet = actions.length === 0 && violations.length === before && pods.every(({ timeless }) => timeless)
  return { node, pods, claimants: claimants.length === 0 ? NONE : claimants, quiet }
}

const serving = memoised(servingOf)

/** Most pods have no volumes at all. */
function usesClaims({ view }: WorldPod): boolean {
  const { metadata, spec } = view.record.pod
  return spec.volumes !== undefined && claimsOf(metadata.name ?? '', spec).length > 0
}

export function busyNodes({ busy }: Snapshot): BusyNodes {
  const found = new Map<NodeName, Action[]>()
  for (const action of busy.values()) {
    if ('node' in action) found.getOrInsertComputed(action.node, () => []).push(action)
  }
  return found
}

function worldPod(
  observed: ObservedPod,
  quiet: PodContext,
  snapshot: Snapshot,
  sets: ReadonlyMap<string, SetRecord>,
  violations: Violation[],
): WorldPod {
  const { deleting, key, label, namespace, owner, uid } = identityOf(observed.record)
  const { node } = quiet
  const busy = snapshot.busy.size === 0 ? undefined : snapshot.busy.get(uid)
  const onRecord = busy === undefined ? observed.record : node.pods.get(uid)?.record
  const context: PodContext = busy === undefined ? quiet : { ...quiet, busy }
  const object = owner === undefined ? key : ownerKey(owner, namespace, sets)
  const { health, status, timeless } = readPod(observed, context, object, violations)
  const { phase } = status
  const evicted = node.evicted?.has(uid) === true
  const givenUp = node.givenUp?.has(uid) === true
  const isReadyNow = isReady(status.conditions)
  const view: PodView = {
    uid,
    key,
    label,
    node: node.name,
    record: observed.record,
    status,
    reachable: node.reachable,
    busy,
    deleting: deleting || evicted,
    deletingOnRecord: evicted || onRecord?.pod.metadata.deletionTimestamp !== undefined,
    evicted,
    givenUp,
    finished: phase === 'Succeeded' || phase === 'Failed',
    // Whether a pod on a silent node is ready nobody knows, so nobody may count on it.
    ready: node.reachable && isReadyNow,
    serving: isReadyNow,
    readyOnRecord: isReady(onRecord?.conditions),
    health,
    ...(observed.usage !== undefined && { usage: observed.usage }),
  }
  const memo = { verdict: undefined, report: undefined }
  return { view, observed, context, object, owner, timeless: timeless && !evicted, memo }
}

/** Others have its place, and by its node's own record it is not on its way yet. */
export function isStillToGo({ view }: WorldPod, { pods }: ObservedNode): boolean {
  return view.evicted && pods.get(view.uid)?.record.pod.metadata.deletionTimestamp === undefined
}

/** Nothing is known of its end that may count, and its own record does not say so yet. */
export function isStillToUncount({ view }: WorldPod): boolean {
  return view.givenUp && isTracked(view)
}

interface Identity extends Pick<PodView, 'uid' | 'key' | 'label' | 'deleting'> {
  readonly namespace: string
  readonly owner: OwnerReference | undefined
}

/** Kept from plan to plan, as is the record: texts that are made anew are hashed anew in every map. */
export const identityOf = memoised(({ pod }: PodRecord): Identity => {
  const { deletionTimestamp, name = '', namespace = '', uid = '' } = pod.metadata
  return {
    uid: podUid(uid),
    key: objectKey('Pod', namespace, name),
    label: `${namespace}/${name}`,
    deleting: deletionTimestamp !== undefined,
    namespace,
    owner: controllerOf(pod.metadata),
  }
})

interface Reading {
  readonly status: PodStatus
  readonly health: Health
  readonly timeless: boolean
}

/** A pod that cannot even be read is our bug: it is reported, its object is left alone, and the rest of the plan goes on. */
function readPod(
  observed: ObservedPod,
  context: PodContext,
  object: ObjectKey,
  violations: Violation[],
): Reading {
  try {
    const timeless = context.busy === undefined && viewOf(observed, context).steady
    return { status: podStatus(observed, context), health: podHealth(observed, context), timeless }
  } catch (error) {
    violations.push(thrown(object, error))
    const health: Health = { kind: 'progressing', message: 'its status could not be made' }
    return { status: {}, health, timeless: false }
  }
}

export function thrown(object: ObjectKey, error: unknown): Violation {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { invariant: 'planning throws nothing', object, message }
}

function isReady(conditions: readonly PodCondition[] = []): boolean {
  for (const { status, type } of conditions) if (type === 'Ready') return status === 'True'
  return false
}

function ownerKey(owner: OwnerReference, namespace: string, sets: ReadonlyMap<string, SetRecord>): ObjectKey {
  return sets.get(owner.uid)?.deployment ?? objectKey(owner.kind, namespace, owner.name)
}

/** With work under way laid over it: what is being made is there already, what is being written is the record. */
function podsOf(node: ObservedNode, actions: readonly Action[], { busy }: Snapshot): readonly ObservedPod[] {
  const pods: ObservedPod[] = []
  if (actions.length === 0) pods.push(...node.pods.values())
  else for (const pod of node.pods.values()) pods.push(laidOver(pod, busy.get(identityOf(pod.record).uid)))
  for (const action of actions) {
    if (action.kind !== 'createPod' || node.pods.has(action.uid)) continue
    pods.push({
      record: action.record,
      sandbox: 'absent',
      containers: new Map(),
      probes: new Map(),
      failures: new Map(),
    })
  }
  return pods
}

function laidOver(pod: ObservedPod, busy: Action | undefined): ObservedPod {
  const record = busy === undefined ? undefined : podRecordOf(busy)
  if (record === undefined || record.generation <= pod.record.generation) return pod
  return { ...pod, record }
}

function podRecordOf(action: Action): PodRecord | undefined {
  switch (action.kind) {
    case 'createPod':
    case 'updatePod':
    case 'mendPod':
    case 'resizePod':
    case 'deletePod':
    case 'runPostStart':
    case 'stopContainers':
    case 'releasePod':
      return action.record
    case 'startContainers':
    case 'updateVolumes':
    case 'removePod':
    case 'writeRecord':
    case 'deleteRecord':
    case 'deleteClaim':
      return undefined
    default:
      return action satisfies never
  }
}
