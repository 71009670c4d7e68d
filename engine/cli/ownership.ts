import type { RootOwner, RootRecord } from '../api/records.ts'

/** Whether a root may be used for a commit. Decided before anything is written. */
export type Ownership =
  /** Nobody's yet. */
  | { readonly kind: 'new' }
  | { readonly kind: 'ours' }
  /** Another's, or with a lost history, and the user says so: what is there is pruned as if it were ours. */
  | { readonly kind: 'takenOver' }
  /** `isLost`: it is the same repository and folder, without what was applied. */
  | { readonly kind: 'refused'; readonly message: string; readonly isLost: boolean }

export interface OwnershipQuestion {
  readonly root: string
  readonly record: RootRecord | undefined
  readonly owner: RootOwner
  /** Whether Git has the commit that was applied last; true as well when that was no commit. */
  readonly hasApplied: boolean
  readonly takeOver: boolean
}

export function judgeOwnership({ root, record, owner, hasApplied, takeOver }: OwnershipQuestion): Ownership {
  if (record === undefined) return { kind: 'new' }
  const before = record.owner
  const sameSet = before.cluster === owner.cluster && before.path === owner.path
  const samePlace = before.repository === owner.repository
  const applied = record.appliedCommit
  // A repository at another place is the same one if it has the history; nothing applied means that nothing is at stake.
  const known = applied === undefined || (applied === 'uncommitted' ? samePlace : hasApplied)
  if (sameSet && known) return { kind: 'ours' }
  if (takeOver) return { kind: 'takenOver' }
  const isLost = sameSet && samePlace
  return {
    kind: 'refused',
    isLost,
    message: isLost ? lostText(owner, applied) : otherText(root, before, owner),
  }
}

function otherText(root: string, before: RootOwner, owner: RootOwner): string {
  return [
    `${root} belongs to ${ownerText(before)}; this is ${ownerText(owner)}.`,
    'Give this one a root of its own with --root DIR, or, to remove what the other one runs, use --take-over.',
  ].join('\n')
}

function lostText(owner: RootOwner, applied: string | undefined): string {
  return [
    `${owner.repository} no longer has commit ${applied ?? ''}, which was applied last: was its history rewritten, or is it another repository?`,
    'Nothing was created or pruned. If it is right as it is now, use --take-over.',
  ].join('\n')
}

export function ownerText({ cluster, path, repository }: RootOwner): string {
  return `cluster ${cluster} from ${repository}${path === '' ? '' : `, --path ${path}`}`
}
