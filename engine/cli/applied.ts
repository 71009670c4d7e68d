import { shortCommit } from '../api/names.ts'
import { join } from 'node:path'
import type { Desired } from '../api/snapshot.ts'
import { withRoot } from './withRoot.ts'
import { type Loaded, loadCommit, type LoadOptions } from './load.ts'
import type { UsedStation } from './station.ts'
import { UserError } from './userError.ts'
import { EXIT, type World } from './world.ts'

/** How the commit in force is read again. */
export function appliedOptions({ record, root }: UsedStation): LoadOptions {
  const { appliedCommit, owner } = record
  return {
    repo: owner.repository,
    branch: appliedCommit === 'uncommitted' ? undefined : appliedCommit,
    path: owner.path,
    fetch: false,
    mirrors: join(root, 'mirrors'),
  }
}

/** The commit in force. Throws a UserError when nobody can tell any more what it asks for: then nothing may be made or removed. */
export async function appliedDesired(station: UsedStation, world: World): Promise<Desired> {
  const { appliedCommit } = station.record
  if (appliedCommit === undefined) throw unreadable('no commit was applied yet')
  const name =
    appliedCommit === 'uncommitted' ? 'the uncommitted files' : `commit ${shortCommit(appliedCommit)}`
  const loaded = await load(station, name, world)
  if (loaded.kind === 'invalid')
    throw unreadable(`${name} can no longer be used: reconcile validate says why`)
  return withRoot(loaded.desired, station.record)
}

async function load(station: UsedStation, name: string, world: World): Promise<Loaded> {
  try {
    return await loadCommit(appliedOptions(station), world)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'SourceError') throw error
    throw unreadable(`${name} can no longer be read: ${error.message}`)
  }
}

function unreadable(message: string): UserError {
  return new UserError(`${message}; apply the repository with reconcile --once first`, {
    exitStatus: EXIT.failed,
  })
}
