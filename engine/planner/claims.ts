import { claimOfVolume, claimsOf, copiedClaim, needsVolume, TRASH_KEPT_DAYS } from '../api/claims.ts'
import type { OwnerReference, PersistentVolumeClaim, Volume } from '../api/generated/types.ts'
import { keyParts, type NodeName, type ObjectKey, objectKey, type PodUid } from '../api/names.ts'
import type { RecordAction, WriteRecord } from '../api/plan.ts'
import type { BoundVolume, ObjectRecord } from '../api/records.ts'
import {
  boundClaim,
  boundVolume,
  changedClaim,
  claimOnVolume,
  claimReport,
  type ClaimSource,
  type ClaimStanding,
  isBound,
  isForOnePod,
  newClaim,
  selectedNode,
  specOf,
  writtenClaim,
} from '../controllers/claim.ts'
import { type Decision, nothing, type PodWish } from '../controllers/decision.ts'
import { isReachable } from '../controllers/volume/fit.ts'
import { claimRecords, isWanted } from './claimRecords.ts'
import { seekerOf, seeking, type Seeking } from './claimSeekers.ts'
import { inOrder } from './inOrder.ts'
import { knownNodes } from './knownNodes.ts'
import { VolumeBook } from './volumes.ts'
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
  readonly #volumes: VolumeBook
  readonly #entries = new Map<ObjectKey, Entry>()
  /** By claim: the pods that use it, those that have run to their end aside. */
  readonly #users = new Map<ObjectKey, Set<string>>()
  /** By claim: the object whose pod it is bound for in this plan. */
  readonly #boundFor = new Map<ObjectKey, { readonly object: ObjectKey; readonly pod: string }>()

  constructor(decisions: readonly Decision[], world: World) {
    this.#world = world
    this.#volumes = new VolumeBook(world)
    const users = [...world.byNode.values()].flatMap(({ claimants }) => claimants)
    for (const pod of inOrder(users, ({ view }) => view.key)) this.#addUsers(pod)
    for (const record of claimRecords(decisions, world)) {
      const unwanted = !isWanted(record, world, decisions)
      this.#entries.set(record.key, { record: this.#placed(record), unwanted })
    }
    for (const { key, written } of world.snapshot.desired.objects.values()) {
      if (written.kind === 'PersistentVolumeClaim') this.#addWritten(key, written)
    }
    this.#bindAtOnce()
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
    if (isBound(record)) return record
    const [label] = this.#users.get(record.key) ?? []
    const user = this.#world.pods.find(({ view }) => view.label === label)
    if (user === undefined) return record
    const volume = user.view.record.claims?.[keyParts(record.key).name]
    if (volume === undefined) return boundClaim(record, user.view.node)
    this.#volumes.take(volume.name, record.key)
    return claimOnVolume(record, volume.name)
  }

  /** Claims whose volume need not be chosen together with a node: as Kubernetes does when it sees them. */
  #bindAtOnce(): void {
    if (this.#volumes.isEmpty) return
    for (const [key, entry] of [...this.#entries].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (entry.unwanted || isBound(entry.record) || copiedClaim(specOf(entry.record)) !== undefined) continue
      const seeker = seekerOf(entry.record)
      const volume = this.#volumes.fitting(seeker)
      if (volume === undefined || this.#volumes.waits(seeker, volume)) continue
      this.#volumes.take(volume.name, key)
      this.#entries.set(key, { ...entry, record: claimOnVolume(entry.record, volume.name) })
    }
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
    const places: ReadonlySet<NodeName>[] = []
    const unbound: Seeking[] = []
    for (const volume of spec.volumes ?? []) {
      const claim = claimOfVolume(name, volume)
      if (claim === undefined) continue
      const key = claimKey(namespace, claim)
      const entry = this.#entries.get(key)
      const message = this.#objection(entry, claim, volume, { label: `${namespace}/${name}`, uid })
      if (message !== undefined) return { kind: 'wait', message }
      if (entry !== undefined && isBound(entry.record)) {
        const place = this.#placesOf(entry.record, claim)
        if (typeof place === 'string') return { kind: 'wait', message: place }
        if (place !== undefined) places.push(place)
        continue
      }
      const source = this.#copied(namespace, entry, volume)
      if (source?.kind === 'wait') return source
      if (source !== undefined) places.push(new Set([source.node]))
      else unbound.push(seeking(key, entry?.record, volume))
    }
    return this.#answer(places, unbound)
  }

  #answer(places: ReadonlySet<NodeName>[], unbound: readonly Seeking[]): ClaimAnswer {
    const matching = this.#placesFor(unbound)
    if (matching?.size === 0) return { kind: 'wait', message: NO_VOLUMES }
    if (matching !== undefined) places.push(matching)
    const [first, ...rest] = places
    if (first === undefined) return FREE
    // Claims on two nodes: there is none that has both.
    return { kind: 'ready', nodes: rest.reduce((all, some) => all.intersection(some), first) }
  }

  /** From where a bound claim can be reached; undefined: from everywhere. A text: its volume is gone. */
  #placesOf(record: ObjectRecord, claim: string): ReadonlySet<NodeName> | string | undefined {
    const name = boundVolume(record)
    if (name === undefined) {
      const node = selectedNode(record)
      return node === undefined ? undefined : new Set([node])
    }
    const spec = this.#volumes.get(name)?.spec
    if (spec === undefined)
      return `persistentvolumeclaim ${JSON.stringify(claim)} bound to non-existent persistentvolume ${JSON.stringify(name)}`
    if (spec.nodeAffinity === undefined) return undefined
    const nodes = knownNodes(this.#world.snapshot).filter((node) => isReachable(spec, node))
    return new Set(nodes.map((node) => node.name))
  }

  /** Where all of them would find a volume; undefined: none of them looks for any. */
  #placesFor(unbound: readonly Seeking[]): ReadonlySet<NodeName> | undefined {
    const looking = unbound
      .map((one) => ({ ...one, needed: one.needed || this.#volumes.fitting(one.seeker) !== undefined }))
      .filter(({ needed }) => needed)
    if (looking.length === 0) return undefined
    const nodes = knownNodes(this.#world.snapshot)
    const able = nodes.filter((node) => this.#volumes.matching(looking, node) !== undefined)
    return new Set(able.map(({ name }) => name))
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
    if (source !== undefined && boundVolume(source.record) !== undefined) {
      const message = `the claim ${namespace}/${name} that is to be copied is on a PersistentVolume: only folders of the engine's own are copied`
      return { kind: 'wait', message }
    }
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
      return volume.ephemeral === undefined ? `persistentvolumeclaim "${claim}" not found` : undefined
    }
    const { record } = entry
    if (volume.ephemeral !== undefined && ownerOf(record)?.uid !== pod.uid) {
      const { namespace } = keyParts(record.key)
      return `PVC "${namespace}/${claim}" was not created for pod "${pod.label}" (pod is not owner)`
    }
    if (entry.unwanted) return `persistentvolumeclaim "${claim}" is being deleted`
    const spec = specOf(record)
    if (this.#standing(record).problem !== undefined) return NOT_BOUND
    const users = [...(this.#users.get(record.key) ?? [])].filter((user) => user !== pod.label)
    return isForOnePod(spec) && users.length > 0 ? IN_USE : undefined
  }

  /** The pod is given this node: whatever of its claims is nowhere yet is there from now on. */
  bind(wish: PodWish, object: ObjectKey, node: NodeName): void {
    const { name = '', namespace = 'default' } = wish.metadata
    const unbound: Seeking[] = []
    for (const volume of wish.spec.volumes ?? []) {
      const claim = claimOfVolume(name, volume)
      if (claim === undefined) continue
      const key = claimKey(namespace, claim)
      const entry = this.#entries.get(key) ?? { record: this.#ownClaim(key, wish, volume), unwanted: false }
      this.#users.getOrInsertComputed(key, () => new Set()).add(wish.label)
      if (isBound(entry.record)) continue
      this.#entries.set(key, entry)
      unbound.push(seeking(key, entry.record, volume))
      this.#boundFor.set(key, { object, pod: wish.label })
    }
    if (unbound.length > 0) this.#bindTo(unbound, node)
  }

  #bindTo(unbound: readonly Seeking[], node: NodeName): void {
    const looking = unbound.filter(({ copies }) => !copies)
    const facts = this.#volumes.isEmpty
      ? undefined
      : knownNodes(this.#world.snapshot).find(({ name }) => name === node)
    const chosen = facts === undefined ? undefined : this.#volumes.matching(looking, facts)
    for (const { seeker } of unbound) {
      const entry = this.#entries.get(seeker.key)
      if (entry === undefined) continue
      const volume = chosen?.get(seeker.key)
      const { record } = entry
      if (volume !== undefined) this.#volumes.take(volume.name, seeker.key)
      const bound = volume === undefined ? boundClaim(record, node) : claimOnVolume(record, volume.name)
      this.#entries.set(seeker.key, { ...entry, record: bound })
    }
  }

  /** What is to be mounted for the pod's claims, those in folders of the engine's own aside; once it is bound. */
  volumesOf({ metadata, spec }: PodWish): Readonly<Record<string, BoundVolume>> | undefined {
    const { name = '', namespace = 'default' } = metadata
    const found: Record<string, BoundVolume> = {}
    for (const claim of claimsOf(name, spec)) {
      const record = this.#entries.get(claimKey(namespace, claim))?.record
      const volume = record === undefined ? undefined : boundVolume(record)
      const source = volume === undefined ? undefined : this.#volumes.sourceOf(volume)
      if (source !== undefined) found[claim] = source
    }
    return Object.keys(found).length === 0 ? undefined : found
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
    const claims = inOrder([...this.#entries.values()], ({ record }) => record.key).map((entry) =>
      entry.unwanted ? this.#removal(entry.record) : this.#decision(entry),
    )
    return [...this.#volumes.decisions((key) => this.#entries.get(key)?.record), ...claims]
  }

  #standing(record: ObjectRecord): ClaimStanding {
    const name = boundVolume(record)
    if (name !== undefined) {
      const volume = this.#volumes.get(name)?.spec
      return volume === undefined ? { lost: lostText(name) } : { volume }
    }
    const seeker = seekerOf(record)
    if (isBound(record) || !needsVolume(seeker.spec)) return {}
    return this.#volumes.fitting(seeker) === undefined ? { problem: this.#volumes.problem(seeker) } : {}
  }

  #decision({ record, refused }: Entry): Decision {
    const { key } = record
    // Of volumes nothing is said then, either.
    const isAside = this.#world.snapshot.desired.keepsClaims === true && boundVolume(record) !== undefined
    if (isAside) return nothing(key)
    const standing = this.#standing(record)
    const next = changedClaim(this.#world.snapshot.records.get(key), record, standing, this.#world.context)
    const bound = this.#boundFor.get(key)
    // Under the name of the object whose pod waits for it: should it not be written, that pod is not made.
    const write: WriteRecord | undefined = next && {
      kind: 'writeRecord',
      object: bound?.object ?? key,
      record: next,
      reason:
        bound === undefined
          ? 'is as the commit has it'
          : `is bound to ${boundVolume(next) ?? selectedNode(next)} for ${bound.pod}`,
    }
    return {
      ...nothing(key),
      records: write === undefined ? [] : [write],
      reports: [claimReport(record, standing, refused)],
    }
  }

  #removal(record: ObjectRecord): Decision {
    const { key } = record
    const reason = 'is no longer wanted, and no pod uses it'
    const action = this.#isFree(record) ? this.#deletion(record, reason) : undefined
    const { message, ready } = this.#waitsFor(record)
    const report = {
      ...claimReport(record, this.#standing(record), undefined),
      health: { kind: 'progressing', message } as const,
    }
    return { ...nothing(key), records: ready && action !== undefined ? [action] : [], reports: [report] }
  }

  #isFree({ key }: ObjectRecord): boolean {
    return this.#world.unread.length === 0 && (this.#users.get(key)?.size ?? 0) === 0
  }

  #deletion(record: ObjectRecord, reason: string): RecordAction {
    const { key } = record
    const node = selectedNode(record)
    const volume = boundVolume(record)
    if (volume !== undefined) {
      const released = `${reason}; its data stays on PersistentVolume ${volume}`
      return { kind: 'deleteRecord', object: key, key, reason: released }
    }
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

function lostText(volume: string): string {
  return `claim has lost its PersistentVolume ${JSON.stringify(volume)}: it is in the repository no more; its data is where it was`
}

const NO_VOLUMES = "node(s) didn't find available persistent volumes to bind."
const IN_USE = 'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.'

function claimKey(namespace: string, claim: string): ObjectKey {
  return objectKey('PersistentVolumeClaim', namespace, claim)
}

function ownerOf({ object }: ObjectRecord): OwnerReference | undefined {
  return object.metadata.ownerReferences?.[0]
}
