import type { KubernetesObject, StatefulSet } from '../../api/generated/types.ts'
import { keyParts, type ObjectKey } from '../../api/names.ts'
import type { RecordAction } from '../../api/plan.ts'
import type { ObjectRecord } from '../../api/records.ts'
import {
  type ControllerContext,
  type Decision,
  nothing,
  type PodDeletion,
  type PodNote,
  type WorkloadInput,
} from '../decision.ts'
import { inForce } from '../changes/inForce.ts'
import { memoryOf, memoryWrite, memoryRecord, type ObjectMemory, recordedStatus } from '../memory.ts'
import { invalidHealth, replacement } from '../changes/replace.ts'
import {
  type History,
  historyActions,
  historyOf,
  REVISION_HASH,
  revisionOfRecord,
} from '../changes/revisions.ts'
import { claimActions, ordinalOf, type OwnPod, statefulPodWish } from './pods.ts'
import {
  isInRange,
  maxUnavailableOf,
  type StatefulDeletion,
  type StatefulGoal,
  type StatefulMoves,
  statefulMoves,
  wantedRevision,
} from './rollout.ts'
import { isComplete, statefulHealth, statefulStatus } from './status.ts'
import { templateChanges } from '../changes/templateChanges.ts'
import { byRight, canBeDeleted, isAvailable, type PodView } from '../view.ts'
import { deletionOf, isFirmlyAvailable, nextAvailableMs, ownerUidOf } from '../workloads.ts'

export interface StatefulSetInput extends WorkloadInput<StatefulSet> {
  /** Its revisions. */
  readonly children: readonly ObjectRecord[]
  readonly recordOf: (key: ObjectKey) => ObjectRecord | undefined
  /** In the commit itself. */
  readonly isWritten: (key: ObjectKey) => boolean
}

/** Pods with a name each that they keep, made and rolled in the order of their ordinals. */
export function statefulSetDecision(input: StatefulSetInput, context: ControllerContext): Decision {
  const { children: all, desired, pods, record } = input
  const { key } = desired
  const children = all.filter((child) => revisionOfRecord(child) !== undefined)
  const { object, refused, written } = inForce(input, isStatefulSet)
  const records = [...children, ...(record === undefined ? [] : [record])]
  const replaced =
    refused.length === 0 ? undefined : replacement({ desired, changes: refused, pods, records }, context)
  if (replaced !== undefined) return replaced
  const memory = memoryOf(key, written, record, ownerUidOf(pods), context)
  const history = historyIn(input, written, memory, children, context)
  const goal = goalOf(object, history, record, context)
  const own = ownPods(input, object, context)
  const moves = statefulMoves(own, goal)
  const status = statefulStatus(own, goal, memory)
  const health = refused.length > 0 ? invalidHealth(desired, refused) : statefulHealth(object, own, goal)
  const owner = { key, uid: memory.uid, set: written }
  const revisions = new Map(history.revisions.map((revision) => [revision.name, revision]))
  return {
    ...nothing(key),
    ...partedDeletes(moves.deletes, own, goal),
    creates: moves.creates.map(({ ordinal, revision }) =>
      statefulPodWish(owner, ordinal, revisions.get(revision) ?? history.current, context),
    ),
    records: [
      ...ownRecord(input, written, memory, isComplete(goal, status) ? complete(goal) : goal, context),
      ...historyActions(key, history, children, isLive(own, goal), object.spec.revisionHistoryLimit ?? 10),
      ...claimActions({ ...input, owner, ...ordinalsOf(own, moves, goal) }, context),
    ],
    changes: templateChanges(history, pods, revisionHash(key)),
    reports: [{ key, health, status }],
    requeueAtMs: nextAvailableMs(pods, object.spec.minReadySeconds ?? 0, context),
  }
}

function isStatefulSet(object: KubernetesObject): object is StatefulSet {
  return object.kind === 'StatefulSet'
}

function historyIn(
  { desired: { key }, isWritten, recordOf }: StatefulSetInput,
  { spec }: StatefulSet,
  { uid }: ObjectMemory,
  children: readonly ObjectRecord[],
  context: ControllerContext,
): History {
  const isTaken = (one: ObjectKey): boolean => recordOf(one) !== undefined || isWritten(one)
  return historyOf({ key, uid, template: spec.template, isTaken }, children, context)
}

function goalOf(
  object: StatefulSet,
  { current, revisions }: History,
  record: ObjectRecord | undefined,
  { unread = false }: ControllerContext,
): StatefulGoal {
  const { ordinals, podManagementPolicy, replicas = 1, updateStrategy } = object.spec
  const { currentRevision } = recordedStatus(record)
  // Without its template nothing can be made of it any more.
  const rolledOut = revisions.find(({ name }) => name === currentRevision) ?? current
  return {
    start: ordinals?.start ?? 0,
    replicas,
    ordered: podManagementPolicy !== 'Parallel',
    type: updateStrategy?.type ?? 'RollingUpdate',
    partition: updateStrategy?.rollingUpdate?.partition ?? 0,
    maxUnavailable: maxUnavailableOf(object),
    currentRevision: rolledOut.name,
    updateRevision: current.name,
    unread,
  }
}

