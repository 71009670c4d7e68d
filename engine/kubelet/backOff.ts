import type { RestartRule } from '../api/cri.ts'
import { type PodUid, unitHash } from '../api/names.ts'
import type { Failure } from '../api/records.ts'
import type { ContainerExit, ContainerState } from '../api/snapshot.ts'
import { type AfterExit, afterExit } from '../api/restarts.ts'
import type { ContainerFacts } from './facts.ts'
import { after, instant, isDue, msBetween } from './time.ts'

/** Kubernetes' crash back-off: the first restart is at once, then 10 s doubling to 5 min; ten minutes of running begin anew. */
export const RESTART_DELAYS_SECONDS: readonly number[] = [0, 10, 20, 40, 80, 160, 300]
const RESTART_RESET_SECONDS = 600

/** A restart that the node's hook owes for this long means that the hook is dead. */
const HOOK_OVERDUE_MS = 30_000

const RETRY_FIRST_MS = 10_000
const RETRY_MAX_MS = 300_000
/** Up to a tenth more, so that a hundred pods that fail together do not try again together. */
const JITTER = 0.1

export function restartRule(
  { exitRules, restart }: ContainerFacts,
  deadline: Temporal.Instant | undefined,
): RestartRule {
  return {
    policy: restart,
    delaysSeconds: RESTART_DELAYS_SECONDS,
    resetAfterSeconds: RESTART_RESET_SECONDS,
    ...(exitRules.length > 0 && { exitRules }),
    ...(deadline !== undefined && { deadline: deadline.toString() }),
  }
}

type Rules = Pick<ContainerFacts, 'exitRules' | 'restart'>

export function outcomeOf({ exitRules, restart }: Rules, exit: ContainerExit): AfterExit {
  return afterExit({ policy: restart, exitRules }, exit.exitCode)
}

/** The container alone: a rule that restarts all of the pod is not the node's to follow. */
export function restartsAfter(facts: Rules, exit: ContainerExit): boolean {
  return outcomeOf(facts, exit) === 'restart'
}

/** 10 s, 20 s, ... 5 min after the last of `count` failures. */
export function retryAt(failure: Failure, uid: PodUid, container: string): Temporal.Instant {
  const base = Math.min(RETRY_FIRST_MS * 2 ** Math.max(0, failure.count - 1), RETRY_MAX_MS)
  return after(failure.lastAt, base * (1 + JITTER * unitHash(uid, container, String(failure.count))))
}

/** What failed later than now did so before the clock was set back: nobody waits until that time has come again. */
export function isBackingOff(
  failure: Failure,
  uid: PodUid,
  container: string,
  now: Temporal.Instant,
): boolean {
  return isDue(instant(failure.lastAt), now) && !isDue(retryAt(failure, uid, container), now)
}

type Exited = Extract<ContainerState, { kind: 'exited' }>

/** The back-off between this end and the next attempt: as the hook decided, or as it would have. */
export function restartDelayMs(state: Exited): number {
  return state.backOffMs ?? waitMs(state)
}

/** Until the next attempt is due: where the node heard late of the end, more than the back-off. */
function waitMs({ exit, restartAt }: Exited): number {
  if (restartAt !== undefined) return Math.max(0, msBetween(instant(exit.finishedAt), instant(restartAt)))
  return usualDelayMs(exit)
}

function usualDelayMs(exit: ContainerExit): number {
  const ranMs = msBetween(instant(exit.startedAt), instant(exit.finishedAt))
  if (ranMs >= RESTART_RESET_SECONDS * 1000) return 0
  const index = Math.min(exit.attempt, RESTART_DELAYS_SECONDS.length - 1)
  return (RESTART_DELAYS_SECONDS[index] ?? 0) * 1000
}

/** When all containers are to start again because of this end: they back off as the one that ended would have. */
export function allRestartAt({ exit }: Exited): Temporal.Instant {
  return after(exit.finishedAt, usualDelayMs(exit))
}

/** When the engine itself starts the next attempt, because no hook ran for this one or the hook has not done it. */
export function engineRestartAt(state: Exited): Temporal.Instant {
  const due = after(state.exit.finishedAt, waitMs(state))
  const hasNoHook = state.exit.startFailed || state.exit.lost === true
  const byEngine = hasNoHook && state.restartAt === undefined
  return byEngine ? due : after(due, HOOK_OVERDUE_MS)
}
