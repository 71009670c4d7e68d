import { TRASH_KEPT_DAYS, TRASH_KEPT_MS } from '../api/claims.ts'
import { imagesWanted } from '../planner/images.ts'
import type { Clock } from '../reconciler/clock.ts'
import { after } from '../reconciler/clock.ts'
import type { Logger } from '../reconciler/logger.ts'
import { messageOf } from '../reconciler/problems.ts'
import type { Engine } from './engine.ts'
import type { Site } from './site.ts'

export interface HouseOptions {
  readonly engine: Engine
  readonly site: Site
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly log: Logger
}

/** The kubelet looks at its images every five minutes, and deletes some only when the disk is nearly full; here all that nobody wants go. */
const EVERY_MS = 3_600_000
/** Not while a machine that has just come up is busy with its pods. */
const FIRST_MS = 300_000

/** Removes images that nobody wants, and what has lain in the trash for long enough, beside the loop and not in its way. */
export async function keepHouse(options: HouseOptions): Promise<void> {
  const { clock, signal } = options
  await clock.sleepUntil(after(clock.now(), FIRST_MS), signal)
  while (!signal.aborted) {
    await cleanUp(options)
    await clock.sleepUntil(after(clock.now(), EVERY_MS), signal)
  }
}

export async function cleanUp(options: HouseOptions): Promise<void> {
  const { engine, log, site } = options
  const { desired } = engine
  // Nothing is known to be unwanted while nobody knows what is wanted.
  if (desired === undefined || engine.state().snapshot === undefined) return
  try {
    const { runtimes } = await site.machine(desired)
    for (const [node, runtime] of runtimes) {
      const { snapshot } = engine.state()
      if (snapshot?.observed.nodes.get(node)?.reachable !== true) continue
      const freed = await runtime.collectImages(imagesWanted(snapshot), options.signal)
      if (freed.images > 0)
        log('info', `removed ${freed.images} images that nobody wants, ${freed.bytes} bytes`, { node })
      const before = options.clock.now().subtract({ milliseconds: TRASH_KEPT_MS }).toString()
      for (const path of await runtime.emptyTrash(before, options.signal))
        log('info', `deleted for good, ${TRASH_KEPT_DAYS} days after its claim: ${path}`, { node })
    }
  } catch (error) {
    if (!options.signal.aborted) log('warn', `cleaning up failed, and is tried again: ${messageOf(error)}`)
  }
}
