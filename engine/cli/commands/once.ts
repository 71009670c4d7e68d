import type { RunCommand } from '../commands.ts'
import { printWarnings, refuse } from '../diagnostics.ts'
import { loadWithoutFolder } from '../goneFolder.ts'
import { usageError } from '../invocation.ts'
import { loadCommit, sourceOptions } from '../load.ts'
import { assertRights } from '../rights.ts'
import { timeoutOf } from '../timeout.ts'

const TIMEOUT_MS = 300_000

export const run: RunCommand = async (invocation, world) => {
  const timeoutMs = timeoutOf(invocation, TIMEOUT_MS)
  if (!invocation.flag('once')) {
    const hint =
      'following a repository comes with the daemon, which is not there yet; apply the current commit with --once'
    throw usageError(hint, invocation.command)
  }
  assertRights(invocation, world)
  const options = sourceOptions(invocation, world)
  const loading = loadCommit(options, world).catch((error: unknown) =>
    loadWithoutFolder(error, options, invocation, world),
  )
  // Loaded while Git works, which has begun by now: together these are a third of the time until the first container.
  const applying = import('../apply.ts')
  const loaded = await loading
  if (loaded.kind === 'invalid') return refuse(loaded, ': nothing was touched', invocation, world)
  printWarnings(loaded.warnings, world)
  const { applyCommit } = await applying
  return applyCommit(loaded, timeoutMs, invocation, world)
}
