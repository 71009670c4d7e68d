import type { ContainerRecord } from '../api/records.ts'
import type { ObservedContainer, ObservedPod, ProbeTally } from '../api/snapshot.ts'
import type { PodContext } from './context.ts'
import { type ContainerFacts, type ProbeFacts, probeOf } from './facts.ts'
import { after, instant, isDue, latest } from './time.ts'

/** What the probes' results so far mean for one running container, and since which instant that may change by itself. */
export interface Verdict {
  readonly started: boolean
  readonly ready: boolean
  /** Until then a recorded readiness holds although no probe has answered yet. */
  readonly heldUntil?: Temporal.Instant
}

export const NOT_READY: Verdict = { started: false, ready: false }
const READY: Verdict = { started: true, ready: true }
const STARTED: Verdict = { started: true, ready: false }

/** A tally speaks of one attempt only. */
export function tallyOf(pod: ObservedPod, probe: ProbeFacts, attempt: number): ProbeTally | undefined {
  const tally = pod.probes.get(probe.key)
  return tally?.attempt === attempt ? tally : undefined
}

export function judge(
  pod: ObservedPod,
  facts: ContainerFacts,
  observed: ObservedContainer,
  record: ContainerRecord | undefined,
  context: PodContext,
): Verdict {
  // An init container is ready once it has ended well.
  if (facts.role === 'init') return STARTED
  if (facts.hasPostStart && !hasSucceeded(record)) return NOT_READY
  if (facts.probes.length === 0) return READY
  if (!hasStarted(pod, facts, observed, record)) return NOT_READY
  const readiness = probeOf(facts, 'readiness')
  if (readiness === undefined) return READY
  const recorded = record?.ready ?? false
  const tally = tallyOf(pod, readiness, observed.attempt)
  if (tally !== undefined) return isReady(tally, readiness, recorded) ? READY : STARTED
  return recorded ? heldReadiness(readiness, observed, context) : STARTED
}

function hasSucceeded(record: ContainerRecord | undefined): boolean {
  return record?.postStart?.endedAt !== undefined && record.postStart.failure === undefined
}

function hasStarted(
  pod: ObservedPod,
  facts: ContainerFacts,
  observed: ObservedContainer,
  record: ContainerRecord | undefined,
): boolean {
  const startup = probeOf(facts, 'startup')
  if (startup === undefined || record?.started === true) return true
  const tally = tallyOf(pod, startup, observed.attempt)
  return tally !== undefined && tally.lastSucceeded && tally.inARow >= startup.successThreshold
}

/** Between the two thresholds the last verdict stays. */
function isReady(tally: ProbeTally, probe: ProbeFacts, recorded: boolean): boolean {
  if (tally.lastSucceeded) return recorded || tally.inARow >= probe.successThreshold
  return recorded && tally.inARow < probe.failureThreshold
}

/** After a restart of the engine no pod is to flap: as long as the probe would have taken to find it unready. */
function heldReadiness(probe: ProbeFacts, observed: ObservedContainer, context: PodContext): Verdict {
  if (!context.node.reachable || observed.state.kind !== 'running') return READY
  const from = latest(instant(context.node.since), instant(observed.state.startedAt))
  const heldUntil = after(from, probe.periodMs * probe.failureThreshold)
  return isDue(heldUntil, context.now) ? STARTED : { ...READY, heldUntil }
}

/** Why the container is to be killed, and by which probe; undefined while it is well. */
export function failedProbe(
  pod: ObservedPod,
  facts: ContainerFacts,
  observed: ObservedContainer,
  started: boolean,
): { readonly probe: ProbeFacts; readonly tally: ProbeTally } | undefined {
  const probe = probeOf(facts, started ? 'liveness' : 'startup')
  if (probe === undefined) return undefined
  const tally = tallyOf(pod, probe, observed.attempt)
  if (tally === undefined || tally.lastSucceeded || tally.inARow < probe.failureThreshold) return undefined
  return { probe, tally }
}
