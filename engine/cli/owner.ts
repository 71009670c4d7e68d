import type { RootOwner } from '../api/records.ts'
import type { Desired } from '../api/snapshot.ts'
import type { Source } from '../source/source.ts'
import { judgeOwnership, type Ownership } from './ownership.ts'
import type { Station } from './station.ts'
import { UserError } from './userError.ts'
import type { World } from './world.ts'

export interface OwnerQuestion {
  readonly station: Station
  readonly source: Source
  readonly desired: Desired
  readonly takeOver: boolean
}

/** Whether the root may be used for this commit. Throws a UserError that names both sides when not. */
export async function assertOwner(
  question: OwnerQuestion,
  world: World,
): Promise<Exclude<Ownership, { readonly kind: 'refused' }>> {
  const { station, source, takeOver } = question
  const { record, root } = station
  const applied = record?.appliedCommit
  const hasApplied =
    applied === undefined ||
    applied === 'uncommitted' ||
    applied === question.desired.commit ||
    (await source.contains(applied, world.signal))
  const ownership = judgeOwnership({ root, record, owner: ownerOf(question), hasApplied, takeOver })
  if (ownership.kind === 'refused') throw new UserError(ownership.message)
  return ownership
}

export function ownerOf({ source, desired }: Pick<OwnerQuestion, 'source' | 'desired'>): RootOwner {
  return { cluster: desired.cluster.metadata.name, path: source.path, repository: source.repository }
}
