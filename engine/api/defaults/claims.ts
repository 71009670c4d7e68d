import type { PersistentVolumeClaimSpec } from '../generated/types.ts'
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
