import type { PodUid } from '../../engine/api/names.ts'
import type { Action, Plan } from '../../engine/api/plan.ts'
import type { PodRecord } from '../../engine/api/records.ts'
import type { ObservedPod, Snapshot } from '../../engine/api/snapshot.ts'
import { lossLaws, replacedPods } from './lossLaws.ts'
import { setLaws } from './setLaws.ts'
import type { Wanted, WantedDeployment } from './wanted.ts'

export interface Seen {
  readonly uid: PodUid
  readonly label: string
  readonly node: string
  readonly app: string | undefined
  readonly reachable: boolean
  /** What the node has on record now, whatever is being written. */
  readonly recordedReady: boolean
  readonly pod: ObservedPod
}

/** What no plan may do, counted here from the snapshot alone: nothing of the planner's own counting is used. */
export function brokenLaws(
  snapshot: Snapshot,
  wanted: readonly Wanted[],
  plan: Plan,
  nowMs: number,
): readonly string[] {
  const seen = podsOf(snapshot)
  const deployments = wanted.filter((one) => one.kind === 'Deployment')
  return [
    ...lossLaws(snapshot, plan, nowMs),
    ...plan.violations.map(({ invariant, message }) => `the planner itself found: ${invariant}: ${message}`),
    ...verdictLaws(plan, seen),
    ...actionLaws(plan, snapshot, seen),
    ...deployments.flatMap((one) => rolloutLaws(one, plan, seen, nowMs)),
    ...wanted.flatMap((one) => setLaws(one, plan, seen, snapshot.observed.nodes.size, nowMs)),
  ]
}

/** Pods that are being made are there already. */
function podsOf({ busy, observed, records }: Snapshot): readonly Seen[] {
  const seen: Seen[] = []
  const replaced = replacedPods(records)
  for (const node of observed.nodes.values()) {
    const making = [...busy.values()].flatMap((action): ObservedPod[] => {
      if (action.kind !== 'createPod' || action.node !== node.name || node.pods.has(action.uid)) return []
      const { record } = action
      return [{ record, sandbox: 'absent', containers: new Map(), probes: new Map(), failures: new Map() }]
    })
    for (const found of [...node.pods.values(), ...making]) {
      const { metadata } = found.record.pod
      const uid = (metadata.uid ?? '') as PodUid
      const action = busy.get(uid)
      const written = recordWith(action, found)
      const pod = { ...found, record: replaced.has(uid) ? asGoing(written) : written }
      const label = `${metadata.namespace}/${metadata.name}`
      const app = metadata.ownerReferences === undefined ? undefined : metadata.labels?.['app']
      const recordedReady = found.record.conditions.some(
        ({ status, type }) => type === 'Ready' && status === 'True',
      )
      seen.push({ uid, label, node: node.name, app, reachable: node.reachable, recordedReady, pod })
    }
  }
  return seen
}

/** Others have its place: it ends as soon as its node answers. */
function asGoing(record: PodRecord): PodRecord {
  const { pod } = record
  const deletionTimestamp = pod.metadata.deletionTimestamp ?? pod.metadata.creationTimestamp ?? ''
  return { ...record, pod: { ...pod, metadata: { ...pod.metadata, deletionTimestamp } } }
}

/** What is being written counts as written. */
function recordWith(action: Action | undefined, { record }: ObservedPod): PodRecord {
  if (action === undefined || !('record' in action) || action.kind === 'writeRecord') return record
  return action.record.generation > record.generation ? action.record : record
}

function verdictLaws(plan: Plan, seen: readonly Seen[]): readonly string[] {
  const counts = new Map<PodUid, number>()
  for (const { uid } of plan.verdicts) counts.set(uid, (counts.get(uid) ?? 0) + 1)
  return [
    ...[...counts].filter(([, count]) => count > 1).map(([uid]) => `${uid} is in two buckets`),
    ...seen.filter(({ uid }) => !counts.has(uid)).map(({ label }) => `${label} is in no bucket`),
  ]
}

