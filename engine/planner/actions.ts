import type { PodCondition } from '../api/generated/types.ts'
import type { NodeName, ObjectKey, PodUid } from '../api/names.ts'
import type {
  Action,
  Bucket,
  DeletePod,
  Disruption,
  PodAction,
  PodVerdict,
  RecordAction,
  UpdatePod,
  Violation,
} from '../api/plan.ts'
import { DISRUPTION_TARGET, type PodRecord } from '../api/records.ts'
import type { Decision, PodDeletion, PodUpdate } from '../controllers/decision.ts'
import { timestamp } from '../controllers/decision.ts'
import { canBeDeleted } from '../controllers/view.ts'
import { factsOf } from '../kubelet/facts.ts'
import { podStep } from '../kubelet/step.ts'
import { byImportance } from './importance.ts'
import type { Hands, HandsOff } from './leftAlone.ts'
import type { Placements } from './place.ts'
import type { World } from './world.ts'
import { isStillToGo, thrown, type WorldPod } from './worldPods.ts'

export interface Drafts {
  readonly actions: readonly Action[]
  readonly verdicts: readonly PodVerdict[]
  readonly violations: readonly Violation[]
  /** Milliseconds since 1970. */
  readonly requeueAtMs: number
}

interface Said {
  readonly bucket: Bucket
  readonly reason: string
  readonly action: PodAction | undefined
}

/** Joins what the controllers want with what each pod's containers need next: one action for a pod at the most. */
export function draft(decisions: readonly Decision[], placements: Placements, world: World): Drafts {
  const controllers = new Map<PodUid, Said>()
  for (const decision of [...decisions, ...placements.preempted]) sayings(decision, world, controllers)
  const steps = new Steps()
  const clearing = nodesToClear(world)
  const podActions: PodAction[] = []
  const verdicts: PodVerdict[] = []
  for (const pod of world.pods) {
    const word = controllers.size === 0 ? undefined : controllers.get(pod.view.uid)
    if (word === undefined && pod.memo.verdict !== undefined) {
      verdicts.push(pod.memo.verdict)
      continue
    }
    // A pod that is being deleted already is brought to its end: half of one is of use to nobody.
    const hands = pod.view.deletingOnRecord ? undefined : world.off.of(pod.object)
    const own =
      hands === undefined ? verdictOn(pod, word, steps) : leftAlone(pod, word, steps, world.off, hands)
    const said = clearing.has(pod.view.node) ? clearedFirst(own, pod) : own
    if (said.action !== undefined) podActions.push(said.action)
    const { label, uid } = pod.view
    const verdict = { uid, pod: label, object: pod.object, bucket: said.bucket, reason: said.reason }
    verdicts.push(verdict)
    if (said === KEPT && pod.timeless) pod.memo.verdict = verdict
  }
  for (const { object, pod, reason, uid } of placements.creates)
    verdicts.push({ uid, pod, object, bucket: 'create', reason })
  for (const { message, object, wish } of placements.pending)
    verdicts.push({ uid: wish.uid, pod: wish.label, object, bucket: 'wait', reason: message })
  return {
    actions: inPlanOrder(decisions, placements, podActions, world),
    verdicts,
    violations: steps.violations,
    requeueAtMs: steps.requeueAtMs,
  }
}

/**
 * Records before what they cover. Then what is to go (it frees room), what is to come, and what goes on; each by object as the
 * decisions stand, so that what has left the commit goes first. Records that nobody needs any more come last.
 */
function inPlanOrder(
  decisions: readonly Decision[],
  { creates }: Placements,
  podActions: readonly PodAction[],
  world: World,
): readonly Action[] {
  const records: readonly RecordAction[] = decisions.flatMap((decision) => decision.records)
  const place = new Map<ObjectKey, number>()
  decisions.forEach(({ object }, index) => place.getOrInsert(object, index))
  const deletions = podActions
    .filter(({ kind }) => kind === 'deletePod')
    .toSorted((a, b) => (place.get(a.object) ?? 0) - (place.get(b.object) ?? 0))
  return [
    ...records.filter(({ kind }) => kind === 'writeRecord'),
    ...deletions,
    ...creates,
    ...byImportance(
      podActions.filter(({ kind }) => kind !== 'deletePod'),
      place,
      world,
    ),
    ...records.filter(({ kind }) => kind !== 'writeRecord'),
  ]
}

