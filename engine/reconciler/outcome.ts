import type { ObjectKey, PodUid } from '../api/names.ts'
import { keyParts, objectKey } from '../api/names.ts'
import { isFenced, nodeKey } from '../api/nodeRecords.ts'
import type { Action, Health, Plan } from '../api/plan.ts'
import type { ObservedNode, Snapshot } from '../api/snapshot.ts'
import { controllerOf } from '../api/owners.ts'
import { REVISION } from '../controllers/replicaset/sets.ts'

/** An object that keeps `--once` from ending well, and how it stands. */
export interface UnhealthyObject {
  readonly object: ObjectKey
  readonly health: Health
}

export type Outcome =
  | { readonly kind: 'healthy' }
  /** Whatever is not healthy is certain not to become so; all else is done. */
  | { readonly kind: 'failed'; readonly objects: readonly UnhealthyObject[] }
  | {
      readonly kind: 'timeout'
      readonly objects: readonly UnhealthyObject[]
      readonly problems: readonly string[]
    }
  | { readonly kind: 'interrupted' }

export type Verdict = Extract<Outcome, { readonly kind: 'healthy' | 'failed' }>

/** Objects of the commit and nodes that are not healthy, violations of ours among them, in the order of their keys. */
export function unhealthy(
  plan: Plan,
  snapshot: Snapshot,
  ignore: (object: ObjectKey) => boolean,
): readonly UnhealthyObject[] {
  const found = new Map<ObjectKey, Health>()
  for (const key of [...snapshot.desired.objects.keys(), ...nodeKeys(snapshot)]) {
    const health = plan.statuses.get(key)?.health
    if (health === undefined || health.kind === 'healthy' || ignore(key) || isSuspended(key, plan)) continue
    found.set(key, health)
  }
  for (const { object, invariant, message } of plan.violations) {
    const owner = wantedBy(object, snapshot) ?? object
    found.set(owner, { kind: 'failed', reason: 'InvariantViolated', message: `${invariant}: ${message}` })
  }
  return [...found]
    .map(([object, health]) => ({ object, health }))
    .toSorted((a, b) => (a.object < b.object ? -1 : 1))
}

function nodeKeys({ observed }: Snapshot): readonly ObjectKey[] {
  return [...observed.nodes.keys()].map(nodeKey)
}

/** Undefined: something may still change for the better. */
export function verdict(
  plan: Plan,
  snapshot: Snapshot,
  ignore: (object: ObjectKey) => boolean,
): Verdict | undefined {
  const nodes = [...snapshot.observed.nodes.values()]
  if (nodes.some((node) => isUnknown(node, snapshot))) return undefined
  const objects = unhealthy(plan, snapshot, ignore)
  if (objects.some(({ health }) => health.kind !== 'failed')) return undefined
  const settled = new Set(objects.map(({ object }) => object))
  if (isBegun(plan, snapshot, objects)) return undefined
  const open = unfinished(plan, snapshot).filter((object) => {
    const owner = wantedBy(object, snapshot) ?? object
    // Nothing will happen to what is left alone: its drift is told, or it is suspended.
    return !settled.has(owner) && !isLeftRunning(owner, ignore) && plan.leftAlone?.has(owner) !== true
  })
  if (isJobBeginning(plan, snapshot, ignore)) return undefined
  if (open.length > 0 || writesRecords(plan, snapshot)) return undefined
  return objects.length === 0 ? { kind: 'healthy' } : { kind: 'failed', objects }
}

/** Of a node that has never answered nobody knows what runs there, unless somebody has said that nothing does. */
function isUnknown({ info, name, reachable }: ObservedNode, { records }: Snapshot): boolean {
  return !reachable && info === undefined && !isFenced(records.get(nodeKey(name)))
}

/**
 * Whether for objects that have failed for certain something is still being done, or a pod may yet become ready: nobody
 * is left with half-made pods. Attempts for pods that have failed themselves are not waited for, nor are pods of a rollout
 * that is out of time: they have had theirs.
 */
function isBegun(plan: Plan, snapshot: Snapshot, failed: readonly UnhealthyObject[]): boolean {
  if (failed.length === 0) return false
  const reasons = new Map(failed.map(({ health, object }) => [object, reasonOf(health)]))
  const reasonFor = (object: ObjectKey) => reasons.get(wantedBy(object, snapshot) ?? object)
  const isOfFailed = (object: ObjectKey): boolean => reasonFor(object) !== undefined
  if ([...snapshot.busy.values()].some(({ object }) => isOfFailed(object))) return true
  const healthOf = (pod: string): Health['kind'] | undefined => plan.statuses.get(podKey(pod))?.health.kind
  const planned = plan.actions.some(
    (action) => 'pod' in action && isOfFailed(action.object) && healthOf(action.pod) !== 'failed',
  )
  if (planned) return true
  const violated = new Set(plan.violations.map(({ object }) => object))
  const hopeful = hopefulPods(snapshot)
  return plan.verdicts.some(
    ({ bucket, object, pod, uid }) =>
      bucket !== 'unknown' &&
      hopeful.has(uid) &&
      !violated.has(object) &&
      isOfFailed(object) &&
      (bucket === 'delete' || reasonFor(object) !== 'ProgressDeadlineExceeded') &&
      healthOf(pod) === 'progressing',
  )
}

