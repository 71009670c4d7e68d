import { nothingDesired } from '../daemon/desired.ts'
import { SourceError } from '../source/source.ts'
import type { Invocation } from './invocation.ts'
import { loadCommit, type Loaded, type LoadOptions, openRepository } from './load.ts'
import { openStation } from './station.ts'
import type { World } from './world.ts'

/**
 * A commit as it is meant on this root: one that no longer has the root's folder, or has no manifests at all, asks its cluster for nothing,
 * which is for the rails to judge. Rejects as `loadCommit` where the root was never that folder's: then its name is a slip.
 */
export async function loadForRoot(
  options: LoadOptions,
  invocation: Invocation,
  world: World,
): Promise<Loaded> {
  const loaded = await loadCommit(options, world).catch((error: unknown) =>
    withoutFolder(error, options, invocation, world),
  )
  if (loaded.kind === 'invalid' || loaded.files > 0) return loaded
  const { record } = await openStation(invocation, world)
  if (record === undefined || record.owner.path !== loaded.source.path) return loaded
  return { ...loaded, desired: nothingDesired(loaded.desired.commit, record.owner.cluster) }
}

async function withoutFolder(
  error: unknown,
  options: LoadOptions,
  invocation: Invocation,
  world: World,
): Promise<Loaded> {
  if (!(error instanceof SourceError) || !error.folderGone) throw error
  const { record } = await openStation(invocation, world)
  const source = await openRepository({ ...options, fetch: false }, world)
  if (record?.appliedCommit === undefined || record.owner.path !== source.path) throw error
  const commit = await source.commits?.head(world.signal)
  if (commit === undefined) throw error
  const desired = nothingDesired(commit, record.owner.cluster)
  return { kind: 'valid', source, desired, files: 0, warnings: [], pathGone: true }
}
