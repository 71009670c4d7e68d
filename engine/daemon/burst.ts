import type { Clock } from '../reconciler/clock.ts'
import { after, millisecondsBetween } from '../reconciler/clock.ts'

/** So many commits at once are a person's, or two persons': they are taken up without a wait. */
const FREE = 3
const WINDOW_MS = 5_000
const REST_MS = 250
const REST_MS_MAX = 2_000

/** Rests between commits that come in a burst, so that most of them are passed over by the next look. One alone never waits. */
export class Burst {
  readonly #clock: Clock
  #times: readonly Temporal.Instant[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** After a commit was heard of. */
  async rest(signal: AbortSignal): Promise<void> {
    const now = this.#clock.now()
    this.#times = [...this.#times, now].filter((time) => Math.abs(millisecondsBetween(time, now)) < WINDOW_MS)
    const restMs = Math.min(REST_MS_MAX, Math.max(0, this.#times.length - FREE) * REST_MS)
    if (restMs > 0) await this.#clock.sleepUntil(after(now, restMs), signal)
  }
}
