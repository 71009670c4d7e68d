import type { Timestamp } from '../api/names.ts'

export function instant(timestamp: Timestamp): Temporal.Instant {
  return Temporal.Instant.from(timestamp)
}

export function after(from: Temporal.Instant | Timestamp, ms: number): Temporal.Instant {
  const start = typeof from === 'string' ? instant(from) : from
  return start.add({ milliseconds: Math.round(ms) })
}

/** Whether `at` has come. */
export function isDue(at: Temporal.Instant, now: Temporal.Instant): boolean {
  return Temporal.Instant.compare(at, now) <= 0
}

export function earliest(
  a: Temporal.Instant | undefined,
  b: Temporal.Instant | undefined,
): Temporal.Instant | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Temporal.Instant.compare(a, b) <= 0 ? a : b
}

export function latest(a: Temporal.Instant, b: Temporal.Instant): Temporal.Instant {
  return Temporal.Instant.compare(a, b) >= 0 ? a : b
}

export function msBetween(from: Temporal.Instant, to: Temporal.Instant): number {
  return to.epochMilliseconds - from.epochMilliseconds
}

/** As Go writes durations, and therefore Kubernetes' messages: `10s`, `1m20s`, `5m0s`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`
}