function complete(goal: StatefulGoal): StatefulGoal {
  return { ...goal, currentRevision: goal.updateRevision }
}

/** By ordinal; of two that have one, the one first that is to stay. */
function ownPods(
  { desired, pods }: StatefulSetInput,
  { spec }: StatefulSet,
  { nowMs }: ControllerContext,
): readonly OwnPod[] {
  const { name } = keyParts(desired.key)
  const minReady = spec.minReadySeconds ?? 0
  const found = pods.flatMap((pod): OwnPod[] => {
    const { metadata } = pod.record.pod
    const ordinal = ordinalOf(name, metadata.name ?? '')
    if (ordinal === undefined) return []
    const { deleting, finished, health } = pod
    return [
      {
        pod,
        ordinal,
        revision: metadata.labels?.[REVISION_HASH],
        available: isAvailable(pod, minReady, nowMs),
        firm: isFirmlyAvailable(pod, minReady, nowMs),
        // Who froze it will thaw it.
        broken: health.kind === 'failed' && health.reason !== 'PodFrozen',
        deleting,
        finished,
        held: !canBeDeleted(pod),
      },
    ]
  })
  return found.toSorted((a, b) => a.ordinal - b.ordinal || byRight(a.pod, b.pod))
}

function ownRecord(
  { desired: { key: object }, record }: StatefulSetInput,
  { spec }: StatefulSet,
  memory: ObjectMemory,
  { currentRevision, updateRevision }: StatefulGoal,
  context: ControllerContext,
): readonly RecordAction[] {
  const status = { currentRevision, updateRevision }
  const remembered = { memory, apiVersion: 'apps/v1', kind: 'StatefulSet', spec, status } as const
  return memoryWrite(
    object,
    record,
    memoryRecord(object, remembered, record, context),
    'its revisions changed',
  )
}

function isLive(
  pods: readonly OwnPod[],
  { currentRevision, updateRevision }: StatefulGoal,
): (revision: { readonly name: string }) => boolean {
  const live = new Set([currentRevision, updateRevision, ...pods.map(({ revision }) => revision)])
  return ({ name }) => live.has(name)
}

function ordinalsOf(pods: readonly OwnPod[], { creates }: StatefulMoves<OwnPod>, goal: StatefulGoal) {
  const ordinals = new Set([...pods, ...creates].map(({ ordinal }) => ordinal))
  const tooMany = pods.filter(({ ordinal }) => !isInRange(ordinal, goal))
  return {
    ordinals: [...ordinals].toSorted((a, b) => a - b),
    condemned: new Map(tooMany.map(({ ordinal, pod }) => [ordinal, pod])),
  }
}

function revisionHash(key: ObjectKey): (pod: PodView) => string | undefined {
  const { name } = keyParts(key)
  return ({ record }) => record.pod.metadata.labels?.[REVISION_HASH]?.slice(name.length + 1)
}

/** What cannot be deleted now waits for it, and so does what the rollout has not come to. */
function partedDeletes(
  moves: readonly StatefulDeletion<OwnPod>[],
  pods: readonly OwnPod[],
  goal: StatefulGoal,
): Pick<Decision, 'deletes' | 'notes'> {
  const deletes: PodDeletion[] = []
  const notes: PodNote[] = pods.flatMap((pod) => noteOn(pod, goal) ?? [])
  for (const { pod, why } of moves) {
    const isUpdate = why === 'outdated' || why === 'stuck'
    const bucket = isUpdate ? 'change' : 'delete'
    const disrupts = isUpdate ? 'rollout' : undefined
    const parted = deletionOf(pod.pod, reasonOf(pod, why, goal), bucket, disrupts)
    if ('deletion' in parted) deletes.push(parted.deletion)
    else notes.push(parted.note)
  }
  return { deletes, notes }
}

function noteOn({ deleting, ordinal, pod, revision }: OwnPod, goal: StatefulGoal): PodNote | undefined {
  if (deleting) return undefined
  if (!isInRange(ordinal, goal))
    return { pod, bucket: 'wait', reason: 'is to go once all others are available, the last one first' }
  if (revision === goal.updateRevision) return undefined
  if (goal.type === 'OnDelete')
    return { pod, bucket: 'keep', reason: 'is of an older revision, and stays until it is deleted' }
  if (revision === wantedRevision(ordinal, goal))
    return { pod, bucket: 'keep', reason: `is of an older revision: the partition is ${goal.partition}` }
  return { pod, bucket: 'wait', reason: 'is of an older revision: its turn comes after those that follow it' }
}

function reasonOf({ ordinal, pod }: OwnPod, why: StatefulDeletion['why'], goal: StatefulGoal): string {
  switch (why) {
    case 'ended':
      return `has ended in phase ${pod.status.phase}: it is removed, then made anew`
    case 'scaled':
      return `ordinal ${ordinal} is one too many: ${goal.replicas} are wanted`
    case 'outdated':
      return 'is of an older revision: it is removed, then made anew'
    case 'stuck':
      return 'does not come up, and its template is no longer wanted: it is removed, then made anew'
    case 'double':
      return `there is another pod of ordinal ${ordinal}`
    default:
      return why satisfies never
  }
}
