import { copiedClaim, needsVolume } from '../../api/claims.ts'
import type { Volume } from '../../api/generated/types.ts'
import type { ObjectKey } from '../../api/names.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { specOf } from '../../controllers/claim.ts'
import type { Seeker } from '../../controllers/volume/fit.ts'

/** A claim of a pod that is nowhere yet. */
export interface Seeking {
  readonly seeker: Seeker
  readonly needed: boolean
  readonly copies: boolean
}

export function seeking(key: ObjectKey, record: ObjectRecord | undefined, { ephemeral }: Volume): Seeking {
  const spec = record === undefined ? (ephemeral?.volumeClaimTemplate?.spec ?? {}) : specOf(record)
  const seeker = record === undefined ? { key, uid: undefined, spec } : seekerOf(record)
  return { seeker, needed: needsVolume(spec), copies: copiedClaim(spec) !== undefined }
}

export function seekerOf(record: ObjectRecord): Seeker {
  return { key: record.key, uid: record.object.metadata.uid, spec: specOf(record) }
}
