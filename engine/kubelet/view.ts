import type { PodCondition, PodStatus } from '../api/generated/types.ts'
import type { ContainerRecord, PodEnd } from '../api/records.ts'
import type { ObservedContainer, ObservedPod } from '../api/snapshot.ts'
import { restartDelayMs, restartsAfter } from './backOff.ts'
import { conditionsOf } from './conditions.ts'
import type { PodContext } from './context.ts'
import { deadlineEnd, hasRunToEnd, isRestarted, isStale } from './ends.ts'
import { evictionEnd } from './eviction.ts'
import { type ContainerFacts, factsOf, type PodFacts } from './facts.ts'
import { isSandboxLost, phaseOf } from './phase.ts'
import { hasCredentials } from './requests/credentials.ts'
import { judge, NOT_READY, type Verdict } from './verdicts.ts'

/** One pod as this instant finds it: what its status says and its next step follows from. */
export interface PodView {
  readonly pod: ObservedPod
  readonly context: PodContext
  readonly facts: PodFacts
  readonly inits: readonly ContainerView[]
  readonly mains: readonly ContainerView[]
  readonly deleting: boolean
  /** Nothing in it is to start again: it goes, or it has run to its end. */
  readonly over: boolean
  /** How it ended, where that is on record or its time is up; it counts once nothing runs in it any more. */
  readonly end: PodEnd | undefined
  /** The main containers may run: one of them has begun in this sandbox, or all init containers are done. */
  readonly initialized: boolean
  readonly phase: NonNullable<PodStatus['phase']>
  readonly conditions: readonly PodCondition[]
  /** All runs, is well and on record: nothing about it follows from the time or from the commit. */
  readonly steady: boolean
  /** Its status, once it was asked for: kept here, for an entry of one more WeakMap a pod costs the collector more than the status. */
  readonly memo: { status: PodStatus | undefined }
}

/** All but what follows from the rest. */
export type BareView = Omit<PodView, 'conditions' | 'steady' | 'memo'>

export interface ContainerView {
  readonly name: string
  readonly facts: ContainerFacts
  readonly observed: ObservedContainer | undefined
  /** Of this very attempt. */
  readonly record: ContainerRecord | undefined
  /** It ended before the sandbox was made anew: whatever it was, it has not begun in this one. */
  readonly stale: boolean
  /** Stale, because all containers of the pod start again: whatever its policy says. */
  readonly restarted: boolean
  readonly shown: 'waiting' | 'running' | 'terminated'
  readonly started: boolean
  readonly ready: boolean
  readonly heldUntil: Temporal.Instant | undefined
}

/**
 * A plan asks for a pod's status and for its step: the second one finds the view of the first. Most pods of most plans are steady: their
 * view is the one of the plan before. Either way it is the view that would be made again. It refers to the surroundings of now: those of
 * then hold pods that are gone, and their views what was before, for ever.
 */
const last = new WeakMap<ObservedPod, PodView>()

export function viewOf(pod: ObservedPod, context: PodContext): PodView {
  const found = last.get(pod)
  if (found?.context === context) return found
  const view =
    found !== undefined && isStillTrue(found, context) ? { ...found, context } : makeView(pod, context)
  last.set(pod, view)
  return view
}

function isStillTrue(view: PodView, context: PodContext): boolean {
  const then = view.context
  if (then.busy !== context.busy || then.node.reachable !== context.node.reachable) return false
  if (then.node.lostSince !== context.node.lostSince) return false
  if (view.steady && then.node.info === context.node.info) return true
  return then.now === context.now && then.node === context.node && then.desired === context.desired
}

function makeView(pod: ObservedPod, context: PodContext): PodView {
  const facts = factsOf(pod.record.pod.spec)
  const deleting = pod.record.pod.metadata.deletionTimestamp !== undefined
  const natural = hasRunToEnd(facts, pod)
  const end = pod.record.ended ?? (natural || deleting ? undefined : untimelyEnd(facts, pod, context))
  const over = deleting || natural || end !== undefined
  const view = (one: ContainerFacts): ContainerView => viewContainer(one, pod, over, context)
  const inits = facts.inits.map(view)
  const mains = facts.mains.map(view)
  const initialized = mains.some(hasBegun) || inits.every(isInitDone)
  const phase =
    endPhase(end, [...inits, ...mains]) ??
    // Once its end is on record its sandbox is given back: a look may find that gone which had found its containers before they ended.
    (end === undefined && isSandboxLost(facts, pod)
      ? 'Failed'
      : phaseOf({ inits, mains, deleting, initialized }))
  const bare = { pod, context, facts, inits, mains, deleting, over, end, initialized, phase }
  const conditions = conditionsOf(bare)
  const steady = isSteady(bare, conditions)
  const memo = { status: undefined }
  // Written out, as below: a spread of so many costs as much as all that they are made of.
  return {
    pod,
    context,
    facts,
    inits,
    mains,
    deleting,
    over,
    end,
    initialized,
    phase,
    conditions,
    steady,
    memo,
  }
}

