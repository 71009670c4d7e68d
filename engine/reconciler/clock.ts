/** The engine's only source of time, so that a test can put another in its place. */
export interface Clock {
  now(): Temporal.Instant
  /** Resolves at `at`, or at once when the signal is aborted: whoever waits looks at the signal afterwards. */
  sleepUntil(at: Temporal.Instant, signal: AbortSignal): Promise<void>
}

/** A timer follows no step of the wall clock, so a long sleep looks at the clock again this often. */
const LOOK_AGAIN_MS = 10_000

export const systemClock: Clock = {
  now: () => Temporal.Now.instant(),
  async sleepUntil(at, signal) {
    while (!signal.aborted) {
      const leftMs = at.epochMilliseconds - Temporal.Now.instant().epochMilliseconds
      if (leftMs <= 0) return
      await timer(Math.min(leftMs, LOOK_AGAIN_MS), signal)
    }
  },
}

function timer(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const handle = setTimeout(end, ms)
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
