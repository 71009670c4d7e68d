import type { PersistentVolumeClaimSpec, PersistentVolumeSpec } from '../generated/types.ts'
import { canonical } from './resources.ts'

export function claimSpecWithDefaults(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  const { limits, requests } = spec.resources ?? {}
  return {
    ...spec,
    ...(spec.resources !== undefined && {
      resources: {
        ...(limits !== undefined && { limits: canonical(limits) }),
        ...(requests !== undefined && { requests: canonical(requests) }),
      },
    }),
    volumeMode: spec.volumeMode ?? 'Filesystem',
  }
}

/** A volume that is written in a manifest is kept when its claim goes: SetDefaults_PersistentVolume. */
export function volumeSpecWithDefaults(spec: PersistentVolumeSpec): PersistentVolumeSpec {
  const { capacity, hostPath } = spec
  return {
    ...spec,
    ...(capacity !== undefined && { capacity: canonical(capacity) }),
    ...(hostPath !== undefined && { hostPath: { ...hostPath, type: hostPath.type ?? '' } }),
    persistentVolumeReclaimPolicy: spec.persistentVolumeReclaimPolicy ?? 'Retain',
    volumeMode: spec.volumeMode ?? 'Filesystem',
  }
}
