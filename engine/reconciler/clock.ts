/** The engine's only source of time, so that a test can put another in its place. */
export interface Clock {
  now(): Temporal.Instant
  /** Since some moment: steps of the wall clock left out. */
  readonly elapsedMs: number
  /**
   * Resolves at `at`, but never later than after the span that lay before it when it was asked for: a clock set back by
   * an hour makes nobody wait an hour longer. Also resolves when the signal is aborted. Whoever waits looks again.
   */
  sleepUntil(at: Temporal.Instant, signal: AbortSignal): Promise<void>
}

/** A timer follows no step of the wall clock, so a long sleep looks at the clock again this often. */
const LOOK_AGAIN_MS = 10_000

export const systemClock: Clock = {
  now: () => Temporal.Now.instant(),
  get elapsedMs() {
    return performance.now()
  },
  async sleepUntil(at, signal) {
    const endMs = performance.now() + leftMs(at)
    while (!signal.aborted) {
      const waitMs = Math.min(leftMs(at), endMs - performance.now())
      if (waitMs <= 0) return
      await timer(Math.min(waitMs, LOOK_AGAIN_MS), signal)
    }
  },
}

function leftMs(at: Temporal.Instant): number {
  return millisecondsBetween(Temporal.Now.instant(), at)
}

function timer(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const handle = setTimeout(end, Math.ceil(ms))
  signal.addEventListener('abort', end, { once: true })
  function end(): void {
    clearTimeout(handle)
    signal.removeEventListener('abort', end)
    resolve()
  }
  return promise
}

export function after(now: Temporal.Instant, milliseconds: number): Temporal.Instant {
  return now.add({ milliseconds: Math.round(milliseconds) })
}

export function millisecondsBetween(from: Temporal.Instant, to: Temporal.Instant): number {
  return Number(to.epochNanoseconds - from.epochNanoseconds) / 1e6
}
