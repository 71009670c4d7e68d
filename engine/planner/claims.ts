import { claimOfVolume, claimsOf, copiedClaim, TRASH_KEPT_DAYS } from '../api/claims.ts'
import type { OwnerReference, PersistentVolumeClaim, Volume } from '../api/generated/types.ts'
import { keyParts, type NodeName, type ObjectKey, objectKey, type PodUid } from '../api/names.ts'
import type { RecordAction, WriteRecord } from '../api/plan.ts'
import type { ObjectRecord } from '../api/records.ts'
import {
  boundClaim,
  changedClaim,
  claimProblem,
  claimReport,
  type ClaimSource,
  isForOnePod,
  isFromCommit,
  newClaim,
  selectedNode,
  specOf,
  writtenClaim,
} from '../controllers/claim.ts'
import { type Decision, nothing, type PodWish } from '../controllers/decision.ts'
import { inOrder } from './inOrder.ts'
import type { World } from './world.ts'
import type { WorldPod } from './worldPods.ts'

/** What a pod's claims say to the scheduler. */
export type ClaimAnswer =
  /** `nodes` absent: its claims, if it has any, are nowhere yet. */
  | { readonly kind: 'ready'; readonly nodes?: ReadonlySet<NodeName> }
  | { readonly kind: 'wait'; readonly message: string }

const FREE: ClaimAnswer = { kind: 'ready' }
const NOT_BOUND = 'pod has unbound immediate PersistentVolumeClaims.'

interface Entry {
  readonly record: ObjectRecord
  readonly refused?: string
  /** Neither the commit nor an owner wants it any more. */
  readonly unwanted: boolean
}

/**
 * All claims of one plan: those on record, those that the commit or a StatefulSet adds, and those that pods bring along. A claim is bound
 * when its first pod is given a node, in the same plan, and its record is written before that pod is made.
 */
export class ClaimBook {
  readonly #world: World
  readonly #entries = new Map<ObjectKey, Entry>()
  /** By claim: the pods that use it, those that have run to their end aside. */
  readonly #users = new Map<ObjectKey, Set<string>>()
  /** By claim: the object whose pod it is bound for in this plan. */
  readonly #boundFor = new Map<ObjectKey, { readonly object: ObjectKey; readonly pod: string }>()

  constructor(decisions: readonly Decision[], world: World) {
    this.#world = world
    const users = [...world.byNode.values()].flatMap(({ claimants }) => claimants)
    for (const pod of inOrder(users, ({ view }) => view.key)) this.#addUsers(pod)
    for (const record of claimRecords(decisions, world)) {
      const unwanted = !isWanted(record, world, decisions)
      this.#entries.set(record.key, { record: this.#placed(record), unwanted })
    }
    for (const { key, written } of world.snapshot.desired.objects.values()) {
      if (written.kind === 'PersistentVolumeClaim') this.#addWritten(key, written)
    }
  }

