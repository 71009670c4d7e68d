import type { Lock } from '../../transport/transport.ts'
import { after } from '../../reconciler/clock.ts'
import type { Logger } from '../../reconciler/logger.ts'
import { findDaemon } from '../findDaemon.ts'
import { type Station, type Holder, parseHolder, tryLock } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'

/** How soon after the end of whoever has the root. */
const LOOK_EVERY_MS = 250

/**
 * The root's lock, for a daemon's life. A command that works on the root is waited for, and so is an earlier daemon that is about to end: only
 * one that goes on is a mistake of whoever starts a second one. Undefined: interrupted.
 */
export async function holdRoot(station: Station, log: Logger, world: World): Promise<Lock | undefined> {
  const { clock, signal } = world
  let told = false
  while (!signal.aborted) {
    const result = await tryLock(station, world, { daemon: true })
    if (result.kind === 'locked') return result.lock
    const other = parseHolder(result.by)
    if (other?.daemon === true && (await findDaemon(station)) !== undefined) throw alreadyRuns(other, station)
    if (!told) log('info', `waiting for ${station.root}: ${whoText(other)} works on it`)
    told = true
    await clock.sleepUntil(after(clock.now(), LOOK_EVERY_MS), signal)
  }
  return undefined
}

function whoText(other: Holder | undefined): string {
  return other === undefined ? 'another engine' : `process ${other.pid} (${other.command})`
}

function alreadyRuns(other: Holder, { root }: Station): UserError {
  return new UserError(
    `an engine follows a repository on ${root} already: ${whoText(other)} since ${other.since}; end that one first, or name another --root`,
    { exitStatus: EXIT.failed },
  )
}
