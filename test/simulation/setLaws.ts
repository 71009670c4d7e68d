import type { Plan } from '../../engine/api/plan.ts'
import { isAvailable, isGoing, podsOfPart, type Seen } from './laws.ts'
import { isParallel, type Wanted, type WantedDaemonSet, type WantedStatefulSet } from './wanted.ts'

/** What no plan may do to a StatefulSet or a DaemonSet. */
export function setLaws(
  wanted: Wanted,
  plan: Plan,
  seen: readonly Seen[],
  nodes: number,
  nowMs: number,
): readonly string[] {
  const own = seen.filter(({ app }) => app === wanted.name)
  const deleted = new Set<string>()
  const made: Made[] = []
  for (const action of plan.actions) {
    if (action.kind === 'deletePod') deleted.add(action.uid)
    if (action.kind !== 'createPod' || seen.some(({ uid }) => uid === action.uid)) continue
    const { labels } = action.record.pod.metadata
    if (labels?.['app'] === wanted.name) made.push({ ordinal: ordinalOf(action.pod), node: action.node })
  }
  if (wanted.kind === 'StatefulSet') return statefulLaws(wanted, own, deleted, made, nowMs)
  return wanted.kind === 'DaemonSet' ? daemonLaws(wanted, own, deleted, made, nodes, nowMs) : []
}

interface Made {
  readonly ordinal: number
  readonly node: string
}

function ordinalOf(label: string): number {
  return Number(label.slice(label.lastIndexOf('-') + 1))
}

function statefulLaws(
  { maxUnavailable, minReadySeconds, replicas, start, ...wanted }: WantedStatefulSet,
  own: readonly Seen[],
  deleted: ReadonlySet<string>,
  made: readonly Made[],
  nowMs: number,
): readonly string[] {
  const up = own.filter((one) => !isGoing(one.pod) && isAvailable(one, minReadySeconds, nowMs))
  const inRange = up.filter(({ label }) => ordinalOf(label) >= start && ordinalOf(label) < start + replicas)
  const left = inRange.filter(({ uid }) => !deleted.has(uid))
  const firm = left.filter(({ recordedReady }) => recordedReady)
  const floor = replicas - Math.max(1, Math.floor(podsOfPart(maxUnavailable, replicas)))
  const broken: string[] = []
  if (left.length < inRange.length && firm.length < floor)
    broken.push(`${wanted.name}: ${firm.length} available and on record, the floor is ${floor}`)
  if (isParallel({ ...wanted, maxUnavailable, minReadySeconds, replicas, start })) return broken
  const ordinals = new Set(left.map(({ label }) => ordinalOf(label)))
  for (const { ordinal } of made) {
    for (let before = start; before < ordinal; before++)
      if (!ordinals.has(before))
        broken.push(`${wanted.name}-${ordinal} is made before ${before} is available`)
  }
  return broken
}

function daemonLaws(
  { maxSurge, maxUnavailable, minReadySeconds, name }: WantedDaemonSet,
  own: readonly Seen[],
  deleted: ReadonlySet<string>,
  made: readonly Made[],
  nodes: number,
  nowMs: number,
): readonly string[] {
  const broken: string[] = []
  const surge = Math.ceil(podsOfPart(maxSurge, nodes))
  for (const { node } of made) {
    const there = own.filter((one) => one.node === node).length
    if (there > (surge > 0 ? 1 : 0)) broken.push(`${name}: ${node} has ${there} and gets one more`)
  }
  const up = own.filter((one) => !isGoing(one.pod) && isAvailable(one, minReadySeconds, nowMs))
  const before = new Set(up.map(({ node }) => node))
  const after = new Set(up.filter(({ uid }) => !deleted.has(uid)).map(({ node }) => node))
  const floor = nodes - Math.ceil(podsOfPart(maxUnavailable, nodes))
  if (after.size < before.size && after.size < floor)
    broken.push(`${name}: ${after.size} of ${nodes} nodes have an available pod, the floor is ${floor}`)
  return broken
}
