import { fieldChanges } from '../../api/canonical.ts'
import { podTemplateWithDefaults } from '../../api/defaults/pod.ts'
import type { Deployment, PodTemplateSpec } from '../../api/generated/types.ts'
import type { ObjectKey } from '../../api/names.ts'
import type { FieldChange, RecordAction } from '../../api/plan.ts'
import type { ObjectRecord } from '../../api/records.ts'
import type { DesiredObject } from '../../api/snapshot.ts'
import { type ControllerContext, type Decision, nothing, type PodNote } from '../decision.ts'
import { type DeploymentMemory, deploymentMemory, deploymentRecord } from './record.ts'
import { pausedSizes, recreateSizes, rollingSizes, type Scale, type SetSize } from './scale.ts'
import {
  conditionsOf,
  countsOf,
  deploymentHealth,
  isComplete,
  officialStatus,
  type RolloutFacts,
} from './status.ts'
import { boundsOf, fencepostsOf } from '../fenceposts.ts'
import { immutableChanges } from '../changes/immutable.ts'
import { memoised } from '../../api/memo.ts'
import { memoryWrite } from '../memory.ts'
import { inDeletionOrder } from '../replicaset/ranking.ts'
import { invalidHealth, replacement } from '../changes/replace.ts'
import {
  type OwnedSet,
  podChanges,
  type SetState,
  setReport,
  setState,
  type SizedSet,
} from '../replicaset/replicaset.ts'
import { changedRecord, hasSelector, hasTemplate, newSet, writtenSelector } from '../replicaset/sets.ts'
import { canBeDeleted, readySinceMs } from '../view.ts'

export interface DeploymentInput {
  readonly desired: DesiredObject
  /** With defaults. */
  readonly deployment: Deployment
  readonly written: Deployment
  readonly record: ObjectRecord | undefined
  /** Oldest first. */
  readonly sets: readonly OwnedSet[]
  readonly isTaken: (key: ObjectKey) => boolean
}

export function deploymentDecision(input: DeploymentInput, context: ControllerContext): Decision {
  const other = input.sets.find(({ set }) => !hasSelector(set, input.deployment.spec.selector))
  if (other !== undefined) return refused(input, other, context)
  const key = input.desired.key
  const memory = deploymentMemory(key, input.written, input.record, input.sets[0]?.set.deploymentUid, context)
  const states = familyOf(input, memory, context)
  const current = states.find(({ isNew }) => isNew)
  const sets = sized(input.deployment, states, context)
  const revision = revisionOf(states, memory)
  const facts: RolloutFacts = { deployment: input.deployment, memory, sets, current, revision }
  const counts = countsOf(facts)
  const { conditions, deadlineMs } = conditionsOf(facts, counts, context)
  const remembered = { ...memory, revision, conditions }
  const pods = podChanges(sets, boundsOf(input.deployment), context)
  const status = officialStatus(memory, counts, conditions)
  const health = deploymentHealth(facts, counts, conditions)
  return {
    ...nothing(key),
    ...pods,
    records: [
      ...recordsOf(key, input, sets, remembered, context),
      ...historyOf(key, input.deployment, sets, isComplete(input.deployment, counts)),
    ],
    notes: [...pods.notes, ...oldNotes(input.deployment, sets)],
    changes: current === undefined ? [] : changesOf(states, current),
    reports: [{ key, health, status }, ...states.map(setReport)],
    requeueAtMs: Math.min(deadlineMs, nextAvailableMs(states, context)),
  }
}

/** The set of the template of now, and the ones before it. A new set is begun here, with no pods yet. */
function familyOf(
  input: DeploymentInput,
  memory: DeploymentMemory,
  context: ControllerContext,
): readonly SetState[] {
  const { deployment, desired, sets, written } = input
  const minReady = deployment.spec.minReadySeconds ?? 0
  const current = sets.find(({ set }) => hasTemplate(set, written.spec.template))
  const states = sets.map((owned) => setState(owned, owned === current, minReady, context.nowMs))
  if (current !== undefined || !mayBegin(deployment, states)) return states
  const set = newSet(desired.key, memory.uid, written, input.isTaken, context)
  return [...states, setState({ set, pods: [] }, true, minReady, context.nowMs)]
}

