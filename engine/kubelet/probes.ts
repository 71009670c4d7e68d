import type { Probe } from '../api/generated/types.ts'
import type { Timestamp } from '../api/names.ts'
import type { ObservedPod, ProbeKey, ProbeKind, ProbeTally } from '../api/snapshot.ts'
import { isFrozen } from './conditions.ts'
import type { PodContext } from './context.ts'
import type { ProbeFacts } from './facts.ts'
import { grpcTarget, httpTarget, type ProbeTarget, tcpTarget } from './handlers.ts'
import { after } from './time.ts'
import { tallyOf } from './verdicts.ts'
import { type ContainerView, type PodView, viewOf } from './view.ts'

export interface ProbeDue {
  readonly key: ProbeKey
  readonly kind: ProbeKind
  readonly container: string
  readonly attempt: number
  /** With defaults. */
  readonly probe: Probe
  /** May have passed. */
  readonly dueAt: Temporal.Instant
  readonly target: ProbeTarget
  readonly timeoutMs: number
}

export interface ProbeResult {
  readonly attempt: number
  readonly at: Timestamp
  readonly succeeded: boolean
  readonly message: string
}

const NONE: readonly ProbeDue[] = []

/** The probes that are to run, each with its next instant; none once the pod is to end. */
export function probesOf(pod: ObservedPod, context: PodContext): readonly ProbeDue[] {
  const view = viewOf(pod, context)
  if (view.over || pod.sandbox !== 'ready' || !context.node.reachable || isFrozen(view)) return NONE
  return [...view.inits, ...view.mains].flatMap((container) => probesOfContainer(container, view))
}

export function countProbe(tally: ProbeTally | undefined, result: ProbeResult): ProbeTally {
  const { at, attempt, message, succeeded } = result
  const goesOn = tally !== undefined && tally.attempt === attempt && tally.lastSucceeded === succeeded
  return { attempt, lastAt: at, lastSucceeded: succeeded, inARow: goesOn ? tally.inARow + 1 : 1, message }
}

function probesOfContainer(container: ContainerView, view: PodView): readonly ProbeDue[] {
  const { facts, shown, started } = container
  if (shown !== 'running' || facts.probes.length === 0) return NONE
  return facts.probes
    .filter(({ kind }) => (kind === 'startup') !== started)
    .map((probe) => dueProbe(probe, container, view))
    .filter((due) => due !== undefined)
}

function dueProbe(facts: ProbeFacts, container: ContainerView, view: PodView): ProbeDue | undefined {
  const { observed } = container
  const target = probeTarget(facts.probe, container, view)
  if (observed?.state.kind !== 'running' || target === undefined) return undefined
  const { key, kind, probe } = facts
  const tally = tallyOf(view.pod, facts, observed.attempt)
  const dueAt =
    tally === undefined
      ? after(observed.state.startedAt, (probe.initialDelaySeconds ?? 0) * 1000)
      : after(tally.lastAt, facts.periodMs)
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000
  return { key, kind, container: container.name, attempt: observed.attempt, probe, dueAt, target, timeoutMs }
}

/** Undefined: no such port, or no address yet. */
function probeTarget(probe: Probe, { facts }: ContainerView, view: PodView): ProbeTarget | undefined {
  const { container } = facts
  if (probe.exec !== undefined) return { kind: 'exec', command: probe.exec.command ?? [] }
  if (probe.httpGet !== undefined) return httpTarget(probe.httpGet, container, view.pod, view.context)
  if (probe.grpc !== undefined) return grpcTarget(probe.grpc, view.pod, view.context)
  return probe.tcpSocket === undefined
    ? undefined
    : tcpTarget(probe.tcpSocket, container, view.pod, view.context)
}
