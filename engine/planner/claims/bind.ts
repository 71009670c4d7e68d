import { claimOfVolume, claimsOf } from '../../api/claims.ts'
import type { OwnerReference, Volume } from '../../api/generated/types.ts'
import type { NodeName, ObjectKey } from '../../api/names.ts'
import type { BoundVolume, ObjectRecord } from '../../api/records.ts'
import {
  boundClaim,
  boundVolume,
  claimOnVolume,
  type ClaimSource,
  newClaim,
} from '../../controllers/claim.ts'
import type { PodWish } from '../../controllers/decision.ts'
import { knownNodes } from '../knownNodes.ts'
import { claimKey, type Claims } from './entries.ts'
import { isPlaced } from './placed.ts'
import { seeking, type Seeking } from './seekers.ts'

/** The pod is given this node: whatever of its claims is nowhere yet is there from now on. */
export function bind(claims: Claims, wish: PodWish, object: ObjectKey, node: NodeName): void {
  const { name = '', namespace = 'default' } = wish.metadata
  const unbound: Seeking[] = []
  for (const volume of wish.spec.volumes ?? []) {
    const claim = claimOfVolume(name, volume)
    if (claim === undefined) continue
    const key = claimKey(namespace, claim)
    const entry = claims.entries.get(key) ?? { record: ownClaim(claims, key, wish, volume), unwanted: false }
    claims.users.getOrInsertComputed(key, () => new Set()).add(wish.label)
    if (isPlaced(entry.record, claims.world)) continue
    claims.entries.set(key, entry)
    unbound.push(seeking(key, entry.record, volume))
    claims.boundFor.set(key, { object, pod: wish.label })
  }
  if (unbound.length > 0) bindTo(claims, unbound, node)
}

function bindTo(claims: Claims, unbound: readonly Seeking[], node: NodeName): void {
  const looking = unbound.filter(({ copies }) => !copies)
  const facts = claims.volumes.isEmpty
    ? undefined
    : knownNodes(claims.world.snapshot).find(({ name }) => name === node)
  const chosen = facts === undefined ? undefined : claims.volumes.matching(looking, facts)
  for (const { seeker } of unbound) {
    const entry = claims.entries.get(seeker.key)
    if (entry === undefined) continue
    const volume = chosen?.get(seeker.key)
    const { record } = entry
    if (volume !== undefined) claims.volumes.take(volume.name, seeker.key)
    const bound = volume === undefined ? boundClaim(record, node) : claimOnVolume(record, volume.name)
    claims.entries.set(seeker.key, { ...entry, record: bound })
  }
}

/** What is to be mounted for the pod's claims, those in folders of the engine's own aside; once it is bound. */
export function volumesOf(
  claims: Claims,
  { metadata, spec }: PodWish,
): Readonly<Record<string, BoundVolume>> | undefined {
  const { name = '', namespace = 'default' } = metadata
  const found: Record<string, BoundVolume> = {}
  for (const claim of claimsOf(name, spec)) {
    const record = claims.entries.get(claimKey(namespace, claim))?.record
    const volume = record === undefined ? undefined : boundVolume(record)
    const source = volume === undefined ? undefined : claims.volumes.sourceOf(volume)
    if (source !== undefined) found[claim] = source
  }
  return Object.keys(found).length === 0 ? undefined : found
}

/** An ephemeral volume's claim, which goes with the pod. */
function ownClaim(claims: Claims, key: ObjectKey, wish: PodWish, { ephemeral }: Volume): ObjectRecord {
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
  return newClaim(key, source, claims.world.context)
}