/** Its time is up, or it has taken more than it may. */
function untimelyEnd(facts: PodFacts, pod: ObservedPod, context: PodContext): PodEnd | undefined {
  return deadlineEnd(facts, pod, context) ?? evictionEnd(pod, context)
}

/** As long as something runs in it, the pod is not said to have ended. */
function endPhase(
  end: PodEnd | undefined,
  containers: readonly ContainerView[],
): PodEnd['phase'] | undefined {
  return end === undefined || containers.some(isAlive) ? undefined : end.phase
}

export function isAlive({ observed }: Pick<ContainerView, 'observed'>): boolean {
  return observed?.state.kind === 'running' || observed?.state.kind === 'created'
}

function isSteady(view: BareView, conditions: readonly PodCondition[]): boolean {
  const { context, facts, inits, mains, over, pod } = view
  if (pod.sandbox === 'released') return isAtRest(view, conditions)
  if (facts.activeDeadlineMs !== undefined || pod.frozenSince !== undefined) return false
  if (pod.damage !== undefined || hasCredentials(pod.record.pod.spec)) return false
  if (over || !context.node.reachable || pod.sandbox !== 'ready' || pod.failures.size > 0) return false
  if (pod.record.failures !== undefined || pod.record.resizing !== undefined) return false
  for (const main of mains) if (!isWell(main)) return false
  for (const init of inits) if (!isWell(init)) return false
  for (const tally of pod.probes.values()) if (!tally.lastSucceeded) return false
  return conditions.every((condition) => pod.record.conditions.includes(condition))
}

/** Ended, and on record as such: nothing about it will change but that it is deleted. */
function isAtRest({ context, deleting, pod }: BareView, conditions: readonly PodCondition[]): boolean {
  if (deleting || !context.node.reachable || pod.record.ended === undefined) return false
  if (pod.failures.size > 0 || pod.record.failures !== undefined) return false
  return conditions.every((condition) => pod.record.conditions.includes(condition))
}

function isWell({ facts, heldUntil, observed, ready, record, shown, started }: ContainerView): boolean {
  if (heldUntil !== undefined || !ready || observed?.lost !== undefined) return false
  if (facts.role === 'init') return true
  return shown === 'running' && record?.ready === ready && record.started === started
}

function hasBegun(container: ContainerView): boolean {
  return container.observed !== undefined && !container.stale
}

function isInitDone(container: ContainerView): boolean {
  return container.facts.role === 'sidecar' ? container.started : container.ready
}

function viewContainer(
  facts: ContainerFacts,
  pod: ObservedPod,
  over: boolean,
  context: PodContext,
): ContainerView {
  const observed = pod.containers.get(facts.name)
  const recorded = pod.record.containers[facts.name]
  const record = recorded !== undefined && recorded.attempt === observed?.attempt ? recorded : undefined
  const state = observed?.state
  if (observed === undefined || state === undefined || state.kind === 'created') {
    return oneView(facts, observed, record, 'waiting', NOT_READY)
  }
  if (state.kind === 'running') {
    const shown = hookRan(facts, record) ? 'running' : 'waiting'
    return oneView(facts, observed, record, shown, judge(pod, facts, observed, record, context))
  }
  const restarted = isRestarted(pod, facts.name, state.exit)
  const stale = isStale(pod, facts.name, state.exit)
  const shown = !over && isShownWaiting(facts, pod, observed, stale, restarted) ? 'waiting' : 'terminated'
  const ready = facts.role === 'init' && !stale && state.exit.exitCode === 0
  return { ...oneView(facts, observed, record, shown, { started: false, ready }), stale, restarted }
}

/** Written out, not spread: this is made for every container in every plan. */
function oneView(
  facts: ContainerFacts,
  observed: ObservedContainer | undefined,
  record: ContainerRecord | undefined,
  shown: ContainerView['shown'],
  { heldUntil, ready, started }: Verdict,
): ContainerView {
  return {
    name: facts.name,
    facts,
    observed,
    record,
    stale: false,
    restarted: false,
    shown,
    started,
    ready,
    heldUntil,
  }
}

/** Kubernetes calls a container running only once its postStart hook has run. */
function hookRan(facts: ContainerFacts, record: ContainerRecord | undefined): boolean {
  return !facts.hasPostStart || record?.postStart?.endedAt !== undefined
}

/** An end after which there is a wait: for the back-off, for a start that failed, for the new sandbox. */
function isShownWaiting(
  facts: ContainerFacts,
  pod: ObservedPod,
  observed: ObservedContainer,
  stale: boolean,
  restarted: boolean,
): boolean {
  if (observed.state.kind !== 'exited') return false
  if (stale && (restarted || facts.role !== 'main')) return true
  if (!restartsAfter(facts, observed.state.exit)) return false
  return stale || pod.failures.has(facts.name) || restartDelayMs(observed.state) > 0
}