function actionLaws(plan: Plan, snapshot: Snapshot, seen: readonly Seen[]): readonly string[] {
  const broken: string[] = []
  const acted = new Set<PodUid>()
  const names = new Map(seen.map(({ label, uid }) => [label, uid]))
  for (const action of plan.actions) {
    if (!('uid' in action)) continue
    const { kind, node, pod, uid } = action
    if (acted.has(uid)) broken.push(`${pod} has two actions`)
    acted.add(uid)
    if (snapshot.observed.nodes.get(node)?.reachable !== true)
      broken.push(`${kind} of ${pod} on a silent node`)
    if (isBusy(action, snapshot)) broken.push(`${kind} of ${pod}, which is busy`)
    if (kind === 'createPod' && (names.get(pod) ?? uid) !== uid) broken.push(`a second ${pod} is made`)
    if (kind === 'createPod') names.set(pod, uid)
  }
  return broken
}

function isBusy(action: Action, { busy }: Snapshot): boolean {
  if (!('uid' in action)) return false
  const other = busy.get(action.uid)
  if (other === undefined) return false
  return action.kind !== 'deletePod' || !['createPod', 'startContainers'].includes(other.kind)
}

function rolloutLaws(
  wanted: WantedDeployment,
  plan: Plan,
  seen: readonly Seen[],
  nowMs: number,
): readonly string[] {
  const own = seen.filter(({ app, pod }) => app === wanted.name && !isGoing(pod))
  const deleted = new Set(plan.actions.flatMap((action) => (action.kind === 'deletePod' ? [action.uid] : [])))
  const available = own.filter((one) => isAvailable(one, wanted.minReadySeconds, nowMs))
  const taken = available.filter(({ uid }) => deleted.has(uid)).length
  const left = available.filter(({ recordedReady, uid }) => recordedReady && !deleted.has(uid)).length
  const alive = own.filter(({ pod, uid }) => !deleted.has(uid) && !hasEnded(pod)).length
  const known = new Set(seen.map(({ uid }) => uid))
  const made = plan.actions.filter(
    (action) =>
      action.kind === 'createPod' &&
      action.record.pod.metadata.labels?.['app'] === wanted.name &&
      !known.has(action.uid),
  ).length
  const { ceiling, floor } = boundsOf(wanted)
  return [
    ...(taken > 0 && left < floor
      ? [`${wanted.name}: ${left} available and on record, the floor is ${floor}`]
      : []),
    ...(made > 0 && alive + made > ceiling
      ? [`${wanted.name}: ${alive + made} pods, the ceiling is ${ceiling}`]
      : []),
  ]
}

export function isGoing(pod: ObservedPod): boolean {
  return pod.record.pod.metadata.deletionTimestamp !== undefined
}

function hasEnded(pod: ObservedPod): boolean {
  const state = pod.containers.get('app')?.state
  return state?.kind === 'exited' && state.restartAt === undefined && state.exit.exitCode === 0
}

export function isAvailable({ pod, reachable }: Seen, minReadySeconds: number, nowMs: number): boolean {
  if (!reachable || pod.sandbox !== 'ready' || pod.containers.get('app')?.state.kind !== 'running')
    return false
  const tally = pod.probes.get('app/readiness')
  if (tally !== undefined && !tally.lastSucceeded) return false
  if (minReadySeconds === 0) return true
  const ready = pod.record.conditions.find(({ type }) => type === 'Ready')
  if (ready?.status !== 'True') return false
  const since = Date.parse(ready.lastTransitionTime ?? '')
  // A clock that was set back takes no pod's availability.
  return since > nowMs || since + minReadySeconds * 1000 <= nowMs
}

interface Bounds {
  readonly floor: number
  readonly ceiling: number
}

function boundsOf({ maxSurge, maxUnavailable, replicas, strategy }: WantedDeployment): Bounds {
  if (strategy === 'Recreate') return { floor: 0, ceiling: replicas }
  const up = Math.ceil(podsOfPart(maxSurge, replicas))
  const down = Math.min(replicas, Math.floor(podsOfPart(maxUnavailable, replicas)))
  const stuck = up === 0 && down === 0 && replicas > 0
  return { floor: replicas - (stuck ? 1 : down), ceiling: replicas + up }
}

export function podsOfPart(part: number | string, replicas: number): number {
  return typeof part === 'number' ? part : (Number.parseInt(part, 10) * replicas) / 100
}
