import type { DaemonSet, KubernetesObject } from '../../api/generated/types.ts'
import type { ObjectKey } from '../../api/names.ts'
import type { NodeFacts } from '../../api/nodes.ts'
import type { RecordAction } from '../../api/plan.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { backedOff, type BackOffs, backOffsOf } from './backOff.ts'
import { type DaemonDeletion, daemonLimits, daemonMoves, type DaemonNode } from './rollout.ts'
import { daemonPodWish, fitOf, type OwnPod } from './pods.ts'
import { daemonHealth, daemonStatus } from './status.ts'
import {
  type ControllerContext,
  type Decision,
  nothing,
  type PodDeletion,
  type PodNote,
  type PodWish,
  type WorkloadInput,
} from '../decision.ts'
import { inForce } from '../changes/inForce.ts'
import { memoryOf, memoryWrite, memoryRecord, type ObjectMemory } from '../memory.ts'
import { invalidHealth, replacement } from '../changes/replace.ts'
import { type History, historyActions, historyOf, REVISION_HASH } from '../changes/revisions.ts'
import { templateChanges } from '../changes/templateChanges.ts'
import { canBeDeleted, createdMs, isAvailable, type PodView } from '../view.ts'
import { deletionOf, isFirmlyAvailable, nextAvailableMs, ownerUidOf } from '../workloads.ts'

export interface DaemonSetInput extends WorkloadInput<DaemonSet> {
  /** By name. */
  readonly nodes: readonly NodeFacts[]
  /** Its revisions. */
  readonly children: readonly ObjectRecord[]
  readonly isTaken: (key: ObjectKey) => boolean
}

/** One pod for each node that its template matches. */
export function daemonSetDecision(input: DaemonSetInput, context: ControllerContext): Decision {
  const { children, desired, isTaken, pods, record } = input
  const { key } = desired
  const { object, refused, written } = inForce(input, isDaemonSet)
  const records = [...children, ...(record === undefined ? [] : [record])]
  const replaced =
    refused.length === 0 ? undefined : replacement({ desired, changes: refused, pods, records }, context)
  if (replaced !== undefined) return replaced
  const memory = memoryOf(key, written, record, ownerUidOf(pods), context)
  const owner = { key, uid: memory.uid, template: written.spec.template, isTaken }
  const history = historyOf(owner, children, context)
  const nodes = nodesOf(input, object, history, context)
  const desiredNodes = nodes.filter(({ shouldRun }) => shouldRun).length
  const moves = daemonMoves(nodes, daemonLimits(object, desiredNodes))
  const { hash } = history.current
  const failing = backedOff(moves.deletes, backOffsOf(record, hash, context), hash, context)
  const status = daemonStatus(nodes, memory)
  const health = refused.length > 0 ? invalidHealth(desired, refused) : daemonHealth(object, nodes, status)
  return {
    ...nothing(key),
    ...partedDeletes(failing.deletes, moves.waiting, failing.notes),
    creates: createsOf(moves.creates, input, memory, history, context),
    records: [
      ...ownRecord(input, written, memory, failing.backOffs, context),
      ...historyActions(key, history, children, isLive(pods), object.spec.revisionHistoryLimit ?? 10),
    ],
    changes: templateChanges(history, pods, hashOf),
    reports: [{ key, health, status }],
    requeueAtMs: Math.min(
      failing.retryAtMs,
      nextAvailableMs(pods, object.spec.minReadySeconds ?? 0, context),
    ),
  }
}

function isDaemonSet(object: KubernetesObject): object is DaemonSet {
  return object.kind === 'DaemonSet'
}

