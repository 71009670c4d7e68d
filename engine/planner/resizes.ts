import { type Allocatable, allocatableOf, reservedOf } from '../api/allocatable.ts'
import type { PodCondition } from '../api/generated/types.ts'
import { podRequests } from '../api/podResources.ts'
import { RESIZE_PENDING } from '../api/resize.ts'
import type { Decision, PodNote, PodUpdate } from '../controllers/decision.ts'
import { timestamp } from '../controllers/decision.ts'
import type { World } from './world.ts'

/** Resizes that their node has no room for wait, and say so. Source: canResizePod in pkg/kubelet/allocation in Kubernetes. */
export function withRoomForResizes(decisions: readonly Decision[], world: World): readonly Decision[] {
  if (!decisions.some(({ updates }) => updates.some(({ resizes }) => resizes === true))) return decisions
  const given = new Map<string, readonly PodUpdate[]>()
  return decisions.map((decision) => {
    const updates: PodUpdate[] = []
    const notes: PodNote[] = []
    for (const update of decision.updates) {
      const node = update.pod.node
      const why = update.resizes === true ? refusal(update, given.get(node) ?? [], world) : undefined
      if (why === undefined) {
        updates.push(update)
        if (update.resizes === true) given.set(node, [...(given.get(node) ?? []), update])
        continue
      }
      notes.push({ pod: update.pod, bucket: 'wait', reason: `${why.reason}: ${why.message}` })
      updates.push(...pending(update, why, world))
    }
    return { ...decision, updates, notes: [...decision.notes, ...notes] }
  })
}

interface Refusal {
  readonly reason: 'Infeasible' | 'Deferred'
  readonly message: string
}

const COUNTED = { cpu: 'cpuMillis', memory: 'memoryBytes' } as const satisfies Record<
  string,
  keyof Allocatable
>

function refusal({ pod, record }: PodUpdate, given: readonly PodUpdate[], world: World): Refusal | undefined {
  const { desired, observed } = world.snapshot
  const info = observed.nodes.get(pod.node)?.info
  if (info === undefined) return undefined
  const allocatable = allocatableOf(info, reservedOf(desired, pod.node))
  const before = podRequests(pod.record.pod.spec)
  const after = podRequests(record.pod.spec)
  for (const name of ['cpu', 'memory'] as const) {
    const requested = after[name] ?? 0
    const capacity = allocatable[COUNTED[name]]
    if (requested <= (before[name] ?? 0)) continue
    if (requested > capacity)
      return {
        reason: 'Infeasible',
        message: `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`,
      }
    const used = usedBeside(pod.uid, pod.node, name, given, world)
    if (used + requested > capacity)
      return {
        reason: 'Deferred',
        message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
      }
  }
  return undefined
}

function usedBeside(
  uid: string,
  node: string,
  name: 'cpu' | 'memory',
  given: readonly PodUpdate[],
  { pods }: World,
): number {
  let used = 0
  for (const { view } of pods) {
    if (view.node !== node || view.uid === uid || view.finished) continue
    const resized = given.find(({ pod }) => pod.uid === view.uid)?.record
    used += podRequests((resized ?? view.record).pod.spec)[name] ?? 0
  }
  return used
}

/** Written once for each reason: what it says of others' use changes all the time. */
function pending({ pod }: PodUpdate, why: Refusal, { context }: World): readonly PodUpdate[] {
  const { record } = pod
  const before = record.conditions.find(({ type }) => type === RESIZE_PENDING)
  if (before?.reason === why.reason) return []
  const condition: PodCondition = {
    type: RESIZE_PENDING,
    status: 'True',
    lastTransitionTime: before?.lastTransitionTime ?? timestamp(context.now),
    ...why,
  }
  const others = record.conditions.filter(({ type }) => type !== RESIZE_PENDING)
  const reason = `its resources cannot change now: ${why.reason}: ${why.message}`
  const written = { ...record, generation: record.generation + 1, conditions: [...others, condition] }
  return [{ pod, record: written, reason }]
}
