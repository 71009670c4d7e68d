import { claimOfVolume, copiedClaim } from '../../api/claims.ts'
import type { OwnerReference, Volume } from '../../api/generated/types.ts'
import { keyParts, type NodeName, type PodUid } from '../../api/names.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { boundVolume, isForOnePod, selectedNode, specOf } from '../../controllers/claim.ts'
import type { PodWish } from '../../controllers/decision.ts'
import { isReachable } from '../../controllers/volume/fit.ts'
import { knownNodes } from '../knownNodes.ts'
import { type ClaimEntry, claimKey, type Claims } from './entries.ts'
import { isPlaced } from './placed.ts'
import { seeking, type Seeking } from './seekers.ts'
import { standingOf } from './standing.ts'

/** What a pod's claims say to the scheduler. */
export type ClaimAnswer =
  /** `nodes` absent: its claims, if it has any, are nowhere yet. */
  | { readonly kind: 'ready'; readonly nodes?: ReadonlySet<NodeName> }
  | { readonly kind: 'wait'; readonly message: string }

const FREE: ClaimAnswer = { kind: 'ready' }
const NOT_BOUND = 'pod has unbound immediate PersistentVolumeClaims.'
const NO_VOLUMES = "node(s) didn't find available persistent volumes to bind."
const IN_USE = 'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.'

/** Where this pod's claims let it go, or what it waits for. */
export function lookUp(claims: Claims, { metadata, spec, uid }: PodWish): ClaimAnswer {
  const { name = '', namespace = 'default' } = metadata
  const places: ReadonlySet<NodeName>[] = []
  const unbound: Seeking[] = []
  for (const volume of spec.volumes ?? []) {
    const claim = claimOfVolume(name, volume)
    if (claim === undefined) continue
    const key = claimKey(namespace, claim)
    const entry = claims.entries.get(key)
    const message = objection(claims, entry, claim, volume, { label: `${namespace}/${name}`, uid })
    if (message !== undefined) return { kind: 'wait', message }
    if (entry !== undefined && isPlaced(entry.record, claims.world)) {
      const place = placesOf(claims, entry.record, claim)
      if (typeof place === 'string') return { kind: 'wait', message: place }
      if (place !== undefined) places.push(place)
      continue
    }
    const source = copied(claims, namespace, entry, volume)
    if (source?.kind === 'wait') return source
    if (source !== undefined) places.push(new Set([source.node]))
    else unbound.push(seeking(key, entry?.record, volume))
  }
  return answer(claims, places, unbound)
}

function answer(claims: Claims, places: ReadonlySet<NodeName>[], unbound: readonly Seeking[]): ClaimAnswer {
  const matching = placesFor(claims, unbound)
  if (matching?.size === 0) return { kind: 'wait', message: NO_VOLUMES }
  if (matching !== undefined) places.push(matching)
  const [first, ...rest] = places
  if (first === undefined) return FREE
  // Claims on two nodes: there is none that has both.
  return { kind: 'ready', nodes: rest.reduce((all, some) => all.intersection(some), first) }
}

/** From where a bound claim can be reached; undefined: from everywhere. A text: its volume is gone. */
function placesOf(
  claims: Claims,
  record: ObjectRecord,
  claim: string,
): ReadonlySet<NodeName> | string | undefined {
  const name = boundVolume(record)
  if (name === undefined) {
    const node = selectedNode(record)
    return node === undefined ? undefined : new Set([node])
  }
  const spec = claims.volumes.get(name)?.spec
  if (spec === undefined)
    return `persistentvolumeclaim ${JSON.stringify(claim)} bound to non-existent persistentvolume ${JSON.stringify(name)}`
  if (spec.nodeAffinity === undefined) return undefined
  const nodes = knownNodes(claims.world.snapshot).filter((node) => isReachable(spec, node))
  return new Set(nodes.map((node) => node.name))
}

/** Where all of them would find a volume; undefined: none of them looks for any. */
function placesFor(claims: Claims, unbound: readonly Seeking[]): ReadonlySet<NodeName> | undefined {
  const looking = unbound
    .map((one) => ({ ...one, needed: one.needed || claims.volumes.fitting(one.seeker) !== undefined }))
    .filter(({ needed }) => needed)
  if (looking.length === 0) return undefined
  const nodes = knownNodes(claims.world.snapshot)
  const able = nodes.filter((node) => claims.volumes.matching(looking, node) !== undefined)
  return new Set(able.map(({ name }) => name))
}

/** A copy is made where its source is. */
function copied(
  claims: Claims,
  namespace: string,
  entry: ClaimEntry | undefined,
  { ephemeral }: Volume,
): { readonly kind: 'ready'; readonly node: NodeName } | Extract<ClaimAnswer, { kind: 'wait' }> | undefined {
  const spec = entry === undefined ? (ephemeral?.volumeClaimTemplate?.spec ?? {}) : specOf(entry.record)
  const name = copiedClaim(spec)
  if (name === undefined) return undefined
  const source = claims.entries.get(claimKey(namespace, name))
  const node = source === undefined ? undefined : selectedNode(source.record)
  if (node !== undefined) return { kind: 'ready', node }
  if (source !== undefined && boundVolume(source.record) !== undefined) {
    const message = `the claim ${namespace}/${name} that is to be copied is on a PersistentVolume: only folders of the engine's own are copied`
    return { kind: 'wait', message }
  }
  const why = source === undefined ? 'does not exist' : 'is not bound: no pod has used it yet'
  return { kind: 'wait', message: `the claim ${namespace}/${name} that is to be copied ${why}` }
}

function objection(
  claims: Claims,
  entry: ClaimEntry | undefined,
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
  if (standingOf(claims, record).problem !== undefined) return NOT_BOUND
  const users = [...(claims.users.get(record.key) ?? [])].filter((user) => user !== pod.label)
  return isForOnePod(spec) && users.length > 0 ? IN_USE : undefined
}

function ownerOf({ object }: ObjectRecord): OwnerReference | undefined {
  return object.metadata.ownerReferences?.[0]
}
