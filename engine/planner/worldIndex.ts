import { keyParts, type NodeName, type ObjectKey, objectKey } from '../api/names.ts'
import type { Violation } from '../api/plan.ts'
import type { Desired, ObservedNode, Snapshot } from '../api/snapshot.ts'
import { restoredSet, type SetRecord, setOfRecord } from '../controllers/replicaset/sets.ts'
import type { PodView } from '../controllers/view.ts'
import { inOrder, lowerBound, spliced } from './inOrder.ts'
import { busyNodes, identityOf, type NodePods, nodePods, type WorldPod } from './worldPods.ts'

/** All pods of a snapshot, in the orders and groups that planning asks for. */
export interface PodIndex {
  /** By key. */
  readonly pods: readonly WorldPod[]
  /** By their controller's uid. */
  readonly owned: ReadonlyMap<string, readonly PodView[]>
  /** By the object that is answerable for them, those aside that another object of the same name left behind. */
  readonly byObject: ReadonlyMap<ObjectKey, readonly PodView[]>
  /** Of each owner's pods, which have the owner's answerable object in common; by the owner's uid. */
  readonly groups: ReadonlyMap<string, readonly WorldPod[]>
  /** Those without an owner. */
  readonly bare: readonly WorldPod[]
  readonly byNode: ReadonlyMap<NodeName, NodePods>
}

interface Indexed {
  readonly index: PodIndex
  /** By uid. */
  readonly sets: ReadonlyMap<string, SetRecord>
}

interface Memo extends Indexed {
  /** Of objects whose pods name them as their owner: the uid on record, which tells their pods from those of one that had the name before. */
  readonly uids: ReadonlyMap<ObjectKey, string | undefined>
}

/**
 * What the last plan for a commit had. A node that the observer hands out as the very same object, with nothing under way and nothing that
 * follows from the time, has the same pods as before: they are not looked at again, and only what other nodes' pods changed is put into the
 * order and the groups. It is the index that would be made again, since all that it is made from is never changed in place; so the plan
 * stays a function of its arguments. Forgotten with the commit's objects, or when another commit is planned: a memo's pods know the commit that
 * they were last looked at with, and would lead from the first commit, which somebody may still hold, through all others to the last.
 */
const last = new WeakMap<Desired, Memo>()
let newest: WeakRef<Desired> | undefined

function remember(desired: Desired, memo: Memo): void {
  const before = newest?.deref()
  if (before !== desired) {
    if (before !== undefined) last.delete(before)
    newest = new WeakRef(desired)
  }
  last.set(desired, memo)
}

export function indexOf(snapshot: Snapshot, now: Temporal.Instant, violations: Violation[]): Indexed {
  const known = setRecords(snapshot)
  const busy = busyNodes(snapshot)
  const nodes = inOrder([...snapshot.observed.nodes.values()], ({ name }) => name)
  const before = last.get(snapshot.desired)
  const isKept = (node: ObservedNode, memo: Memo | undefined): boolean => {
    const same = memo?.index.byNode.get(node.name)
    return same !== undefined && same.quiet && same.node === node && !busy.has(node.name)
  }
  const looked = nodes.filter((node) => !isKept(node, before))
  const sets = withRestored(known, looked, snapshot)
  const memo = before !== undefined && isStillTrue(before, sets, snapshot) ? before : undefined
  const all = memo === undefined ? withRestored(known, nodes, snapshot) : sets
  const byNode = new Map<NodeName, NodePods>()
  for (const node of nodes) {
    const same = isKept(node, memo) ? memo?.index.byNode.get(node.name) : undefined
    byNode.set(node.name, same ?? nodePods(node, busy, snapshot, now, all, violations))
  }
  const index = (memo === undefined ? undefined : changed(memo, byNode, snapshot)) ?? whole(byNode, snapshot)
  remember(snapshot.desired, { index, sets: all, uids: recordedUids(index, snapshot) })
  return { index, sets: all }
}

/** Who is answerable for a pod has not changed: sets and uids are on record as they were. */
function isStillTrue(
  { sets, uids }: Memo,
  known: ReadonlyMap<string, SetRecord>,
  { records }: Snapshot,
): boolean {
  if (sets.size !== known.size) return false
  for (const [uid, { deployment }] of known) if (sets.get(uid)?.deployment !== deployment) return false
  for (const [key, uid] of uids) if (records.get(key)?.object.metadata.uid !== uid) return false
  return true
}

