import { localTransport } from '../../transport/local.ts'
import type { RunCommand } from '../commands.ts'
import { printWarnings, refuse } from '../diagnostics.ts'
import { findDaemon } from '../findDaemon.ts'
import { loadWithoutFolder } from '../goneFolder.ts'
import { loadCommit, sourceOptions } from '../load.ts'
import { rootFolder } from '../place.ts'
import { assertRights } from '../rights.ts'
import { timeoutOf } from '../timeout.ts'

const TIMEOUT_MS = 300_000

export const run: RunCommand = async (invocation, world) => {
  if (!invocation.flag('once')) {
    const { runDaemon } = await import('../daemon/run.ts')
    return await runDaemon(invocation, world)
  }
  const timeoutMs = timeoutOf(invocation, TIMEOUT_MS)
  assertRights(invocation, world)
  const daemon = await findDaemon({ root: rootFolder(invocation, world), transport: localTransport() })
  if (daemon !== undefined) {
    const { onceBeside } = await import('../onceBeside.ts')
    return await onceBeside(daemon, invocation, world)
  }
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
