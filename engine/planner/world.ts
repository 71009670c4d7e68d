import type { ControllerContext } from '../controllers/decision.ts'
import { memoised } from '../controllers/memo.ts'
import { restoredSet, type SetRecord, setOfRecord } from '../controllers/sets.ts'
import type { PodView } from '../controllers/view.ts'
import type { OwnerReference, Pod, PodCondition, PodStatus } from '../api/generated/types.ts'
import { keyParts, nodeName, type ObjectKey, objectKey, podUid } from '../api/names.ts'
import type { Action, Health, Violation } from '../api/plan.ts'
import type { ObjectRecord, PodRecord } from '../api/records.ts'
import type { DesiredObject, ObservedNode, ObservedPod, Snapshot } from '../api/snapshot.ts'
import type { PodContext } from '../kubelet/context.ts'
import { podHealth } from '../kubelet/health.ts'
import { podStatus } from '../kubelet/status.ts'
import { childrenOf, wantedObjects } from './wanted.ts'

/** A pod of the snapshot, as controllers and as the kubelet look at it. */
export interface WorldPod {
  readonly view: PodView
  readonly observed: ObservedPod
  readonly context: PodContext
  /** The object that is answerable for it: a Deployment for its ReplicaSets' pods, else the pod's controller, else the pod itself. */
  readonly object: ObjectKey
  readonly owner: OwnerReference | undefined
}

/** The snapshot, put in order once: everything that is asked of it while planning is an index here. */
export interface World {
  readonly snapshot: Snapshot
  readonly context: ControllerContext
  /** By key. */
  readonly pods: readonly WorldPod[]
  /** By their controller's uid. */
  readonly owned: ReadonlyMap<string, readonly PodView[]>
  /** By the object that is answerable for them, those aside that another object of the same name left behind. */
  readonly byObject: ReadonlyMap<ObjectKey, readonly PodView[]>
  /** Records of what an object made (revisions, Jobs), by that object; by key. */
  readonly children: ReadonlyMap<ObjectKey, readonly ObjectRecord[]>
  /** The commit's objects, and what was made from them and wants pods itself: a CronJob's Jobs. */
  readonly wanted: ReadonlyMap<ObjectKey, DesiredObject>
  /** By Deployment, oldest first. */
  readonly sets: ReadonlyMap<ObjectKey, readonly SetRecord[]>
  /** Why nobody knows all pods that there are: nothing may be made while it may be there already. A sentence each. */
  readonly unread: readonly string[]
  readonly violations: readonly Violation[]
}

export function worldOf(snapshot: Snapshot, now: Temporal.Instant): World {
  const unread = unreadPods(snapshot)
  const context = {
    now,
    nowMs: now.epochMilliseconds,
    commit: snapshot.desired.commit,
    unread: unread.length > 0,
  }
  const violations: Violation[] = []
  const records = withRestored(setRecords(snapshot), snapshot)
  const pods: WorldPod[] = []
  for (const node of inOrder([...snapshot.observed.nodes.values()], (node) => node.name)) {
    for (const pod of podsOf(node, snapshot))
      pods.push(worldPod(pod, node, snapshot, now, records, violations))
  }
  const ordered = inOrder(pods, ({ view }) => view.key)
  const sets = Map.groupBy(records.values(), (set) => set.deployment)
  return {
    snapshot,
    context,
    pods: ordered,
    ...indicesOf(ordered, snapshot),
    children: childrenOf(snapshot),
    wanted: wantedObjects(snapshot),
    sets: new Map(
      [...sets].map(([key, group]) => [key, inOrder(group, (set) => `${set.created} ${set.name}`)]),
    ),
    unread,
    violations,
  }
}

/** By uid. */
function setRecords({ records }: Snapshot): ReadonlyMap<string, SetRecord> {
  const sets = new Map<string, SetRecord>()
  for (const record of records.values()) {
    const set = setOfRecord(record)
    if (set !== undefined) sets.set(set.uid, set)
  }
  return sets
}

/** Sets whose records are lost and whose pods run on, for the Deployments of the commit. */
function withRestored(
  known: ReadonlyMap<string, SetRecord>,
  { desired, observed, records }: Snapshot,
): ReadonlyMap<string, SetRecord> {
  const sets = new Map(known)
  for (const node of observed.nodes.values()) {
    for (const { record } of node.pods.values()) {
      const { namespace, owner } = identityOf(record)
      if (owner === undefined || sets.has(owner.uid)) continue
      // A record that is there under this name is another set's.
      if (records.has(objectKey('ReplicaSet', namespace, owner.name))) continue
      const key = objectKey('Deployment', namespace, owner.name.slice(0, owner.name.lastIndexOf('-')))
      const written = desired.objects.get(key)?.written
      if (written?.kind !== 'Deployment') continue
      const set = restoredSet(key, written, record.pod, owner, desired.commit)
      if (set !== undefined) sets.set(set.uid, set)
    }
  }
  return sets
}

function controllerOf({ metadata }: Pod): OwnerReference | undefined {
  return metadata.ownerReferences?.find((reference) => reference.controller === true)
}

