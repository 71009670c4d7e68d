import type { Action } from '../api/plan.ts'
import { signatureOf, subjectOf } from './attempts.ts'
import { after, millisecondsBetween } from './clock.ts'
import type { Limits } from './limits.ts'
import { retryDelayMs } from './limits.ts'

interface Past {
  readonly signature: string
  readonly endedAt: Temporal.Instant
  readonly failures: number
  /** How often it has succeeded in a row, each time soon after the last. */
  readonly repeats: number
}

/** Longer apart, the same action is a new occasion: a probe that flaps, a container that crashes again. */
const IN_A_ROW_MS = 1_000
const REPEAT_DELAY_MIN_MS = 1_000
const REPEAT_DELAY_MAX_MS = 60_000
/** What has failed is not begun any more after so long without another try: of a pod that could never be made nobody tells that it is gone. */
const FAILURE_KEPT_MS = 3_600_000
/** As many subjects are remembered before it is looked which of them may be forgotten. */
const SWEEP_SIZE_MIN = 256

/** Keeps a failing or pointless action from being begun again and again without a pause, whatever the plan says. */
export class Pacing {
  readonly #limits: Limits
  readonly #past = new Map<string, Past>()
  #sweepSize = SWEEP_SIZE_MIN

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Not before then; undefined: at any time. What ended later than now did so before the clock was set back. */
  notBefore(action: Action, now: Temporal.Instant): Temporal.Instant | undefined {
    const past = this.#past.get(subjectOf(action))
    if (past === undefined || past.signature !== signatureOf(action)) return undefined
    if (Temporal.Instant.compare(past.endedAt, now) > 0) return undefined
    const delayMs = this.#delayMs(past)
    return delayMs === 0 ? undefined : after(past.endedAt, delayMs)
  }

  /** True: this is the moment to report a plan that wants the same again and again though it succeeds. */
  succeeded(action: Action, now: Temporal.Instant): boolean {
    const past = this.#past.get(subjectOf(action))
    const again = past !== undefined && past.signature === signatureOf(action) && this.#soonAfter(past, now)
    const repeats = again ? past.repeats + 1 : 1
    this.#past.set(subjectOf(action), { signature: signatureOf(action), endedAt: now, failures: 0, repeats })
    if (this.#past.size >= this.#sweepSize) this.#sweep(now)
    return repeats === this.#limits.repeatsMax
  }

  failed(action: Action, now: Temporal.Instant): void {
    const past = this.#past.get(subjectOf(action))
    const failures = past?.signature === signatureOf(action) ? past.failures + 1 : 1
    this.#past.set(subjectOf(action), { signature: signatureOf(action), endedAt: now, failures, repeats: 0 })
    if (this.#past.size >= this.#sweepSize) this.#sweep(now)
  }

  forget(action: Action): void {
    this.#past.delete(subjectOf(action))
  }

  /** What ended some time ago is no reason for anything any more, and its object may be gone for good: Jobs of a CronJob, one a minute. */
  #sweep(now: Temporal.Instant): void {
    for (const [subject, past] of this.#past) {
      const isOver =
        past.failures === 0
          ? !this.#soonAfter(past, now)
          : millisecondsBetween(past.endedAt, now) > FAILURE_KEPT_MS
      if (isOver) this.#past.delete(subject)
    }
    this.#sweepSize = Math.max(SWEEP_SIZE_MIN, 2 * this.#past.size)
  }

  #delayMs(past: Past): number {
    const { failureRetryMinMs, retryMaxMs, repeatsMax } = this.#limits
    if (past.failures > 0) return retryDelayMs(past.failures, failureRetryMinMs, retryMaxMs)
    if (past.repeats < repeatsMax) return 0
    return retryDelayMs(past.repeats - repeatsMax + 1, REPEAT_DELAY_MIN_MS, REPEAT_DELAY_MAX_MS)
  }

  #soonAfter(past: Past, now: Temporal.Instant): boolean {
    return millisecondsBetween(past.endedAt, now) <= this.#delayMs(past) + IN_A_ROW_MS
  }
}
