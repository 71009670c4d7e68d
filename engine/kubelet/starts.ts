import type { ContainerAttempt } from '../api/plan.ts'
import { backOffOf, ofPod } from './actions.ts'
import { engineRestartAt, restartsAfter } from './backOff.ts'
import { containerProblem } from './requests/startContainer.ts'
import type { PodStep } from './step.ts'
import { earliest, isDue } from './time.ts'
import type { ContainerView, PodView } from './view.ts'

type Start =
  | {
      readonly kind: 'start'
      readonly container: ContainerView
      readonly attempt: number
      readonly reason: string
    }
  | { readonly kind: 'wait'; readonly requeueAt?: Temporal.Instant; readonly waiting: string }

/** Init containers one by one, then all main ones in one go, up to the first whose postStart hook the next ones wait for. */
export function startStep(view: PodView): PodStep {
  const blocking = view.initialized ? undefined : view.inits.find(isUnfinished)
  const candidates = blocking === undefined ? allOf(view) : [...sidecarsBefore(view, blocking), blocking]
  const starts: ContainerAttempt[] = []
  const reasons = new Set<string>()
  let wait: PodStep = {}
  for (const container of candidates) {
    const start = startOf(container, view)
    if (start === undefined) continue
    if (start.kind === 'wait') {
      wait = merge(wait, start)
      continue
    }
    starts.push({ name: container.name, attempt: start.attempt })
    reasons.add(start.reason)
    if (container.facts.hasPostStart) break
  }
  if (starts.length > 0) {
    const reason = [...reasons].join(', ')
    return { action: { ...ofPod(view, reason), kind: 'startContainers', containers: starts } }
  }
  return wait.waiting === undefined && blocking !== undefined ? { waiting: blockedBy(blocking) } : wait
}

function isUnfinished(init: ContainerView): boolean {
  return init.facts.role === 'sidecar' ? !init.started : !init.ready
}

function sidecarsBefore(view: PodView, blocking: ContainerView): readonly ContainerView[] {
  return view.inits.slice(0, view.inits.indexOf(blocking)).filter(({ facts }) => facts.role === 'sidecar')
}

function allOf(view: PodView): readonly ContainerView[] {
  if (view.inits.length === 0) return view.mains
  return [...view.inits.filter(({ facts }) => facts.role === 'sidecar'), ...view.mains]
}

function blockedBy(init: ContainerView): string {
  return init.facts.role === 'sidecar'
    ? `sidecar ${init.name} has not started yet`
    : `init container ${init.name} has not finished yet`
}

/** What it takes to have this container run; undefined: it runs, or is done. */
function startOf(container: ContainerView, view: PodView): Start | undefined {
  const state = container.observed?.state
  if (state?.kind === 'running') return undefined
  const due = dueOf(container, view)
  if (due?.kind !== 'start') return due
  const backOff = backOffOf(view, container.name)
  if (backOff !== undefined) return { kind: 'wait', waiting: '', ...backOff }
  const problem = containerProblem(view.pod, container.name, view.context)
  if (problem === undefined) return due
  return { kind: 'wait', waiting: `container ${container.name}: ${problem.reason}: ${problem.message}` }
}

function dueOf(container: ContainerView, view: PodView): Start | undefined {
  const { facts, name, observed, stale } = container
  const attempt = observed?.attempt ?? 0
  if (observed === undefined) return { kind: 'start', container, attempt, reason: firstReason(container) }
  const { state } = observed
  // Its start was cut off. The same attempt again: the runtime finishes it or makes it anew, so two never run.
  if (state.kind === 'created')
    return { kind: 'start', container, attempt, reason: `the start of ${name} was cut off` }
  if (state.kind === 'running') return undefined
  const next = { kind: 'start', container, attempt: attempt + 1 } as const
  if (stale) {
    if (container.restarted) return { ...next, reason: 'all containers of the pod start again' }
    const again = facts.role !== 'main' || restartsAfter(facts, state.exit)
    return again ? { ...next, reason: `the sandbox of ${name} was made again` } : undefined
  }
  if (!restartsAfter(facts, state.exit)) return undefined
  const requeueAt = engineRestartAt(state)
  if (!isDue(requeueAt, view.context.now))
    return { kind: 'wait', requeueAt, waiting: `${name} waits for its restart` }
  if (state.exit.lost === true) return { ...next, reason: `nobody on the node starts ${name} again` }
  return { ...next, reason: `the node's hook has not restarted ${name}` }
}

function firstReason({ facts, name }: ContainerView): string {
  switch (facts.role) {
    case 'init':
      return `init container ${name} is next`
    case 'sidecar':
      return `sidecar ${name} is next`
    case 'main':
      return 'its main containers are next'
    default:
      return facts.role satisfies never
  }
}

function merge(wait: PodStep, next: Extract<Start, { kind: 'wait' }>): PodStep {
  const requeueAt = earliest(wait.requeueAt, next.requeueAt)
  return { waiting: wait.waiting ?? next.waiting, ...(requeueAt !== undefined && { requeueAt }) }
}
