import { OWN_CLASS } from '../../api/claims.ts'
import type { PersistentVolumeClaimSpec, PersistentVolumeSpec } from '../../api/generated/types.ts'
import type { ObjectKey } from '../../api/names.ts'
import { keyParts } from '../../api/names.ts'
import { type LabelledNode, matchesNodeSelector } from '../../api/nodeAffinity.ts'
import { compareQuantities } from '../../api/quantity.ts'
import { type Labels, matchesSelector } from '../../api/selectors.ts'

/** A claim as it looks for a volume. */
export interface Seeker {
  readonly key: ObjectKey
  readonly uid: string | undefined
  readonly spec: PersistentVolumeClaimSpec
}

/** A volume as it is looked at by claims. */
export interface Offer {
  readonly name: string
  readonly labels: Labels
  readonly spec: PersistentVolumeSpec
}

/**
 * Whether a volume is what a claim asks for, wherever it is: Kubernetes' FindMatchingVolume and checkVolumeSatisfyClaim
 * (component-helpers, storage/volume). Says why not, in its words.
 */
export function misfit({ spec }: Seeker, volume: Offer): string | undefined {
  if (!isOfClass(spec, volume.spec)) return 'storageClassName does not match'
  if ((spec.volumeMode ?? 'Filesystem') !== (volume.spec.volumeMode ?? 'Filesystem'))
    return 'incompatible volumeMode'
  const modes = volume.spec.accessModes ?? []
  if (!(spec.accessModes ?? []).every((mode) => modes.includes(mode))) return 'incompatible accessMode'
  const wanted = spec.resources?.requests?.['storage'] ?? 0
  if (compareQuantities(volume.spec.capacity?.['storage'] ?? 0, wanted) < 0)
    return 'requested PV is too small'
  const isNamed = spec.volumeName !== undefined && spec.volumeName !== ''
  if (isNamed || spec.selector === undefined) return undefined
  return matchesSelector(spec.selector, volume.labels) ? undefined : 'its labels do not match the selector'
}

/** A claim that names no class is served by the engine, so it may have what is of no class, too. */
function isOfClass(
  { storageClassName: wanted }: PersistentVolumeClaimSpec,
  { storageClassName: own = '' }: PersistentVolumeSpec,
): boolean {
  return wanted === undefined ? own === '' || own === OWN_CLASS : own === wanted
}

/** Kept for this claim by its claimRef: by name alone, or for the very one of that uid. */
export function isKeptFor({ key, uid }: Seeker, { claimRef }: PersistentVolumeSpec): boolean {
  const { name, namespace } = keyParts(key)
  if (claimRef === undefined || claimRef.name !== name) return false
  if ((claimRef.namespace ?? 'default') !== namespace) return false
  return !claimRef.uid || claimRef.uid === uid
}

/** A volume without node affinity can be reached from everywhere, as far as anybody says. */
export function isReachable({ nodeAffinity }: PersistentVolumeSpec, node: LabelledNode): boolean {
  return nodeAffinity?.required === undefined || matchesNodeSelector(nodeAffinity.required, node)
}

/** What is kept for the claim goes first, then the smallest that will do. */
export function better(seeker: Seeker, a: Offer, b: Offer): number {
  const kept = Number(isKeptFor(seeker, b.spec)) - Number(isKeptFor(seeker, a.spec))
  if (kept !== 0) return kept
  const size = compareQuantities(a.spec.capacity?.['storage'] ?? 0, b.spec.capacity?.['storage'] ?? 0)
  if (size !== 0) return size
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