function mayBegin({ spec }: Deployment, states: readonly SetState[]): boolean {
  if (spec.paused === true) return false
  return spec.strategy?.type !== 'Recreate' || !oldPodsLeft(states)
}

function oldPodsLeft(states: readonly SetState[]): boolean {
  return states.some((state) => !state.isNew && state.pods.length > 0)
}

function sized(
  deployment: Deployment,
  states: readonly SetState[],
  context: ControllerContext,
): readonly SizedSet[] {
  const { paused, replicas = 1, strategy } = deployment.spec
  const scale: Scale = { replicas, ...fencepostsOf(deployment) }
  const sizes = states.map((state) => sizeOf(state, states, context))
  const rolling = strategy?.type !== 'Recreate'
  const next =
    paused === true
      ? pausedSizes(sizes, scale, rolling)
      : rolling
        ? rollingSizes(sizes, scale)
        : recreateSizes(sizes, scale, oldPodsLeft(states))
  return states.map((state, index) => ({ state, replicas: next[index]?.replicas ?? state.set.replicas }))
}

function sizeOf(state: SetState, states: readonly SetState[], context: ControllerContext): SetSize {
  const { set, active, available, isNew, minReadySeconds } = state
  const { name, created, replicas, desiredReplicas, maxReplicas } = set
  const moves = active.length > replicas || states.some((other) => other !== state && other.pods.length > 0)
  const held = [0]
  if (moves) {
    let count = 0
    for (const pod of inDeletionOrder(active, minReadySeconds, context.nowMs)) {
      if (!canBeDeleted(pod)) count += 1
      held.push(count)
    }
  }
  const own = {
    name,
    created,
    isNew,
    // A size may have been recorded when more pods were available than now: what still serves is counted until it may go again.
    replicas: Math.max(replicas, available),
    desiredReplicas: replicas === 0 ? undefined : desiredReplicas,
    maxReplicas,
  }
  return { ...own, active: active.length, available, held }
}

/** Each rollout's set has a revision over all before it, also one whose template comes back. */
function revisionOf(states: readonly SetState[], memory: DeploymentMemory): number {
  const current = states.find(({ isNew }) => isNew)
  if (current === undefined) return memory.revision
  const newest = Math.max(0, ...states.filter(({ isNew }) => !isNew).map(({ set }) => set.revision))
  return current.set.revision > newest ? current.set.revision : newest + 1
}

function recordsOf(
  key: ObjectKey,
  input: DeploymentInput,
  sets: readonly SizedSet[],
  memory: DeploymentMemory,
  context: ControllerContext,
): readonly RecordAction[] {
  const own = deploymentRecord(key, memory, input.record, context)
  const records = [...memoryWrite(key, input.record, own)]
  const { replicas = 1, minReadySeconds = 0 } = input.deployment.spec
  const maxReplicas = replicas + fencepostsOf(input.deployment).maxSurge
  for (const { state, replicas: size } of sets) {
    const { set, isNew } = state
    if (!isNew && size === set.replicas && size === 0) continue
    const revision = isNew ? memory.revision : set.revision
    const change = { replicas: size, revision, desiredReplicas: replicas, maxReplicas, minReadySeconds }
    const record = changedRecord(set, change, context)
    if (record === undefined) continue
    const reason = `is to have ${size} ${size === 1 ? 'pod' : 'pods'}, revision ${revision}`
    records.push({ kind: 'writeRecord', object: key, record, reason })
  }
  return records
}

