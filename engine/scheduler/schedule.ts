import { type Candidate, candidateOf, hasRoom, refusalsOf } from './filters.ts'
import type { Placeable } from './pods.ts'
import type { Room } from './room.ts'
import { scoresOf } from './scores.ts'

export type Placement =
  | { readonly kind: 'node'; readonly node: number }
  /** As kube-scheduler says it: `0/3 nodes are available: 1 Too many pods, 2 node(s) were unschedulable.` */
  | { readonly kind: 'none'; readonly message: string }

/** The best of the nodes that will do, or why none will. The room is left as it is: who takes the place says so with `room.add`. */
export function placementOf(pod: Placeable, room: Room): Placement {
  const candidate = candidateOf(pod, room)
  const feasible = feasibleNodes(candidate, room)
  if (feasible.length === 0) return { kind: 'none', message: unavailable(candidate, room) }
  const scores = scoresOf(candidate, feasible, room)
  let best = 0
  for (let place = 1; place < feasible.length; place += 1) {
    if (isBetter(place, best, feasible, scores, room)) best = place
  }
  return { kind: 'node', node: feasible[best] ?? 0 }
}

/** Of equals the one with the fewest pods, then the first by name. */
function isBetter(place: number, than: number, nodes: Int32Array, scores: Float64Array, room: Room): boolean {
  const difference = (scores[place] ?? 0) - (scores[than] ?? 0)
  if (difference !== 0) return difference > 0
  const a = nodes[place] ?? 0
  const b = nodes[than] ?? 0
  const fewer = (room.used.pods[b] ?? 0) - (room.used.pods[a] ?? 0)
  return fewer === 0 ? a < b : fewer > 0
}

/**
 * Enough of the nodes that will do, looked for from a place that follows from the pod's uid: a score of one in ten says as much as of all,
 * once there are thousands. With a hundred nodes or fewer, all of them.
 */
function feasibleNodes(candidate: Candidate, room: Room): Int32Array {
  const { candidates } = candidate.answers
  const most = enough(room.nodes.length)
  const start = candidates.length <= most ? 0 : hashOf(candidate.pod.uid) % candidates.length
  const found = new Int32Array(Math.min(most, candidates.length))
  let count = 0
  for (let step = 0; step < candidates.length && count < found.length; step += 1) {
    const place = start + step
    const node = candidates[place < candidates.length ? place : place - candidates.length] ?? 0
    if (!hasRoom(candidate, node, room)) continue
    found[count] = node
    count += 1
  }
  return found.subarray(0, count)
}

const SAMPLE_MIN = 100

/** kube-scheduler's numFeasibleNodesToFind: from half of the nodes down to one in twenty, as they get more. */
export function enough(nodes: number): number {
  if (nodes <= SAMPLE_MIN) return nodes
  const percent = Math.max(5, 50 - Math.floor(nodes / 125))
  return Math.max(SAMPLE_MIN, Math.floor((nodes * percent) / 100))
}

/** FNV-1a: where to begin looking, nothing more. */
function hashOf(text: string): number {
  let hash = 2_166_136_261
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619)
  return hash >>> 0
}

/** What each node says, counted: every node is asked, however many there are. */
function unavailable(candidate: Candidate, room: Room): string {
  if (room.nodes.length === 0) return 'no nodes available to schedule pods'
  const counts = new Map<string, number>()
  for (let node = 0; node < room.nodes.length; node += 1) {
    for (const { reason } of refusalsOf(candidate, node, room))
      counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return `0/${room.nodes.length} nodes are available: ${counted(counts)}.`
}

export function counted(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .toSorted()
    .join(', ')
}
