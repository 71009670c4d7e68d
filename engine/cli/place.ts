import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Invocation } from './invocation.ts'
import type { World } from './world.ts'

const DEFAULT_ROOT = '/var/lib/reconcile'

/** `--root`, absolute. */
export function rootFolder(invocation: Invocation, world: World): string {
  return resolve(world.cwd, invocation.text('root') ?? DEFAULT_ROOT)
}

/**
 * Where remote repositories are mirrored. Only a command that applies a commit makes it in the root: all others use what
 * is there, or the user's cache.
 */
export function mirrorsFolder(invocation: Invocation, world: World): string {
  const inRoot = join(rootFolder(invocation, world), 'mirrors')
  const mayUse = world.userId === 0 && (invocation.command.name === '' || existsSync(inRoot))
  return mayUse ? inRoot : join(cacheFolder(world), 'mirrors')
}

/** For what can be fetched again, where no root may be used. */
function cacheFolder(world: World): string {
  const { XDG_CACHE_HOME: cache, HOME: home } = world.environment
  return join(cache ?? join(home ?? homedir(), '.cache'), 'reconcile')
}
