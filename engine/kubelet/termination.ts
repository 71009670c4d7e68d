import type { Grace } from './actions.ts'
import { backOffOf, ofPod, stopAction, wholeGrace } from './actions.ts'
import type { PodStep } from './step.ts'
import { servedStep } from './serving.ts'
import { releaseStep } from './release.ts'
import { after, instant, msBetween } from './time.ts'
import { type ContainerView, isAlive, type PodView } from './view.ts'

/**
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination: main containers at once, then the sidecars, the
 * last one started first; then what the pod was made of.
 */
export function terminationStep(view: PodView): PodStep {
  const next = nextToEnd(view)
  if (next.length === 0) {
    return (
      failedSinceDeletion(view, '') ?? {
        action: { ...ofPod(view, 'nothing runs in it any more'), kind: 'removePod' },
      }
    )
  }
  const grace = graceOf(view)
  return (
    servedStep(view, grace.periodMs) ??
    firstDefined(next, ({ name }) => failedSinceDeletion(view, name)) ?? {
      action: stopAction(view, next, {
        reason: 'the pod is being deleted',
        grace: () => grace,
        disarm: true,
      }),
    }
  )
}

/** A pod that has run to its end, or whose time is up: its sidecars would run for ever. Then it gives back what it has. */
export function finishStep(view: PodView): PodStep {
  const next = nextToEnd(view)
  if (next.length === 0) return releaseStep(view)
  return (
    firstDefined(next, ({ name }) => backOffOf(view, name)) ?? {
      action: stopAction(view, next, {
        reason: endReason(view),
        grace: () => wholeGrace(view.facts.graceMs),
        disarm: true,
      }),
    }
  )
}

function endReason({ end }: PodView): string {
  return end?.reason === undefined
    ? 'its main containers have run to their end'
    : `${end.reason}: ${end.message ?? ''}`
}

/** All that is no sidecar together, then one sidecar at a time. */
function nextToEnd(view: PodView): readonly ContainerView[] {
  const others = [...view.inits.filter((one) => one.facts.role === 'init'), ...view.mains].filter(isAlive)
  if (others.length > 0) return others
  const sidecar = view.inits.findLast((one) => one.facts.role === 'sidecar' && isAlive(one))
  return sidecar === undefined ? [] : [sidecar]
}

/** Grace counts from the recorded deletion, whichever engine carries it out; a clock that is set back makes it no longer. */
function graceOf(view: PodView): Grace {
  const { deletionGracePeriodSeconds, deletionTimestamp } = view.pod.record.pod.metadata
  const periodMs =
    deletionGracePeriodSeconds === undefined ? view.facts.graceMs : deletionGracePeriodSeconds * 1000
  const { now } = view.context
  const leftMs = msBetween(now, after(deletionTimestamp ?? now, periodMs))
  return { periodMs, remainingMs: Math.min(leftMs, periodMs) }
}

/** What failed before the deletion, such as a start, is no reason to put the end off. */
function failedSinceDeletion(view: PodView, name: string): PodStep | undefined {
  const failure = view.pod.failures.get(name)
  const { deletionTimestamp } = view.pod.record.pod.metadata
  if (failure === undefined || deletionTimestamp === undefined) return undefined
  const before = Temporal.Instant.compare(instant(failure.lastAt), instant(deletionTimestamp)) < 0
  return before ? undefined : backOffOf(view, name)
}

function firstDefined(
  containers: readonly ContainerView[],
  find: (container: ContainerView) => PodStep | undefined,
): PodStep | undefined {
  for (const container of containers) {
    const found = find(container)
    if (found !== undefined) return found
  }
  return undefined
}