/** The nodes that there are, and those that pods are on though no commit knows them any more. */
function nodesOf(
  { nodes, pods }: DaemonSetInput,
  { spec }: DaemonSet,
  { current }: History,
  context: ControllerContext,
): readonly DaemonNode<OwnPod>[] {
  const byNode = Map.groupBy(pods, ({ node }) => node)
  const known = new Set(nodes.map(({ name }) => name))
  const minReady = spec.minReadySeconds ?? 0
  const ownPods = (found: readonly PodView[] = []): readonly OwnPod[] =>
    found.toSorted(byAge).map((pod) => ownPod(pod, current.hash, minReady, context))
  const left = [...byNode].filter(([name]) => !known.has(name))
  return [
    ...nodes.map((node) => ({
      name: node.name,
      ...fitOf(current.template.spec, node),
      pods: ownPods(byNode.get(node.name)),
    })),
    ...left.map(([name, found]) => ({ name, shouldRun: false, mayStay: false, pods: ownPods(found) })),
  ]
}

function byAge(a: PodView, b: PodView): number {
  return createdMs(a) - createdMs(b) || (a.uid < b.uid ? -1 : 1)
}

function ownPod(pod: PodView, hash: string, minReady: number, { nowMs }: ControllerContext): OwnPod {
  const { deleting, finished, ready } = pod
  return {
    pod,
    isNew: hashOf(pod) === hash,
    ready,
    available: isAvailable(pod, minReady, nowMs),
    firm: isFirmlyAvailable(pod, minReady, nowMs),
    deleting,
    finished,
    held: !canBeDeleted(pod),
  }
}

function hashOf({ record }: PodView): string | undefined {
  return record.pod.metadata.labels?.[REVISION_HASH]
}

function isLive(pods: readonly PodView[]): (revision: { readonly hash: string }) => boolean {
  const live = new Set(pods.map(hashOf))
  return ({ hash }) => live.has(hash)
}

function createsOf(
  nodes: readonly string[],
  { desired: { key }, pods }: DaemonSetInput,
  { uid }: ObjectMemory,
  { current: revision }: History,
  context: ControllerContext,
): readonly PodWish[] {
  const taken = new Set(pods.map(({ record }) => record.pod.metadata.name ?? ''))
  return nodes.map((node) => daemonPodWish({ key, uid, revision, taken }, node, context))
}

function ownRecord(
  { desired: { key: object }, record }: DaemonSetInput,
  { spec }: DaemonSet,
  memory: ObjectMemory,
  backOffs: BackOffs,
  context: ControllerContext,
): readonly RecordAction[] {
  const status = Object.keys(backOffs).length === 0 ? undefined : { backOffs }
  const remembered = {
    memory,
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    spec,
    ...(status !== undefined && { status }),
  } as const
  const own = memoryRecord(object, remembered, record, context)
  return memoryWrite(object, record, own, 'where its pods fail changed')
}

/** What cannot be deleted now waits for it. */
function partedDeletes(
  moves: readonly DaemonDeletion<OwnPod>[],
  waiting: readonly OwnPod[],
  failing: readonly PodNote[],
): Pick<Decision, 'deletes' | 'notes'> {
  const deletes: PodDeletion[] = []
  const outdated = waiting.map(
    ({ pod }): PodNote => ({
      pod,
      bucket: 'wait',
      reason: 'is of an older revision: its turn comes once enough others are available',
    }),
  )
  const notes = [...failing, ...outdated]
  for (const { pod, why } of moves) {
    const disrupts = why === 'outdated' || why === 'replaced' ? 'rollout' : undefined
    const bucket = why === 'outdated' ? 'change' : 'delete'
    const parted = deletionOf(pod.pod, reasonOf(pod.pod, why), bucket, disrupts)
    if ('deletion' in parted) deletes.push(parted.deletion)
    else notes.push(parted.note)
  }
  return { deletes, notes }
}

function reasonOf({ node, status }: PodView, why: DaemonDeletion['why']): string {
  switch (why) {
    case 'ended':
      return `has ended in phase ${status.phase}: another one takes its place`
    case 'misplaced':
      return `node ${node} is not one that it may run on`
    case 'surplus':
      return `node ${node} has another one`
    case 'outdated':
      return 'is of an older revision: it is removed, then made anew'
    case 'replaced':
      return 'is of an older revision, and the new one has taken its place'
    default:
      return why satisfies never
  }
}
