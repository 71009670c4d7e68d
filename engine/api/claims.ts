import type { PersistentVolumeClaimSpec, PodSpec, Volume } from './generated/types.ts'

/** Where a claim's data is: the official annotation for the node that was chosen for the first pod. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node'

/** The claim behind a volume, by name; an ephemeral one is named after the pod and the volume, as in Kubernetes. */
export function claimOfVolume(
  pod: string,
  { ephemeral, name, persistentVolumeClaim }: Volume,
): string | undefined {
  if (persistentVolumeClaim !== undefined) return persistentVolumeClaim.claimName
  return ephemeral === undefined ? undefined : `${pod}-${name}`
}

/** The claims that a pod of this name uses. */
export function claimsOf(pod: string, spec: PodSpec): readonly string[] {
  return (spec.volumes ?? []).flatMap((volume) => claimOfVolume(pod, volume) ?? [])
}

/** The claim of the same namespace that a claim begins as a copy of; the newer field says the same as the older one. */
export function copiedClaim({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec): string | undefined {
  const source = dataSourceRef ?? dataSource
  return source?.kind === 'PersistentVolumeClaim' ? source.name : undefined
}

/** The class whose claims the engine serves itself, with folders: also that of claims which name none. */
export const OWN_CLASS = 'local'

/** It has to be a PersistentVolume: a folder of the engine's own would not be what was asked for. */
export function needsVolume(spec: PersistentVolumeClaimSpec): boolean {
  const { selector, storageClassName, volumeMode, volumeName } = spec
  if (volumeMode === 'Block') return true
  if (volumeName !== undefined && volumeName !== '') return true
  if (selector !== undefined) return true
  return storageClassName !== undefined && storageClassName !== OWN_CLASS
}

/** What a claim held is kept for so long after it. */
export const TRASH_KEPT_DAYS = 7
export const TRASH_KEPT_MS = TRASH_KEPT_DAYS * 86_400_000
