import type { Clock } from './clock.ts'
import { after, millisecondsBetween } from './clock.ts'

/** After a tick, this many times as long as it took is left to others: 1,000 pods take 15 ms to plan, and come in bursts. */
const REST_FACTOR = 3
const REST_MS_MIN = 1
const REST_MS_MAX = 500

/** What the loop leaves of the time to others between two ticks. */
export class Rest {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #lastTookMs = 0

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
  }

  /** From a tick that began then and has ended now. */
  async after(began: Temporal.Instant): Promise<void> {
    const now = this.#clock.now()
    const tookMs = Math.max(0, millisecondsBetween(began, now))
    // the lesser of two: one tick may have been slow by chance, and the first one is, since its code is cold
    const usualMs = Math.min(tookMs, this.#lastTookMs)
    this.#lastTookMs = tookMs
    const restMs = Math.max(REST_MS_MIN, Math.min(REST_MS_MAX, usualMs * REST_FACTOR))
    await this.#clock.sleepUntil(after(now, restMs), this.#signal)
  }
}
