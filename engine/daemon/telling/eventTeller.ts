import { after } from '../../reconciler/clock.ts'
import { silentLogger } from '../../reconciler/logger.ts'
import { type EventSink, openEventFile } from '../events/eventFile.ts'
import type { OpenTellerOptions } from './openTeller.ts'
import { createTeller, type Teller } from './teller.ts'
import type { Happening } from './telling.ts'

/** A history of a thousand Events takes longer to read than a pod to start, which is what people wait for. */
const READ_AFTER_MS = 500

/**
 * Tells in Events only, for a run that people watch. The history is read a little later: what happens before that is gathered. Until it is
 * disposed of, which puts the last Events on the disk.
 */
export function createEventTeller({
  clock,
  log,
  root,
  scene,
  transport,
}: OpenTellerOptions): Teller & AsyncDisposable {
  const early: Happening[] = []
  let sink: EventSink | undefined
  const ending = new AbortController()
  const open = async (): Promise<void> => {
    await clock.sleepUntil(after(clock.now(), READ_AFTER_MS), ending.signal)
    const opened = await openEventFile({ transport, root, clock, log })
    for (const happening of early) opened.add(happening)
    sink = opened
  }
  const opening = open()
  const add = (happening: Happening): boolean => sink?.add(happening) ?? early.push(happening) > 0
  const teller = createTeller({ log: silentLogger, events: { add }, scene })
  return {
    progress: (event) => teller.progress(event),
    sync: (event) => teller.sync(event),
    async [Symbol.asyncDispose]() {
      ending.abort()
      await opening
      await sink?.[Symbol.asyncDispose]()
    },
  }
}