/** With work under way laid over it: what is being made is there already, what is being written is the record. */
function podsOf(node: ObservedNode, { busy }: Snapshot): readonly ObservedPod[] {
  const pods: ObservedPod[] = []
  for (const pod of node.pods.values()) pods.push(laidOver(pod, busy.get(identityOf(pod.record).uid)))
  for (const action of busy.values()) {
    if (action.kind !== 'createPod' || action.node !== node.name || node.pods.has(action.uid)) continue
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

function worldPod(
  observed: ObservedPod,
  node: ObservedNode,
  snapshot: Snapshot,
  now: Temporal.Instant,
  sets: ReadonlyMap<string, SetRecord>,
  violations: Violation[],
): WorldPod {
  const { deleting, key, label, namespace, owner, uid } = identityOf(observed.record)
  const busy = snapshot.busy.get(uid)
  const context: PodContext = {
    now,
    node,
    desired: snapshot.desired,
    ...(busy !== undefined && { busy }),
  }
  const object = owner === undefined ? key : ownerKey(owner, namespace, sets)
  const { health, status } = readPod(observed, context, object, violations)
  const { phase } = status
  const view: PodView = {
    uid,
    key,
    label,
    node: node.name,
    record: observed.record,
    status,
    reachable: node.reachable,
    busy,
    deleting,
    finished: phase === 'Succeeded' || phase === 'Failed',
    // Whether a pod on a silent node is ready nobody knows, so nobody may count on it.
    ready: node.reachable && isReady(status.conditions),
    readyOnRecord: isReady(node.pods.get(uid)?.record.conditions),
    health,
    ...(observed.usage !== undefined && { usage: observed.usage }),
  }
  return { view, observed, context, object, owner }
}

interface Identity extends Pick<PodView, 'uid' | 'key' | 'label' | 'deleting'> {
  readonly namespace: string
  readonly owner: OwnerReference | undefined
}

/** Kept from plan to plan, as is the record: texts that are made anew are hashed anew in every map. */
const identityOf = memoised(({ pod }: PodRecord): Identity => {
  const { deletionTimestamp, name = '', namespace = '', uid = '' } = pod.metadata
  return {
    uid: podUid(uid),
    key: objectKey('Pod', namespace, name),
    label: `${namespace}/${name}`,
    deleting: deletionTimestamp !== undefined,
    namespace,
    owner: controllerOf(pod),
  }
})

interface Reading {
  readonly status: PodStatus
  readonly health: Health
}

/** A pod that cannot even be read is our bug: it is reported, its object is left alone, and the rest of the plan goes on. */
function readPod(
  observed: ObservedPod,
  context: PodContext,
  object: ObjectKey,
  violations: Violation[],
): Reading {
  try {
    return { status: podStatus(observed, context), health: podHealth(observed, context) }
  } catch (error) {
    violations.push(thrown(object, error))
    return { status: {}, health: { kind: 'progressing', message: 'its status could not be made' } }
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

function indicesOf(pods: readonly WorldPod[], { records }: Snapshot): Pick<World, 'owned' | 'byObject'> {
  const owned = new Map<string, PodView[]>()
  const byObject = new Map<ObjectKey, PodView[]>()
  for (const pod of pods) {
    if (pod.owner !== undefined) add(owned, pod.owner.uid, pod.view)
    if (!isAnothers(pod, records)) add(byObject, pod.object, pod.view)
  }
  return { owned, byObject }
}

/** Of an object that had this name before: its uid is another one. Which ReplicaSets are a Deployment's is for their records to say. */
export function isAnothers({ object, owner }: WorldPod, records: Snapshot['records']): boolean {
  if (owner === undefined || keyParts(object).kind !== owner.kind) return false
  const uid = records.get(object)?.object.metadata.uid
  return uid !== undefined && uid !== owner.uid
}

function add<K>(groups: Map<K, PodView[]>, key: K, view: PodView): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, [view])
  else group.push(view)
}

function unreadPods({ desired, observed }: Snapshot): readonly string[] {
  const nodes = [...observed.nodes.values()]
  const silent = nodes.filter(({ unlisted }) => unlisted === true).map(({ name }) => name)
  const unseen = desired.nodes
    .map(({ metadata }) => nodeName(metadata.name ?? ''))
    .filter((name) => !observed.nodes.has(name))
  return [
    ...[...silent, ...unseen].toSorted().map((name) => `node ${name} was never read: the pod may be there`),
    ...nodes.flatMap(({ unreadable = [] }) => unreadable.map(mayBeIt)),
  ]
}

function mayBeIt(sentence: string): string {
  return `${sentence}; it may be this pod, which is not made before that one is mended or gone`
}

/** Sorted by key; what is sorted already, as the nodes list it, costs one look. */
export function inOrder<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  let last = ''
  let sorted = true
  for (const item of items) {
    const key = keyOf(item)
    if (key < last) {
      sorted = false
      break
    }
    last = key
  }
  if (sorted) return items
  return items
    .map((item) => ({ item, key: keyOf(item) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ item }) => item)
}
