import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Invocation } from './invocation.ts'
import type { World } from './world.ts'

const DEFAULT_ROOT = '/var/lib/reconcile'

/** `--root`, absolute. */
export function rootFolder(invocation: Invocation, world: World): string {
  return resolve(world.cwd, invocation.text('root') ?? DEFAULT_ROOT)
}

/** For what can be fetched again, where no root may be used. */
export function cacheFolder(world: World): string {
  const { XDG_CACHE_HOME: cache, HOME: home } = world.environment
  return join(cache ?? join(home ?? homedir(), '.cache'), 'reconcile')
}
