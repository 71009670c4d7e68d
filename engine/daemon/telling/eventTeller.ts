import { silentLogger } from '../../reconciler/logger.ts'
import { type EventSink, openEventFile } from '../events/eventFile.ts'
import type { OpenTellerOptions } from './openTeller.ts'
import { createTeller, type Teller } from './teller.ts'
import type { Happening } from './telling.ts'

/**
 * Tells in Events only, for a run that people watch. Nobody waits for the history to be read: what happens before that is gathered. Until it is
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
  const opening = openEventFile({ transport, root, clock, log }).then((opened) => {
    for (const happening of early) opened.add(happening)
    sink = opened
  })
  const add = (happening: Happening): boolean => sink?.add(happening) ?? early.push(happening) > 0
  const teller = createTeller({ log: silentLogger, events: { add }, scene })
  return {
    progress: (event) => teller.progress(event),
    sync: (event) => teller.sync(event),
    async [Symbol.asyncDispose]() {
      await opening
      await sink?.[Symbol.asyncDispose]()
    },
  }
}
