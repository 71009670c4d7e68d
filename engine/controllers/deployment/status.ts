import type { Deployment, DeploymentCondition, DeploymentStatus } from '../../api/generated/types.ts'
import type { Health } from '../../api/plan.ts'
import { type ControllerContext, timestamp } from '../decision.ts'
import type { DeploymentMemory } from './record.ts'
import { boundsOf } from '../fenceposts.ts'
import { settled } from '../memory.ts'
import type { SetState, SizedSet } from '../replicaset/replicaset.ts'
import { createdMs, readySinceMs } from '../view.ts'

/** Kubernetes' way of writing "no deadline". */
const NO_DEADLINE = 2 ** 31 - 1

export interface RolloutFacts {
  readonly deployment: Deployment
  readonly memory: DeploymentMemory
  readonly sets: readonly SizedSet[]
  /** Of the template of now; absent while nothing has been begun for it. */
  readonly current: SetState | undefined
  /** The set's revision, which differs from the remembered one when a rollout begins. */
  readonly revision: number
}

export interface Counts {
  readonly replicas: number
  readonly updated: number
  readonly ready: number
  readonly available: number
  readonly unavailable: number
  readonly terminating: number
  /** Of those, pods whose end can be waited for: not those on a node that does not answer. */
  readonly ending: number
}

export function countsOf(facts: RolloutFacts): Counts {
  let replicas = 0
  let ready = 0
  let available = 0
  let wanted = 0
  let terminating = 0
  let ending = 0
  for (const { state, replicas: size } of facts.sets) {
    replicas += state.active.length
    ready += state.ready
    available += state.available
    wanted += size
    for (const pod of state.pods) {
      if (!pod.deleting) continue
      terminating += 1
      if (pod.reachable || !pod.evicted) ending += 1
    }
  }
  const unavailable = Math.max(0, wanted - available)
  return {
    replicas,
    updated: facts.current?.active.length ?? 0,
    ready,
    available,
    unavailable,
    terminating,
    ending,
  }
}

export function officialStatus(
  memory: DeploymentMemory,
  counts: Counts,
  conditions: readonly DeploymentCondition[],
): DeploymentStatus {
  return {
    observedGeneration: memory.generation,
    replicas: counts.replicas,
    updatedReplicas: counts.updated,
    readyReplicas: counts.ready,
    availableReplicas: counts.available,
    unavailableReplicas: counts.unavailable,
    terminatingReplicas: counts.terminating,
    conditions,
  }
}

export interface Conditions {
  readonly conditions: readonly DeploymentCondition[]
  /** Milliseconds since 1970; when the deadline is over. */
  readonly deadlineMs: number
}

export function conditionsOf(facts: RolloutFacts, counts: Counts, context: ControllerContext): Conditions {
  const available = availableCondition(facts, counts, context)
  const before = facts.memory.conditions.find(({ type }) => type === 'Progressing')
  const { condition, deadlineMs } = progressing(facts, counts, before, context)
  return { conditions: [available, ...(condition === undefined ? [] : [condition])], deadlineMs }
}

function availableCondition(
  { deployment, memory }: RolloutFacts,
  counts: Counts,
  context: ControllerContext,
): DeploymentCondition {
  const { floor } = boundsOf(deployment)
  const enough =
    counts.available >=
    (deployment.spec.strategy?.type === 'Recreate' ? (deployment.spec.replicas ?? 1) : floor)
  const before = memory.conditions.find(({ type }) => type === 'Available')
  const next = enough
    ? condition(
        'Available',
        'True',
        'MinimumReplicasAvailable',
        'Deployment has minimum availability.',
        context,
      )
    : condition(
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
        context,
      )
  return settled(before, next)
}

interface Progress {
  readonly condition: DeploymentCondition | undefined
  readonly deadlineMs: number
}

const never = Number.POSITIVE_INFINITY

/** Kubernetes' syncRolloutStatus. Progress is what the new set's pods show: made, or become ready, since the last time. */
function progressing(
  facts: RolloutFacts,
  counts: Counts,
  before: DeploymentCondition | undefined,
  context: ControllerContext,
): Progress {
  const { deployment, current, memory, revision } = facts
  const make = (status: 'True' | 'False' | 'Unknown', reason: string, message: string): DeploymentCondition =>
    settled(before, condition('Progressing', status, reason, message, context))
  const deadline = deployment.spec.progressDeadlineSeconds ?? NO_DEADLINE
  if (deployment.spec.paused === true) {
    return { condition: make('Unknown', 'DeploymentPaused', 'Deployment is paused'), deadlineMs: never }
  }
  if (deadline === NO_DEADLINE) return { condition: undefined, deadlineMs: never }
  if (current === undefined) return { condition: before, deadlineMs: never }
  const { name } = current.set
  if (isComplete(deployment, counts)) {
    const message = `ReplicaSet "${name}" has successfully progressed.`
    return { condition: make('True', 'NewReplicaSetAvailable', message), deadlineMs: never }
  }
  const startsAt = context.nowMs + deadline * 1000
  if (before === undefined || memory.revision !== revision) {
    const created = current.set.record.generation === 0
    const condition = created
      ? make('True', 'NewReplicaSetCreated', `Created new replica set "${name}"`)
      : make('True', 'FoundNewReplicaSet', `Found new replica set "${name}"`)
    return { condition, deadlineMs: startsAt }
  }
  if (before.reason === 'DeploymentPaused') {
    const condition = make('Unknown', 'DeploymentResumed', 'Deployment is resumed')
    return { condition, deadlineMs: startsAt }
  }
  if (before.reason === 'NewReplicaSetAvailable' && counts.replicas === counts.updated) {
    return { condition: before, deadlineMs: never }
  }
  return underWay(current, before, deadline * 1000, context, make)
}