  #addUsers({ view }: WorldPod): void {
    if (view.finished) return
    const { name = '', namespace = 'default' } = view.record.pod.metadata
    for (const claim of claimsOf(name, view.record.pod.spec)) {
      const key = claimKey(namespace, claim)
      this.#users.getOrInsertComputed(key, () => new Set()).add(view.label)
    }
  }

  /** A pod that uses it tells where it is, should the record have been lost. */
  #placed(record: ObjectRecord): ObjectRecord {
    if (selectedNode(record) !== undefined) return record
    const [label] = this.#users.get(record.key) ?? []
    const user = this.#world.pods.find(({ view }) => view.label === label)
    return user === undefined ? record : boundClaim(record, user.view.node)
  }

  #addWritten(key: ObjectKey, { metadata, spec }: PersistentVolumeClaim): void {
    const { annotations, labels } = metadata
    const source: ClaimSource = {
      spec,
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
      fromCommit: true,
    }
    const known = this.#entries.get(key)
    const entry = known === undefined ? undefined : writtenClaim(known.record, source)
    const record = this.#placed(newClaim(key, source, this.#world.context))
    this.#entries.set(key, { ...(entry ?? { record }), unwanted: false })
  }

  /** Where this pod's claims let it go, or what it waits for. */
  lookUp({ metadata, spec, uid }: PodWish): ClaimAnswer {
    const { name = '', namespace = 'default' } = metadata
    const nodes: NodeName[] = []
    for (const volume of spec.volumes ?? []) {
      const claim = claimOfVolume(name, volume)
      if (claim === undefined) continue
      const entry = this.#entries.get(claimKey(namespace, claim))
      const message = this.#objection(entry, claim, volume, { label: `${namespace}/${name}`, uid })
      if (message !== undefined) return { kind: 'wait', message }
      const node = entry === undefined ? undefined : selectedNode(entry.record)
      const source = node === undefined ? this.#copied(namespace, entry, volume) : undefined
      if (source?.kind === 'wait') return source
      const place = node ?? source?.node
      if (place !== undefined) nodes.push(place)
    }
    const [first] = nodes
    if (first === undefined) return FREE
    // Claims on two nodes: there is none that has both.
    return { kind: 'ready', nodes: new Set(nodes.every((node) => node === first) ? [first] : []) }
  }

  /** A copy is made where its source is. */
  #copied(
    namespace: string,
    entry: Entry | undefined,
    { ephemeral }: Volume,
  ):
    | { readonly kind: 'ready'; readonly node: NodeName }
    | Extract<ClaimAnswer, { kind: 'wait' }>
    | undefined {
    const spec = entry === undefined ? (ephemeral?.volumeClaimTemplate?.spec ?? {}) : specOf(entry.record)
    const name = copiedClaim(spec)
    if (name === undefined) return undefined
    const source = this.#entries.get(claimKey(namespace, name))
    const node = source === undefined ? undefined : selectedNode(source.record)
    if (node !== undefined) return { kind: 'ready', node }
    const why = source === undefined ? 'does not exist' : 'is not bound: no pod has used it yet'
    return { kind: 'wait', message: `the claim ${namespace}/${name} that is to be copied ${why}` }
  }

  #objection(
    entry: Entry | undefined,
    claim: string,
    volume: Volume,
    pod: { readonly label: string; readonly uid: PodUid },
  ): string | undefined {
    if (entry === undefined) {
      if (volume.ephemeral === undefined) return `persistentvolumeclaim "${claim}" not found`
      const spec = volume.ephemeral.volumeClaimTemplate?.spec ?? {}
      return claimProblem(spec) === undefined ? undefined : NOT_BOUND
    }
    const { record } = entry
    if (volume.ephemeral !== undefined && ownerOf(record)?.uid !== pod.uid) {
      const { namespace } = keyParts(record.key)
      return `PVC "${namespace}/${claim}" was not created for pod "${pod.label}" (pod is not owner)`
    }
    if (entry.unwanted) return `persistentvolumeclaim "${claim}" is being deleted`
    const spec = specOf(record)
    if (claimProblem(spec) !== undefined) return NOT_BOUND
    const users = [...(this.#users.get(record.key) ?? [])].filter((user) => user !== pod.label)
    return isForOnePod(spec) && users.length > 0 ? IN_USE : undefined
  }

  /** The pod is given this node: whatever of its claims is nowhere yet is there from now on. */
  bind(wish: PodWish, object: ObjectKey, node: NodeName): void {
    const { name = '', namespace = 'default' } = wish.metadata
    for (const volume of wish.spec.volumes ?? []) {
      const claim = claimOfVolume(name, volume)
      if (claim === undefined) continue
      const key = claimKey(namespace, claim)
      const known = this.#entries.get(key)?.record ?? this.#ownClaim(key, wish, volume)
      this.#users.getOrInsertComputed(key, () => new Set()).add(wish.label)
      if (selectedNode(known) !== undefined) continue
      const entry = this.#entries.get(key) ?? { unwanted: false }
      this.#entries.set(key, { ...entry, record: boundClaim(known, node) })
      this.#boundFor.set(key, { object, pod: wish.label })
    }
  }

  /** An ephemeral volume's claim, which goes with the pod. */
  #ownClaim(key: ObjectKey, wish: PodWish, { ephemeral }: Volume): ObjectRecord {
    const template = ephemeral?.volumeClaimTemplate
    const owner: OwnerReference = {
      apiVersion: 'v1',
      kind: 'Pod',
      name: wish.metadata.name ?? '',
      uid: wish.uid,
      controller: true,
      blockOwnerDeletion: true,
    }
    const { annotations, labels } = template?.metadata ?? {}
    const source: ClaimSource = {
      spec: template?.spec ?? {},
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
      owner,
      fromCommit: false,
    }
    return newClaim(key, source, this.#world.context)
  }

  /** After all pods were placed: the records to write and to delete, and how each claim does. */
  decisions(): readonly Decision[] {
    return inOrder([...this.#entries.values()], ({ record }) => record.key).map((entry) =>
      entry.unwanted ? this.#removal(entry.record) : this.#decision(entry),
    )
  }

  #decision({ record, refused }: Entry): Decision {
    const { key } = record
    const next = changedClaim(this.#world.snapshot.records.get(key), record, this.#world.context)
    const bound = this.#boundFor.get(key)
    // Under the name of the object whose pod waits for it: should it not be written, that pod is not made.
    const write: WriteRecord | undefined = next && {
      kind: 'writeRecord',
      object: bound?.object ?? key,
      record: next,
      reason:
        bound === undefined
          ? 'is as the commit has it'
          : `is bound to ${selectedNode(next)} for ${bound.pod}`,
    }
    return {
      ...nothing(key),
      records: write === undefined ? [] : [write],
      reports: [claimReport(record, refused)],
    }
  }

  #removal(record: ObjectRecord): Decision {
    const { key } = record
    const reason = 'is no longer wanted, and no pod uses it'
    const action = this.#isFree(record) ? this.#deletion(record, reason) : undefined
    const { message, ready } = this.#waitsFor(record)
    const report = { ...claimReport(record, undefined), health: { kind: 'progressing', message } as const }
    return { ...nothing(key), records: ready && action !== undefined ? [action] : [], reports: [report] }
  }

  #isFree({ key }: ObjectRecord): boolean {
    return this.#world.unread.length === 0 && (this.#users.get(key)?.size ?? 0) === 0
  }

  #deletion(record: ObjectRecord, reason: string): RecordAction {
    const { key } = record
    const node = selectedNode(record)
    if (node === undefined) return { kind: 'deleteRecord', object: key, key, reason }
    const kept = `its data stays in the root's trash/ for ${TRASH_KEPT_DAYS} days`
    return { kind: 'deleteClaim', object: key, key, node, reason: `${reason}; ${kept}` }
  }

  #waitsFor(record: ObjectRecord): { readonly ready: boolean; readonly message: string } {
    const [user] = this.#users.get(record.key) ?? []
    if (user !== undefined) return { ready: false, message: `goes once pod ${user} is gone` }
    const node = selectedNode(record)
    const reachable = node === undefined || this.#world.snapshot.observed.nodes.get(node)?.reachable === true
    if (!reachable) return { ready: false, message: `goes once node ${node} answers` }
    return { ready: true, message: 'its data is being moved to the trash' }
  }
}

