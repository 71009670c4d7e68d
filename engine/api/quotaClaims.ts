import type { KubernetesObject, PersistentVolumeClaimSpec, PodSpec, Quantity } from './generated/types.ts'

export interface Claims {
  readonly className: string | undefined
  readonly count: number
  /** By each of them. */
  readonly requested: Quantity
}

/** The claims that there are because of an object: itself, those of a StatefulSet's pods, and those that live with their pods. */
export function claimsOfTemplates(
  object: KubernetesObject,
  spec: PodSpec | undefined,
  pods: number,
): readonly Claims[] {
  const ephemeral = (spec?.volumes ?? []).flatMap(
    (volume) => volume.ephemeral?.volumeClaimTemplate?.spec ?? [],
  )
  const found = ephemeral.map((claim) => claims(claim, pods))
  if (object.kind === 'PersistentVolumeClaim') found.push(claims(object.spec, 1))
  if (object.kind === 'StatefulSet')
    found.push(...(object.spec.volumeClaimTemplates ?? []).map((claim) => claims(claim.spec, pods)))
  return found.filter(({ count }) => count > 0)
}

function claims({ resources, storageClassName }: PersistentVolumeClaimSpec, count: number): Claims {
  return { className: storageClassName || undefined, count, requested: resources?.requests?.['storage'] ?? 0 }
}
