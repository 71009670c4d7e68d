import type { Cluster } from '../api/generated/types.ts'
import { SourceError } from '../source/source.ts'
import type { Invocation } from './invocation.ts'
import { type Loaded, type LoadOptions, openRepository } from './load.ts'
import { openStation } from './station.ts'
import type { World } from './world.ts'

/**
 * What a commit asks for that no longer has the folder of this root: nothing, which is for the rails to judge. Rejects with the error as it
 * came where the root was never that folder's: then its name is a slip.
 */
export async function loadWithoutFolder(
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
  const cluster: Cluster = {
    apiVersion: 'reconcile.dev/v1',
    kind: 'Cluster',
    metadata: { name: record.owner.cluster },
  }
  const desired = { commit, cluster, nodes: [], objects: new Map<never, never>() }
  return { kind: 'valid', source, desired, files: 0, warnings: [], pathGone: true }
}