/** Old sets without pods, the oldest ones over the limit: they are kept to roll back to. */
function historyOf(
  key: ObjectKey,
  { spec }: Deployment,
  sets: readonly SizedSet[],
  complete: boolean,
): readonly RecordAction[] {
  if (!complete && spec.paused !== true) return []
  const old = sets.filter(({ state }) => !state.isNew)
  const idle = old.filter(
    ({ state, replicas }) => replicas === 0 && state.set.replicas === 0 && state.pods.length === 0,
  )
  const tooMany = idle.length - (spec.revisionHistoryLimit ?? 10)
  if (tooMany <= 0) return []
  return idle
    .toSorted((a, b) => a.state.set.revision - b.state.set.revision)
    .slice(0, tooMany)
    .map(({ state }) => ({
      kind: 'deleteRecord',
      object: key,
      key: state.set.key,
      reason: `revision ${state.set.revision} is past revisionHistoryLimit`,
    }))
}

/** Old pods that serve on until the rollout comes to them. */
function oldNotes({ spec }: Deployment, sets: readonly SizedSet[]): readonly PodNote[] {
  if (spec.paused === true || !sets.some(({ state }) => state.isNew)) return []
  const notes: PodNote[] = []
  for (const { state } of sets) {
    if (state.isNew) continue
    for (const pod of state.active) {
      const reason = 'is of an older revision: goes once enough new pods are available'
      notes.push({ pod, bucket: 'wait', reason })
    }
  }
  return notes
}

/** From the template that most old pods have to the one of now. */
function changesOf(states: readonly SetState[], current: SetState): readonly FieldChange[] {
  const old = states.filter(({ isNew, active }) => !isNew && active.length > 0)
  const [most] = old.toSorted((a, b) => b.active.length - a.active.length)
  if (most === undefined) return []
  return templateChanges(most.set.template)(current.set.template)
}

/** For as long as a rollout goes on they are the same two. */
const templateChanges = memoised((from: PodTemplateSpec) =>
  memoised((to: PodTemplateSpec) => fieldChanges(ofSpec(from), ofSpec(to))),
)

function ofSpec(template: PodTemplateSpec): unknown {
  return { spec: { template: podTemplateWithDefaults(template) } }
}

/** The next time that a pod will have been ready for minReadySeconds. */
function nextAvailableMs(states: readonly SetState[], { nowMs }: ControllerContext): number {
  let next = Number.POSITIVE_INFINITY
  for (const { active, minReadySeconds } of states) {
    if (minReadySeconds === 0) return next
    for (const pod of active) {
      const at = readySinceMs(pod) + minReadySeconds * 1000
      if (at > nowMs) next = Math.min(next, at)
    }
  }
  return next
}

/**
 * As the API server refuses it: pods are told apart by the selector, so another one would leave the old pods behind. Those stay, and are
 * made again as they were when they end.
 */
function refused(input: DeploymentInput, odd: OwnedSet, context: ControllerContext): Decision {
  const { deployment, desired, record, sets, written } = input
  const before = { spec: { ...written.spec, selector: writtenSelector(odd.set) } }
  const changes = immutableChanges('Deployment', before, written)
  const replaced = replacement(
    {
      desired,
      changes,
      pods: sets.flatMap(({ pods }) => pods),
      records: [
        ...sets.flatMap(({ set }) => (set.record.generation > 0 ? [set.record] : [])),
        ...(record === undefined ? [] : [record]),
      ],
    },
    context,
  )
  if (replaced !== undefined) return replaced
  const memory = deploymentMemory(desired.key, written, record, odd.set.deploymentUid, context)
  const states = sets.map((owned) =>
    setState(owned, false, deployment.spec.minReadySeconds ?? 0, context.nowMs),
  )
  const sizes = states.map((state) => ({ state, replicas: state.set.replicas }))
  const facts = { deployment, memory, sets: sizes, current: undefined, revision: memory.revision }
  const status = officialStatus(memory, countsOf(facts), memory.conditions)
  const wanted = sizes.reduce((sum, { replicas }) => sum + replicas, 0)
  return {
    ...nothing(desired.key),
    ...podChanges(sizes, { floor: wanted, ceiling: wanted }, context),
    reports: [
      { key: desired.key, health: invalidHealth(desired, changes), status },
      ...states.map(setReport),
    ],
  }
}
