import { after, type Clock } from '../../reconciler/clock.ts'
import type { Runtime } from '../../runtimes/runtime.ts'

/** Should nothing be told of. */
const LOOK_MS_MAX = 1_000

/** Hears when something happens on a node. */
export interface Ear {
  /** Until something has happened, or a second has passed, or the signal is aborted. */
  wait(): Promise<void>
}

/** One pair of ears for all who wait, until the signal is aborted. */
export function createEar(runtime: Pick<Runtime, 'events'>, clock: Clock, signal: AbortSignal): Ear {
  const sleepers = new Set<AbortController>()
  void listen()
  return {
    async wait() {
      const sleeper = new AbortController()
      sleepers.add(sleeper)
      const end = AbortSignal.any([sleeper.signal, signal])
      await clock.sleepUntil(after(clock.now(), LOOK_MS_MAX), end)
      sleepers.delete(sleeper)
    },
  }

  async function listen(): Promise<void> {
    try {
      for await (const _event of runtime.events(signal)) {
        for (const sleeper of sleepers) sleeper.abort()
      }
    } catch {
      // Nothing is heard any more, and it is looked every second.
    }
  }
}
