import { claimsOf, copiedClaim } from '../../api/claims.ts'
import type { PersistentVolumeClaim } from '../../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey } from '../../api/names.ts'
import type { ObjectRecord } from '../../api/records.ts'
import {
  boundClaim,
  claimOnVolume,
  type ClaimSource,
  isBound,
  newClaim,
  specOf,
  writtenClaim,
} from '../../controllers/claim.ts'
import type { Decision } from '../../controllers/decision.ts'
import { inOrder } from '../inOrder.ts'
import type { World } from '../world.ts'
import type { WorldPod } from '../worldPods.ts'
import { claimRecords, isWanted } from './records.ts'
import { seekerOf } from './seekers.ts'
import { VolumeBook } from './volumes.ts'

/** A claim of this plan. */
export interface ClaimEntry {
  readonly record: ObjectRecord
  readonly refused?: string
  /** Neither the commit nor an owner wants it any more. */
  readonly unwanted: boolean
}

/** All claims of one plan: those on record, those that the commit or a StatefulSet adds, and those that pods bring along. */
export interface Claims {
  readonly world: World
  readonly volumes: VolumeBook
  readonly entries: Map<ObjectKey, ClaimEntry>
  /** By claim: the pods that use it, those that have run to their end aside. */
  readonly users: Map<ObjectKey, Set<string>>
  /** By claim: the object whose pod it is bound for in this plan. */
  readonly boundFor: Map<ObjectKey, { readonly object: ObjectKey; readonly pod: string }>
}

export function claimKey(namespace: string, claim: string): ObjectKey {
  return objectKey('PersistentVolumeClaim', namespace, claim)
}

export function gatherClaims(decisions: readonly Decision[], world: World): Claims {
  const claims: Claims = {
    world,
    volumes: new VolumeBook(world),
    entries: new Map(),
    users: new Map(),
    boundFor: new Map(),
  }
  const users = [...world.byNode.values()].flatMap(({ claimants }) => claimants)
  for (const pod of inOrder(users, ({ view }) => view.key)) addUsers(claims, pod)
  for (const record of claimRecords(decisions, world)) {
    const unwanted = !isWanted(record, world, decisions)
    claims.entries.set(record.key, { record: placed(claims, record), unwanted })
  }
  for (const { key, written } of world.snapshot.desired.objects.values()) {
    if (written.kind === 'PersistentVolumeClaim') addWritten(claims, key, written)
  }
  bindAtOnce(claims)
  return claims
}

function addUsers(claims: Claims, { view }: WorldPod): void {
  if (view.finished) return
  const { name = '', namespace = 'default' } = view.record.pod.metadata
  for (const claim of claimsOf(name, view.record.pod.spec)) {
    const key = claimKey(namespace, claim)
    claims.users.getOrInsertComputed(key, () => new Set()).add(view.label)
  }
}

/** A pod that uses it tells where it is, should the record have been lost. */
function placed(claims: Claims, record: ObjectRecord): ObjectRecord {
  if (isBound(record)) return record
  const [label] = claims.users.get(record.key) ?? []
  const user = claims.world.pods.find(({ view }) => view.label === label)
  if (user === undefined) return record
  const volume = user.view.record.claims?.[keyParts(record.key).name]
  if (volume === undefined) return boundClaim(record, user.view.node)
  claims.volumes.take(volume.name, record.key)
  return claimOnVolume(record, volume.name)
}

/** Claims whose volume need not be chosen together with a node: as Kubernetes does when it sees them. */
function bindAtOnce(claims: Claims): void {
  if (claims.volumes.isEmpty) return
  for (const [key, entry] of [...claims.entries].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (entry.unwanted || isBound(entry.record) || copiedClaim(specOf(entry.record)) !== undefined) continue
    const seeker = seekerOf(entry.record)
    const volume = claims.volumes.fitting(seeker)
    if (volume === undefined || claims.volumes.waits(seeker, volume)) continue
    claims.volumes.take(volume.name, key)
    claims.entries.set(key, { ...entry, record: claimOnVolume(entry.record, volume.name) })
  }
}

function addWritten(claims: Claims, key: ObjectKey, { metadata, spec }: PersistentVolumeClaim): void {
  const { annotations, labels } = metadata
  const source: ClaimSource = {
    spec,
    ...(labels !== undefined && { labels }),
    ...(annotations !== undefined && { annotations }),
    fromCommit: true,
  }
  const known = claims.entries.get(key)
  const entry = known === undefined ? undefined : writtenClaim(known.record, source)
  const record = placed(claims, newClaim(key, source, claims.world.context))
  claims.entries.set(key, { ...(entry ?? { record }), unwanted: false })
}
