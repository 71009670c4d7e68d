import type { Clock } from '../../reconciler/clock.ts'
import type { Logger } from '../../reconciler/logger.ts'
import type { Transport } from '../../transport/transport.ts'
import { openEventFile } from '../events/eventFile.ts'
import type { Scene } from './scene.ts'
import { createTeller, type Teller } from './teller.ts'

export interface OpenTellerOptions {
  readonly transport: Transport
  /** The root, whose lock the caller has: there the history of Events is kept. */
  readonly root: string
  readonly clock: Clock
  readonly log: Logger
  readonly scene: () => Scene
}

/** Until it is disposed of, which puts the last Events on the disk. */
export async function openTeller(options: OpenTellerOptions): Promise<Teller & AsyncDisposable> {
  const { clock, log, root, scene, transport } = options
  const events = await openEventFile({ transport, root, clock, log })
  const teller = createTeller({ log, events, scene })
  return {
    progress: (event) => teller.progress(event),
    sync: (event) => teller.sync(event),
    [Symbol.asyncDispose]: () => events[Symbol.asyncDispose](),
  }
}
