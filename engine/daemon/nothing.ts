import type { Desired } from '../api/snapshot.ts'
import { nothingDesired, type Reading } from './desired.ts'
import type { Engine } from './engine.ts'
import type { Site } from './site.ts'

interface Where {
  readonly engine: Engine
  readonly site: Site
}

/** A commit from which everything was removed, its Cluster too, is of the same cluster as before. */
export function desiredOf(
  { desired, files }: Extract<Reading, { readonly kind: 'valid' }>,
  where: Where,
): Desired {
  return (files === 0 ? nothingOf(desired.commit, where) : undefined) ?? desired
}

/** No object, with the Cluster and the nodes as they are in force. Undefined: the root is nobody's yet. */
export function nothingOf(commit: string, { engine, site }: Where): Desired | undefined {
  if (engine.desired !== undefined) return { ...engine.desired, commit, objects: new Map() }
  const owner = site.record()?.owner
  return owner && nothingDesired(commit, owner.cluster)
}
