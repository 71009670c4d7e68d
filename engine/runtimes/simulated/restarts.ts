import type { Timestamp } from '../../api/names.ts'
import { afterExit } from '../../api/restarts.ts'
import type { SimulatedClock } from './clock.ts'
import type { SimulatedContainer } from './pod.ts'

export interface RestartDelay {
  readonly seconds: number
  /** How many restarts in a row it will have been. */
  readonly streak: number
}

/** As the exit hook of a real node decides; undefined: it is not restarted. */
export function restartDelay(
  { request: { restart }, startedMs, streak: before }: SimulatedContainer,
  exitCode: number,
  clock: SimulatedClock,
): RestartDelay | undefined {
  if (afterExit(restart, exitCode) !== 'restart') return undefined
  if (isPast(restart.deadline, clock.now())) return undefined
  const ranSeconds = (clock.elapsedMs - startedMs) / 1_000
  const streak = ranSeconds >= restart.resetAfterSeconds ? 0 : before
  const { delaysSeconds } = restart
  return { seconds: delaysSeconds[Math.min(streak, delaysSeconds.length - 1)] ?? 0, streak: streak + 1 }
}

function isPast(deadline: Timestamp | undefined, now: Temporal.Instant): boolean {
  return deadline !== undefined && Temporal.Instant.compare(deadline, now) <= 0
}