function recordedUids({ groups }: PodIndex, { records }: Snapshot): Memo['uids'] {
  const uids = new Map<ObjectKey, string | undefined>()
  for (const [pod] of groups.values()) {
    if (pod?.owner === undefined || keyParts(pod.object).kind !== pod.owner.kind) continue
    uids.set(pod.object, records.get(pod.object)?.object.metadata.uid)
  }
  return uids
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
  nodes: readonly ObservedNode[],
  { desired, records }: Snapshot,
): ReadonlyMap<string, SetRecord> {
  const sets = new Map(known)
  for (const node of nodes) {
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

/** Of an object that had this name before: its uid is another one. Which ReplicaSets are a Deployment's is for their records to say. */
export function isAnothers({ object, owner }: WorldPod, records: Snapshot['records']): boolean {
  if (owner === undefined || !object.startsWith(`${owner.kind}/`)) return false
  const uid = records.get(object)?.object.metadata.uid
  return uid !== undefined && uid !== owner.uid
}

function keyOfPod({ view }: WorldPod): ObjectKey {
  return view.key
}

/** One at the most, unless something went very wrong. */
export function podsNamed(key: ObjectKey, { pods }: Pick<PodIndex, 'pods'>): readonly WorldPod[] {
  const found: WorldPod[] = []
  for (let index = lowerBound(pods, keyOfPod, key); index < pods.length; index += 1) {
    const pod = pods[index]
    if (pod?.view.key !== key) break
    found.push(pod)
  }
  return found
}

function whole(byNode: ReadonlyMap<NodeName, NodePods>, { records }: Snapshot): PodIndex {
  const pods = inOrder(
    [...byNode.values()].flatMap((node) => node.pods),
    keyOfPod,
  )
  const owned = new Map<string, PodView[]>()
  const byObject = new Map<ObjectKey, PodView[]>()
  const groups = new Map<string, WorldPod[]>()
  const bare: WorldPod[] = []
  for (const pod of pods) {
    if (pod.owner === undefined) bare.push(pod)
    else {
      add(owned, pod.owner.uid, pod.view)
      add(groups, pod.owner.uid, pod)
    }
    if (!isAnothers(pod, records)) add(byObject, pod.object, pod.view)
  }
  return { pods, owned, byObject, groups, bare, byNode }
}

function add<K, T>(groups: Map<K, T[]>, key: K, item: T): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, [item])
  else group.push(item)
}

/** Above this share it is quicker to put all in order anew. */
const CHANGED_SHARE_MAX = 1 / 8

/** The index before, with the pods of the nodes that changed put in the place of those that they had. */
function changed(
  { index }: Memo,
  byNode: ReadonlyMap<NodeName, NodePods>,
  { records }: Snapshot,
): PodIndex | undefined {
  const removed: WorldPod[] = []
  const added: WorldPod[] = []
  for (const [name, before] of index.byNode) if (byNode.get(name) !== before) removed.push(...before.pods)
  for (const [name, now] of byNode) if (index.byNode.get(name) !== now) added.push(...now.pods)
  if (removed.length === 0 && added.length === 0) return { ...index, byNode }
  if (removed.length + added.length > index.pods.length * CHANGED_SHARE_MAX) return undefined
  const pods = spliced(index.pods, keyOfPod, removed, added)
  const isBare = ({ owner }: WorldPod): boolean => owner === undefined
  const bare = spliced(index.bare, keyOfPod, removed.filter(isBare), added.filter(isBare))
  const groups = regrouped(index.groups, removed, added, ({ owner }) => owner?.uid, keyOfPod, same)
  const view = ({ view }: WorldPod): PodView => view
  const keyOfView = ({ key }: PodView): ObjectKey => key
  const owned = regrouped(index.owned, removed, added, ({ owner }) => owner?.uid, keyOfView, view)
  const objectOf = (pod: WorldPod): ObjectKey | undefined =>
    isAnothers(pod, records) ? undefined : pod.object
  const byObject = regrouped(index.byObject, removed, added, objectOf, keyOfView, view)
  if (pods === undefined || bare === undefined) return undefined
  if (groups === undefined || owned === undefined || byObject === undefined) return undefined
  return { pods, owned, byObject, groups, bare, byNode }
}

function same<T>(item: T): T {
  return item
}

/** Groups that lose or gain nothing stay the very arrays that they were. */
function regrouped<K, T>(
  before: ReadonlyMap<K, readonly T[]>,
  removed: readonly WorldPod[],
  added: readonly WorldPod[],
  groupOf: (pod: WorldPod) => K | undefined,
  keyOf: (item: T) => string,
  of: (pod: WorldPod) => T,
): ReadonlyMap<K, readonly T[]> | undefined {
  const changes = new Map<K, { readonly out: T[]; readonly in: T[] }>()
  const change = (pod: WorldPod): { readonly out: T[]; readonly in: T[] } | undefined => {
    const group = groupOf(pod)
    return group === undefined ? undefined : changes.getOrInsertComputed(group, () => ({ out: [], in: [] }))
  }
  for (const pod of removed) change(pod)?.out.push(of(pod))
  for (const pod of added) change(pod)?.in.push(of(pod))
  if (changes.size === 0) return before
  const groups = new Map(before)
  for (const [group, { out, in: more }] of changes) {
    const next = spliced(groups.get(group) ?? [], keyOf, out, more)
    if (next === undefined) return undefined
    if (next.length === 0) groups.delete(group)
    else groups.set(group, next)
  }
  return groups
}