/** Somebody wants it as it is, and waits for something else. */
function isSuspended(key: ObjectKey, { leftAlone }: Plan): boolean {
  return leftAlone?.get(key)?.by === 'suspended'
}

function reasonOf(health: Health): string {
  return health.kind === 'failed' ? health.reason : ''
}

/** `namespace/name` as it stands in actions and verdicts. */
function podKey(pod: string): ObjectKey {
  const slash = pod.indexOf('/')
  return objectKey('Pod', pod.slice(0, slash), pod.slice(slash + 1))
}

/** Pods on nodes that end, or that the commit asks for: those of a Deployment's older revisions stay as they are. */
function hopefulPods({ observed, records }: Snapshot): ReadonlySet<PodUid> {
  const newest = newestSets(records)
  const found = new Set<PodUid>()
  for (const { pods } of observed.nodes.values()) {
    for (const [uid, { record }] of pods) {
      const { metadata } = record.pod
      const owner = controllerOf(metadata)
      const isOfSet = owner?.kind === 'ReplicaSet'
      if (metadata.deletionTimestamp !== undefined || !isOfSet || newest.has(owner.uid)) found.add(uid)
    }
  }
  return found
}

/** The ReplicaSet of each Deployment's newest revision, and those of their own, by uid. */
function newestSets(records: Snapshot['records']): ReadonlySet<string> {
  const newest = new Map<string, { readonly uid: string; readonly revision: number }>()
  for (const { object } of records.values()) {
    if (object.kind !== 'ReplicaSet') continue
    const { annotations, uid = '' } = object.metadata
    const owner = controllerOf(object.metadata)?.uid ?? uid
    const revision = Number(annotations?.[REVISION] ?? 0)
    if (revision >= (newest.get(owner)?.revision ?? 0)) newest.set(owner, { uid, revision })
  }
  return new Set([...newest.values()].map(({ uid }) => uid))
}

/** Nobody waits for its end. Jobs of CronJobs end in their own time. */
function isLeftRunning(owner: ObjectKey, ignore: (object: ObjectKey) => boolean): boolean {
  return ignore(owner) || keyParts(owner).kind === 'CronJob'
}

/** Whether a Job that nobody waits for has something under way and is not running yet: left like this, it never would. */
function isJobBeginning(plan: Plan, snapshot: Snapshot, ignore: (object: ObjectKey) => boolean): boolean {
  return [...plan.actions, ...snapshot.busy.values()].some(({ object }) => {
    if (!isLeftRunning(wantedBy(object, snapshot) ?? object, ignore)) return false
    if (keyParts(object).kind !== 'Job') return true
    const count = (field: string): number => countIn(plan.statuses.get(object)?.status, field)
    const [active, ready] = [count('active'), count('ready')]
    return count('failed') + count('succeeded') === 0 && (active === 0 || ready < active)
  })
}

function countIn(status: unknown, field: string): number {
  if (typeof status !== 'object' || status === null) return 0
  const value: unknown = Object.entries(status).find(([name]) => name === field)?.[1]
  return typeof value === 'number' ? value : 0
}

/** Objects for which something is under way, planned or not known. */
function unfinished(plan: Plan, snapshot: Snapshot): readonly ObjectKey[] {
  const waiting = plan.verdicts.filter(({ bucket }) => bucket !== 'keep')
  const actions: readonly Action[] = [...plan.actions, ...snapshot.busy.values()]
  return [...waiting, ...actions].map(({ object }) => object)
}

/** Why a pod failed is to be on its node before the engine ends: whoever looks later finds it there. */
function writesRecords(plan: Plan, { busy }: Snapshot): boolean {
  return [...plan.actions, ...busy.values()].some(({ kind }) => kind === 'updatePod' || kind === 'releasePod')
}

/** The object of the commit on whose behalf a derived one (a Deployment's ReplicaSet) exists. */
function wantedBy(object: ObjectKey, { desired, records }: Snapshot): ObjectKey | undefined {
  if (desired.objects.has(object)) return object
  const metadata = records.get(object)?.object.metadata
  const owner = metadata && controllerOf(metadata)
  if (metadata === undefined || owner === undefined) return undefined
  const key = objectKey(owner.kind, metadata.namespace, owner.name)
  return desired.objects.has(key) ? key : undefined
}