function sayings(decision: Decision, world: World, said: Map<PodUid, Said>): void {
  const { deletes, notes, object, updates } = decision
  for (const { bucket, pod, reason } of notes) said.set(pod.uid, { bucket, reason, action: undefined })
  for (const update of updates) {
    const { pod, reason } = update
    said.set(pod.uid, { bucket: 'change', reason, action: updatePod(update, object) })
  }
  for (const deletion of deletes) {
    const { bucket, pod, reason } = deletion
    said.set(pod.uid, { bucket, reason, action: deletePod(deletion, object, world) })
  }
}

/** Undefined while something else is being done to the pod. */
function updatePod({ pod, record, reason }: PodUpdate, object: ObjectKey): UpdatePod | undefined {
  if (pod.busy !== undefined) return undefined
  return { kind: 'updatePod', node: pod.node, uid: pod.uid, pod: pod.label, object, reason, record }
}

function deletePod(deletion: PodDeletion, object: ObjectKey, { context }: World): DeletePod | undefined {
  const { disrupts, pod, reason } = deletion
  if (!canBeDeleted(pod)) return undefined
  const at = timestamp(context.now)
  const record = withDisruption(withDeletion(pod.record, at, deletion), disrupts, at)
  const { label, node, uid } = pod
  const why = disrupts === undefined ? {} : { disrupts }
  return { kind: 'deletePod', node, uid, pod: label, object, reason, record, ...why }
}

/** Kubernetes' words for who took the pod away, for a Job's podFailurePolicy among others. */
const DISRUPTIONS: Readonly<
  Record<Exclude<Disruption, 'rollout' | 'deletion'>, { readonly reason: string; readonly message: string }>
