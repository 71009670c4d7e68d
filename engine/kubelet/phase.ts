import type { PodStatus } from '../api/generated/types.ts'
import type { ObservedContainer, ObservedPod } from '../api/snapshot.ts'
import { outcomeOf } from './backOff.ts'
import type { PodFacts } from './facts.ts'
import type { ContainerView } from './view.ts'

type Phase = NonNullable<PodStatus['phase']>

interface Parts {
  readonly inits: readonly ContainerView[]
  readonly mains: readonly ContainerView[]
  readonly deleting: boolean
  readonly initialized: boolean
}

/** A pod that never restarts has failed once the sandbox of its containers is gone, unless all had ended well. */
export function isSandboxLost(facts: PodFacts, pod: ObservedPod): boolean {
  if (facts.restartPolicy !== 'Never' || pod.sandbox === 'ready' || pod.containers.size === 0) return false
  return facts.mains.some(({ name }) => !hasEndedWell(pod.containers.get(name)))
}

function hasEndedWell(container: ObservedContainer | undefined): boolean {
  return container?.state.kind === 'exited' && container.state.exit.exitCode === 0
}

/** As getPhase in Kubernetes' pkg/kubelet/kubelet_pods.go. */
export function phaseOf(parts: Parts): Phase {
  const { initialized, inits, mains } = parts
  let running = 0
  let waiting = 0
  let pending = false
  for (const init of inits) {
    if (init.facts.role === 'init') {
      if (failedForGood(init)) return 'Failed'
      pending ||= !initialized && isPendingInit(init)
      continue
    }
    pending ||= !initialized && init.shown !== 'terminated' && !init.started
    if (init.shown === 'running') running += 1
    if (init.shown === 'waiting' && !hasRun(init)) waiting += 1
  }
  let stopped = 0
  let succeeded = 0
  for (const main of mains) {
    if (main.shown === 'running') running += 1
    else if (main.shown === 'waiting' && !hasRun(main)) waiting += 1
    else {
      stopped += 1
      if (main.shown === 'terminated' && exitCode(main) === 0) succeeded += 1
    }
  }
  if (pending || waiting > 0) return 'Pending'
  if (running > 0) return 'Running'
  if (stopped === 0) return 'Pending'
  return ended(mains, parts.deleting, stopped === succeeded)
}

function ended(mains: readonly ContainerView[], deleting: boolean, allSucceeded: boolean): Phase {
  if (!deleting && mains.some(comesAgain)) return 'Running'
  return allSucceeded ? 'Succeeded' : 'Failed'
}

/** Or it is there already, and its postStart hook is under way. */
function comesAgain({ facts, observed, restarted }: ContainerView): boolean {
  if (observed?.state.kind !== 'exited') return true
  return restarted || outcomeOf(facts, observed.state.exit) !== 'stay'
}

function failedForGood(init: ContainerView): boolean {
  return init.shown === 'terminated' && exitCode(init) !== 0 && !comesAgain(init)
}

/** Not yet begun or under way; one that failed and is tried again leaves the pod Pending too, for it has no main container. */
function isPendingInit(init: ContainerView): boolean {
  return !init.ready
}

function hasRun(container: ContainerView): boolean {
  return container.observed?.state.kind === 'exited' || container.observed?.previous !== undefined
}

function exitCode(container: ContainerView): number {
  const state = container.observed?.state
  return state?.kind === 'exited' ? state.exit.exitCode : 0
}
