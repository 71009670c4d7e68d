import type { HeldCommit } from '../api/sync.ts'
import type { Desired, Snapshot } from '../api/snapshot.ts'

export interface Candidate {
  /** `objects` is empty when nothing could be read because the folder is gone. */
  readonly desired: Pick<Desired, 'commit' | 'objects'>
  /** The folder that is read is not in the commit. */
  readonly pathGone?: true
}

export type Judgement = { readonly kind: 'accepted' } | ({ readonly kind: 'held' } & Omit<HeldCommit, 'at'>)

/**
 * Whether a commit may be put in force: one that would delete too much is held until somebody has said that it is meant so.
 * `current` is what is on the nodes and on record, with the commit in force as `desired` where that is known (only its objects'
 * annotations are looked at); memory is read from its records.
 */
export function judgeCommit(_candidate: Candidate, _current: Snapshot): Judgement {
  return { kind: 'accepted' }
}