> = {
  drain: { reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' },
  preemption: {
    reason: 'PreemptionByScheduler',
    message: 'default-scheduler: preempting to accommodate a higher priority pod',
  },
  taint: { reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' },
}

/** A rollout is the pod's own controller's doing, and a deletion is asked for: no disruption in Kubernetes' sense. */
function withDisruption(record: PodRecord, disrupts: Disruption | undefined, at: string): PodRecord {
  if (disrupts === undefined || disrupts === 'rollout' || disrupts === 'deletion') return record
  const condition: PodCondition = {
    type: DISRUPTION_TARGET,
    status: 'True',
    lastTransitionTime: at,
    ...DISRUPTIONS[disrupts],
  }
  const others = record.conditions.filter(({ type }) => type !== DISRUPTION_TARGET)
  return { ...record, conditions: [...others, condition] }
}

/** The deletion is counted from here: `deletionTimestamp` is when it was asked for. */
export function withDeletion(
  record: PodRecord,
  deletionTimestamp: string,
  asked: Pick<PodDeletion, 'finalizers' | 'gracePeriodSeconds'> = {},
): PodRecord {
  const { metadata: before, spec } = record.pod
  const { finalizers = before.finalizers, gracePeriodSeconds } = asked
  const metadata = { ...before, ...(finalizers !== undefined && { finalizers }) }
  const deletionGracePeriodSeconds = gracePeriodSeconds ?? factsOf(spec).graceMs / 1000
  return {
    ...record,
    generation: record.generation + 1,
    pod: { ...record.pod, metadata: { ...metadata, deletionTimestamp, deletionGracePeriodSeconds } },
  }
}

function verdictOn(pod: WorldPod, said: Said | undefined, steps: Steps): Said {
  const { busy, deleting, node, reachable } = pod.view
  if (!reachable) {
    const note = said === undefined ? '' : `; ${said.reason}`
    return { bucket: 'unknown', reason: `node ${node} does not answer${note}`, action: undefined }
  }
  if (said?.action !== undefined) return said
  const goes = deleting || said?.bucket === 'delete' ? 'delete' : undefined
  const replaced = said?.bucket === 'change' ? 'change' : goes
  if (busy !== undefined) {
    const { action } = steps.of(pod)
    if (action !== undefined) return { bucket: replaced ?? 'change', reason: action.reason, action }
    const reason =
      busy.reason === '' ? `${busy.kind} is under way` : `${busy.kind} is under way: ${busy.reason}`
    return { bucket: replaced ?? 'wait', reason, action: undefined }
  }
  const step = steps.of(pod)
  if (step.action !== undefined) {
    return { bucket: replaced ?? 'change', reason: step.action.reason, action: step.action }
  }
  if (said !== undefined) return said
  if (deleting) return { bucket: 'delete', reason: step.waiting ?? 'is being removed', action: undefined }
  if (step.waiting !== undefined) return { bucket: 'wait', reason: step.waiting, action: undefined }
  return KEPT
}

/** They have answered again, and still have pods that others have taken the place of. */
function nodesToClear({ byNode }: World): ReadonlySet<NodeName> {
  const found = new Set<NodeName>()
  for (const { node, pods } of byNode.values()) {
    if (node.evicted === undefined || !node.reachable) continue
    if (pods.some((pod) => isStillToGo(pod, node))) found.add(node.name)
  }
  return found
}

/** Before anything else is begun there. */
function clearedFirst(said: Said, { view }: WorldPod): Said {
  if (said.action === undefined || said.action.kind === 'deletePod') return said
  const reason = `node ${view.node} answers again: first goes what others have taken the place of`
  return { bucket: 'wait', reason, action: undefined }
}

/** What it needs is said and not done. Never `KEPT` itself: that is remembered with the pod, and this ends with a record. */
function leftAlone(pod: WorldPod, said: Said | undefined, steps: Steps, off: HandsOff, hands: Hands): Said {
  const { busy, label, node, reachable } = pod.view
  const waits = (reason: string): Said => ({ bucket: 'wait', reason, action: undefined })
  if (!reachable) return { bucket: 'unknown', reason: `node ${node} does not answer`, action: undefined }
  if (said !== undefined) return { ...said, action: undefined }
  if (busy !== undefined) return waits(`${busy.kind} is under way`)
  const { action, waiting } = steps.of(pod)
  if (action !== undefined && !ONLY_RECORDED.has(action.kind))
    return waits(off.wouldDo(hands, `would ${VERBS[action.kind]} ${label}: ${action.reason}`))
  return waiting === undefined ? { ...KEPT } : waits(waiting)
}

/** What a pod has come to is no drift. */
const ONLY_RECORDED: ReadonlySet<PodAction['kind']> = new Set(['releasePod', 'updatePod'])

const VERBS: Readonly<Record<PodAction['kind'], string>> = {
  createPod: 'make again',
  updatePod: 'record',
  deletePod: 'delete',
  startContainers: 'start containers of',
  runPostStart: 'run postStart of',
  stopContainers: 'stop containers of',
  updateVolumes: 'update files of',
  resizePod: 'resize',
  releasePod: 'release',
  removePod: 'remove',
  mendPod: 'mend',
}

const KEPT: Said = { bucket: 'keep', reason: 'is as the commit wants it', action: undefined }

/** Asks the kubelet about one pod after the other; keeps what goes wrong, and when to ask again. */
class Steps {
  readonly violations: Violation[] = []
  requeueAtMs = Number.POSITIVE_INFINITY

  of({ context, object, observed }: WorldPod): { readonly action?: PodAction; readonly waiting?: string } {
    try {
      const { action, requeueAt, waiting } = podStep(observed, context)
      if (requeueAt !== undefined) this.requeueAtMs = Math.min(this.requeueAtMs, epochMsUp(requeueAt))
      return {
        ...(action !== undefined && { action: { ...action, object } }),
        ...(waiting !== undefined && { waiting }),
      }
    } catch (error) {
      this.violations.push(thrown(object, error))
      return { waiting: 'what it needs next could not be decided' }
    }
  }
}

/** Rounded up: planning a part of a millisecond too early would find nothing due, again and again. */
function epochMsUp(at: Temporal.Instant): number {
  const ms = at.epochMilliseconds
  return BigInt(ms) * 1_000_000n < at.epochNanoseconds ? ms + 1 : ms
}
