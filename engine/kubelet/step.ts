import type { Action, PodAction } from '../api/plan.ts'
import type { ObservedPod } from '../api/snapshot.ts'
import { ofPod } from './actions.ts'
import type { PodContext } from './context.ts'
import { deadlineOf } from './ends.ts'
import { followStep } from './follow.ts'
import { postStartStep } from './hooks.ts'
import { killStep } from './kills.ts'
import { mendStep } from './mend.ts'
import { freshRecord, isUpToDate } from './record.ts'
import { sandboxStep } from './sandbox.ts'
import { credentialsDueMs } from './requests/credentials.ts'
import { resizeStep } from './resize.ts'
import { restartAllStep } from './restartAll.ts'
import { startStep } from './starts.ts'
import { frozenText, isFrozen } from './conditions.ts'
import { finishStep, terminationStep } from './termination.ts'
import { earliest } from './time.ts'
import { type PodView, viewOf } from './view.ts'

export interface PodStep {
  readonly action?: PodAction
  /** Look again then, even if nothing happens. */
  readonly requeueAt?: Temporal.Instant
  /** What the pod waits for, in words for people. */
  readonly waiting?: string
}

const NOTHING: PodStep = {}

/** What one pod needs next: at most one action, for after it the pod is looked at again. */
export function podStep(pod: ObservedPod, context: PodContext): PodStep {
  if (!context.node.reachable) return { waiting: `node ${context.node.name} does not answer` }
  if (context.busy !== undefined) return busyStep(pod, context.busy, context)
  const view = viewOf(pod, context)
  if (view.steady) return followStep(ofCommit(view, context)) ?? NOTHING
  if (view.deleting) return terminationStep(view)
  const step = lifeStep(view)
  return withDeadline(view, step.action === undefined ? withRecording(view, step) : step)
}

/** Also while something is done, which may take long. */
function withDeadline(view: PodView, step: PodStep): PodStep {
  const deadline = view.over ? undefined : deadlineOf(view.facts, view.pod)
  const requeueAt = earliest(earliest(step.requeueAt, deadline), view.over ? undefined : credentialsDue(view))
  return requeueAt === undefined || requeueAt === step.requeueAt ? step : { ...step, requeueAt }
}

function credentialsDue({ context, pod }: PodView): Temporal.Instant | undefined {
  const dueMs = credentialsDueMs(pod.record, context.now)
  return dueMs === undefined ? undefined : Temporal.Instant.fromEpochMilliseconds(dueMs)
}

/** A steady pod keeps its view from commit to commit; what its files are to hold follows from the commit of now. */
function ofCommit(view: PodView, context: PodContext): PodView {
  return view.context.desired === context.desired ? view : { ...view, context }
}

/** A start takes as long as its images take to come: when the pod's time is up it is given up. All other work is short, or an end. */
function busyStep(pod: ObservedPod, busy: Action, context: PodContext): PodStep {
  const waiting = `${busy.kind} is under way`
  const view = viewOf(pod, context)
  if (busy.kind !== 'startContainers' || view.deleting) return { waiting }
  const { end } = view
  if (end !== undefined && pod.record.ended === undefined) {
    const reason = `${end.reason ?? end.phase}: ${end.message ?? 'it has ended'}`
    return { action: { ...ofPod(view, reason), kind: 'updatePod', record: freshRecord(view) } }
  }
  return withDeadline(view, { waiting })
}

/** In the order of urgency; whatever waits does not keep the pod's record, if there is one, from being written. */
function lifeStep(view: PodView): PodStep {
  if (view.over) return finishStep(view)
  if (isFrozen(view)) return { waiting: frozenText(view) }
  if (view.pod.sandbox !== 'ready') return sandboxStep(view)
  return mendStep(view, () => resizeStep(view, () => runStep(view)))
}

function runStep(view: PodView): PodStep {
  return restartAllStep(view) ?? killStep(view) ?? postStartStep(view) ?? followStep(view) ?? startStep(view)
}

function withRecording(view: PodView, step: PodStep): PodStep {
  if (view.pod.unmade === undefined && !isUpToDate(view)) {
    const action: PodAction = {
      ...ofPod(view, 'its state has changed'),
      kind: 'updatePod',
      record: freshRecord(view),
    }
    return { ...step, action }
  }
  const requeueAt = earliest(step.requeueAt, heldUntil(view))
  if (requeueAt === undefined) return step.waiting === undefined ? NOTHING : step
  return { ...step, requeueAt }
}

/** When a readiness that was only remembered has to be given up. */
function heldUntil(view: PodView): Temporal.Instant | undefined {
  let soonest: Temporal.Instant | undefined
  for (const { heldUntil: until } of view.mains) if (until !== undefined) soonest = earliest(soonest, until)
  for (const { heldUntil: until } of view.inits) if (until !== undefined) soonest = earliest(soonest, until)
  return soonest
}