function underWay(
  current: SetState,
  before: DeploymentCondition,
  deadlineMs: number,
  context: ControllerContext,
  make: (status: 'True' | 'False', reason: string, message: string) => DeploymentCondition,
): Progress {
  const { name } = current.set
  const noted = Date.parse(before.lastUpdateTime ?? before.lastTransitionTime ?? '1970-01-01T00:00:00Z')
  const seen = lastProgressMs(current)
  const last = Math.max(noted, seen)
  const isOver = before.reason === 'ProgressDeadlineExceeded'
  if (isOver ? seen <= noted : context.nowMs > last + deadlineMs) {
    const message = `ReplicaSet "${name}" has timed out progressing.`
    return { condition: make('False', 'ProgressDeadlineExceeded', message), deadlineMs: never }
  }
  // One past the deadline: at the deadline itself there is still time.
  const over = last + deadlineMs + 1
  if (seen <= noted) return { condition: before, deadlineMs: over }
  const updated = make('True', 'ReplicaSetUpdated', `ReplicaSet "${name}" is progressing.`)
  const lastUpdateTime = timestamp(Temporal.Instant.fromEpochMilliseconds(seen))
  return { condition: { ...updated, lastUpdateTime }, deadlineMs: over }
}

/** The last time that a pod of this set was made or became ready; nothing else needs to be remembered for it. */
function lastProgressMs(current: SetState): number {
  let last = 0
  for (const pod of current.active) {
    last = Math.max(last, createdMs(pod))
    const ready = readySinceMs(pod)
    if (Number.isFinite(ready)) last = Math.max(last, ready)
  }
  return last
}

/** Kubernetes' DeploymentComplete. */
export function isComplete(deployment: Deployment, counts: Counts): boolean {
  const wanted = deployment.spec.replicas ?? 1
  return counts.updated === wanted && counts.replicas === wanted && counts.available === wanted
}

function condition(
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  context: ControllerContext,
): DeploymentCondition {
  const at = timestamp(context.now)
  return { type, status, lastUpdateTime: at, lastTransitionTime: at, reason, message }
}

/** What `--once` waits for, and what it gives up on. */
export function deploymentHealth(
  { deployment, current }: RolloutFacts,
  counts: Counts,
  conditions: readonly DeploymentCondition[],
): Health {
  const wanted = deployment.spec.replicas ?? 1
  const exceeded = conditions.find(({ reason }) => reason === 'ProgressDeadlineExceeded')
  if (exceeded !== undefined) {
    const message = `${exceeded.message ?? ''}${firstFailure(current)}`
    return { kind: 'failed', reason: 'ProgressDeadlineExceeded', message }
  }
  const failure = certainFailure(current)
  if (failure !== undefined) return failure
  const message = progressMessage(wanted, counts, deployment.spec.paused === true)
  return message === undefined ? { kind: 'healthy' } : { kind: 'progressing', message }
}

/** All pods of the new template fail for a reason that another try does not cure, so no later one will do better. */
function certainFailure(current: SetState | undefined): Health | undefined {
  const [first] = current?.active ?? []
  if (first === undefined || current?.active.some((pod) => pod.health.kind !== 'failed')) return undefined
  if (first.health.kind !== 'failed') return undefined
  return { ...first.health, message: `pod ${first.label}: ${first.health.message}` }
}

function firstFailure(current: SetState | undefined): string {
  for (const pod of current?.active ?? []) {
    if (pod.health.kind === 'healthy') continue
    return ` Pod ${pod.label}: ${pod.health.message}`
  }
  return ''
}

/** In the words of `kubectl rollout status`. */
function progressMessage(wanted: number, counts: Counts, paused: boolean): string | undefined {
  if (!paused && counts.updated < wanted)
    return `${counts.updated} of ${wanted} new replicas have been updated`
  if (!paused && counts.replicas > counts.updated)
    return `${counts.replicas - counts.updated} old replicas are pending termination`
  if (counts.replicas > wanted) return `${counts.replicas - wanted} replicas too many are pending termination`
  if (counts.available < Math.min(wanted, counts.replicas) || (!paused && counts.available < wanted))
    return `${counts.available} of ${wanted} updated replicas are available`
  if (counts.ending > 0) {
    return counts.ending === 1 ? '1 pod is ending' : `${counts.ending} pods are ending`
  }
  return undefined
}