const IN_USE = 'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.'

function claimKey(namespace: string, claim: string): ObjectKey {
  return objectKey('PersistentVolumeClaim', namespace, claim)
}

function ownerOf({ object }: ObjectRecord): OwnerReference | undefined {
  return object.metadata.ownerReferences?.[0]
}

/** On record, or about to be: what a controller writes in this plan counts. */
function claimRecords(decisions: readonly Decision[], { snapshot }: World): readonly ObjectRecord[] {
  const found = new Map<ObjectKey, ObjectRecord>()
  for (const record of snapshot.records.values()) {
    if (record.object.kind === 'PersistentVolumeClaim') found.set(record.key, record)
  }
  for (const { records } of decisions) {
    for (const action of records) if (isClaimWrite(action)) found.set(action.record.key, action.record)
  }
  return [...found.values()]
}

/** The book writes them all itself, bound or not: nothing is written twice in one plan. */
export function withoutClaims(decisions: readonly Decision[]): readonly Decision[] {
  return decisions.map((decision) =>
    decision.records.some(isClaimWrite)
      ? { ...decision, records: decision.records.filter((action) => !isClaimWrite(action)) }
      : decision,
  )
}

function isClaimWrite(action: RecordAction): action is WriteRecord {
  return action.kind === 'writeRecord' && action.record.object.kind === 'PersistentVolumeClaim'
}

/** As the garbage collector: with owners, while one of them is there; without, unless the commit had it and has it no more. */
function isWanted(record: ObjectRecord, world: World, decisions: readonly Decision[]): boolean {
  const { desired } = world.snapshot
  if (desired.keepsClaims === true || desired.objects.has(record.key)) return true
  const owners = record.object.metadata.ownerReferences ?? []
  if (owners.length === 0) return !isFromCommit(record)
  const { namespace } = keyParts(record.key)
  return owners.some((owner) => isThere(owner, namespace, world, decisions))
}

function isThere(
  { kind, name, uid }: OwnerReference,
  namespace: string,
  { pods, snapshot }: World,
  decisions: readonly Decision[],
): boolean {
  if (kind === 'Pod') {
    if (pods.some(({ view }) => view.uid === uid)) return true
    return decisions.some(({ creates }) => creates.some((wish) => wish.uid === uid))
  }
  const key = objectKey(kind, namespace, name)
  const recorded = snapshot.records.get(key)?.object.metadata.uid
  return snapshot.desired.objects.has(key) && (recorded === undefined || recorded === uid)
}
