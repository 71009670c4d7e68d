import { needsVolume } from '../../api/claims.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { boundVolume, type ClaimStanding, isBound } from '../../controllers/claim.ts'
import type { Claims } from './entries.ts'
import { seekerOf } from './seekers.ts'

/** How a claim stands with the volumes: what it is on, has lost, or finds none of. */
export function standingOf(claims: Claims, record: ObjectRecord): ClaimStanding {
  const name = boundVolume(record)
  if (name !== undefined) {
    const volume = claims.volumes.get(name)?.spec
    return volume === undefined ? { lost: lostText(name) } : { volume }
  }
  const seeker = seekerOf(record)
  if (isBound(record) || !needsVolume(seeker.spec)) return {}
  return claims.volumes.fitting(seeker) === undefined ? { problem: claims.volumes.problem(seeker) } : {}
}

function lostText(volume: string): string {
  return `claim has lost its PersistentVolume ${JSON.stringify(volume)}: it is in the repository no more; its data is where it was`
}
