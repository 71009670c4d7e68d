import type { PodEnd } from '../api/records.ts'
import type { ContainerExit, ObservedPod } from '../api/snapshot.ts'
import { outcomeOf } from './backOff.ts'
import type { PodContext } from './context.ts'
import type { ContainerFacts, PodFacts } from './facts.ts'
import { isSandboxLost } from './phase.ts'
import { after, isDue } from './time.ts'

/** Whether all that was to run in it has, or never will: nothing in it is to start again. */
export function hasRunToEnd(facts: PodFacts, pod: ObservedPod): boolean {
  if (isSandboxLost(facts, pod)) return true
  for (const one of facts.inits) if (asksForAll(one, pod)) return false
  for (const one of facts.mains) if (asksForAll(one, pod)) return false
  return facts.mains.every((main) => hasEnded(main, pod)) || hasFailedInit(facts, pod)
}

/** It ended in a way after which, by its own rule, all of the pod starts again. */
export function asksForAll(facts: ContainerFacts, pod: ObservedPod): boolean {
  const exit = exitOf(pod, facts)
  if (exit === undefined || facts.exitRules.length === 0 || isStale(pod, facts.name, exit)) return false
  return outcomeOf(facts, exit) === 'restartAll'
}

/** A sidecar that ends is restarted whatever the pod's policy says. */
function hasFailedInit(facts: PodFacts, pod: ObservedPod): boolean {
  return facts.inits.some(
    (init) => init.role === 'init' && hasEnded(init, pod) && (exitOf(pod, init)?.exitCode ?? 0) !== 0,
  )
}

function hasEnded(facts: ContainerFacts, pod: ObservedPod): boolean {
  const exit = exitOf(pod, facts)
  return exit !== undefined && outcomeOf(facts, exit) === 'stay' && !isRestarted(pod, facts.name, exit)
}

/** It ended before all containers of the pod were started again. */
export function isRestarted({ record }: ObservedPod, name: string, exit: ContainerExit): boolean {
  return exit.attempt <= (record.restartedAttempts?.[name] ?? -1)
}

/** Or before the sandbox was made anew. */
export function isStale(pod: ObservedPod, name: string, exit: ContainerExit): boolean {
  return isRestarted(pod, name, exit) || exit.attempt <= (pod.record.formerAttempts?.[name] ?? -1)
}

function exitOf(pod: ObservedPod, facts: ContainerFacts): ContainerExit | undefined {
  const state = pod.containers.get(facts.name)?.state
  return state?.kind === 'exited' ? state.exit : undefined
}

/** When its time is up; undefined: never. Kubernetes counts from when the node took the pod, which is when it was made. */
export function deadlineOf(facts: PodFacts, { record }: ObservedPod): Temporal.Instant | undefined {
  const { creationTimestamp } = record.pod.metadata
  if (facts.activeDeadlineMs === undefined || creationTimestamp === undefined) return undefined
  return after(creationTimestamp, facts.activeDeadlineMs)
}

/** As pkg/kubelet/active_deadline.go of Kubernetes says it. */
export function deadlineEnd(
  facts: PodFacts,
  pod: ObservedPod,
  { node, now }: PodContext,
): PodEnd | undefined {
  const deadline = deadlineOf(facts, pod)
  // What a silent node's pod has done meanwhile nobody knows.
  if (deadline === undefined || !node.reachable || !isDue(deadline, now)) return undefined
  return {
    phase: 'Failed',
    at: now.toString(),
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  }
}
