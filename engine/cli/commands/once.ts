import { localTransport } from '../../transport/local.ts'
import type { RunCommand } from '../commands.ts'
import { printWarnings, refuse } from '../diagnostics.ts'
import { awaitDaemon, findDaemon } from '../findDaemon.ts'
import { sourceOptions } from '../load.ts'
import { loadForRoot } from '../loadForRoot.ts'
import { rootFolder } from '../place.ts'
import { assertRights } from '../rights.ts'
import { timeoutOf } from '../timeout.ts'
import type { Invocation } from '../invocation.ts'
import type { World } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  if (!invocation.flag('once')) {
    const { runDaemon } = await import('../daemon/run.ts')
    return await runDaemon(invocation, world)
  }
  const timeoutMs = timeoutOf(invocation)
  assertRights(invocation, world)
  const place = { root: rootFolder(invocation, world), transport: localTransport() }
  const daemon = await findDaemon(place)
  if (daemon !== undefined) return await askDaemon(daemon, invocation, world)
  const loading = loadForRoot(sourceOptions(invocation, world), invocation, world)
  // Loaded while Git works, which has begun by now: together these are a third of the time until the first container.
  const applying = import('../apply.ts')
  const loaded = await loading
  if (loaded.kind === 'invalid') return refuse(loaded, ': nothing was touched', invocation, world)
  printWarnings(loaded.warnings, world)
  const [{ applyCommit }, { RootHeld }] = await Promise.all([applying, import('../station.ts')])
  try {
    return await applyCommit(loaded, timeoutMs, invocation, world)
  } catch (error) {
    // One that has just begun, and does not listen yet.
    if (!(error instanceof RootHeld) || error.holder?.daemon !== true) throw error
    const begun = await awaitDaemon(place, world)
    if (begun === undefined) throw error
    return await askDaemon(begun, invocation, world)
  }
}

async function askDaemon(
  daemon: NonNullable<Awaited<ReturnType<typeof findDaemon>>>,
  invocation: Invocation,
  world: World,
): Promise<number> {
  const { onceBeside } = await import('../onceBeside.ts')
  return await onceBeside(daemon, invocation, world)
}
