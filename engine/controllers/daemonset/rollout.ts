import type { DaemonSet } from '../../api/generated/types.ts'
import { portion } from '../fenceposts.ts'

/**
 * Where pods of a DaemonSet are to be made and which are to go: Kubernetes' arithmetic (pkg/controller/daemon: podsShouldBeOnNode in
 * daemon_controller.go, rollingUpdate in update.go) over plain values.
 */
export interface DaemonNode<P extends DaemonPod = DaemonPod> {
  readonly name: string
  /** A pod belongs here. */
  readonly shouldRun: boolean
  /** A pod that is here already may stay. */
  readonly mayStay: boolean
  /** Oldest first; those that are ending or have ended included. */
  readonly pods: readonly P[]
}

export interface DaemonPod {
  /** Of the template of now. */
  readonly isNew: boolean
  readonly ready: boolean
  readonly available: boolean
  /** Available, and that is on record: only then may another pod go for it. */
  readonly firm: boolean
  readonly deleting: boolean
  readonly finished: boolean
  /** It cannot be deleted now: busy, or on a node that does not answer. */
  readonly held: boolean
}

export interface DaemonLimits {
  readonly type: 'RollingUpdate' | 'OnDelete'
  readonly maxUnavailable: number
  readonly maxSurge: number
}

export interface DaemonMoves<P extends DaemonPod = DaemonPod> {
  /** Names of nodes. */
  readonly creates: readonly string[]
  readonly deletes: readonly DaemonDeletion<P>[]
  /** Old pods whose turn has not come. */
  readonly waiting: readonly P[]
}

export interface DaemonDeletion<P extends DaemonPod = DaemonPod> {
  readonly pod: P
  readonly why: 'ended' | 'misplaced' | 'surplus' | 'outdated' | 'replaced'
}

/**
 * Percents of the nodes that are to have a pod, both rounded up: with 10 nodes 25% are 3. When both come to nothing the rollout could
 * never begin, so one pod may be unavailable (updatedDesiredNodeCounts).
 */
export function daemonLimits({ spec }: DaemonSet, desired: number): DaemonLimits {
  const { rollingUpdate, type = 'RollingUpdate' } = spec.updateStrategy ?? {}
  if (type === 'OnDelete') return { type, maxUnavailable: 0, maxSurge: 0 }
  const maxUnavailable = Math.ceil(portion(rollingUpdate?.maxUnavailable ?? 1, desired))
  const maxSurge = Math.ceil(portion(rollingUpdate?.maxSurge ?? 0, desired))
  const isStuck = desired > 0 && maxUnavailable === 0 && maxSurge === 0
  return { type, maxUnavailable: isStuck ? 1 : maxUnavailable, maxSurge }
}

export function daemonMoves<P extends DaemonPod>(
  nodes: readonly DaemonNode<P>[],
  limits: DaemonLimits,
): DaemonMoves<P> {
  const surges = limits.maxSurge > 0
  const kept: KeptNode<P>[] = []
  const creates: string[] = []
  const deletes: DaemonDeletion<P>[] = []
  for (const node of nodes) {
    const { gone, left } = tidied(node, surges)
    deletes.push(...gone)
    // Also one that is ending is still there: its successor waits until it has left the node.
    if (node.shouldRun && node.pods.length === 0) creates.push(node.name)
    if (node.mayStay) kept.push({ ...node, pods: left, bodies: node.pods.length })
  }
  if (limits.type === 'OnDelete') return { creates, deletes, waiting: [] }
  const rollout = surges ? surged(kept, limits) : replaced(kept, limits)
  return {
    creates: [...creates, ...rollout.creates],
    deletes: [...deletes, ...rollout.deletes],
    waiting: rollout.waiting,
  }
}

interface KeptNode<P extends DaemonPod> extends DaemonNode<P> {
  /** Also those that are ending. */
  readonly bodies: number
}

interface Tidied<P extends DaemonPod> {
  readonly gone: readonly DaemonDeletion<P>[]
  /** Those that serve here: one, or with a surge an old and a new one. */
  readonly left: readonly P[]
}

/** What goes whatever the rollout does. */
function tidied<P extends DaemonPod>(node: DaemonNode<P>, surges: boolean): Tidied<P> {
  const present = node.pods.filter(({ deleting }) => !deleting)
  if (!node.mayStay) return { gone: present.map((pod) => ({ pod, why: 'misplaced' })), left: [] }
  const ended = present.filter(({ finished }) => finished)
  const live = present.filter(({ finished }) => !finished)
  const left = surges ? oneOfEach(live) : one(live)
  const surplus = live.filter((pod) => !left.includes(pod))
  return {
    gone: [
      ...ended.map((pod) => ({ pod, why: 'ended' }) as const),
      ...surplus.map((pod) => ({ pod, why: 'surplus' }) as const),
    ],
    left,
  }
}

function oneOfEach<P extends DaemonPod>(live: readonly P[]): readonly P[] {
  return [...one(live.filter(({ isNew }) => !isNew)), ...one(live.filter(({ isNew }) => isNew))]
}

/** The oldest that serves; Kubernetes keeps the oldest, whether it serves or not. */
function one<P extends DaemonPod>(live: readonly P[]): readonly P[] {
  const serving = live.find(({ available }) => available)
  return serving === undefined ? live.slice(0, 1) : [serving]
}

/**
 * Without a surge: an old pod that serves nobody goes at once; of the others so many that no more than maxUnavailable nodes are without
 * an available pod.
 */
function replaced<P extends DaemonPod>(
  nodes: readonly DaemonNode<P>[],
  { maxUnavailable }: DaemonLimits,
): DaemonMoves<P> {
  let unavailable = 0
  const deletes: DaemonDeletion<P>[] = []
  const candidates: P[] = []
  const waiting: P[] = []
  for (const { pods, shouldRun } of nodes) {
    const [pod] = pods
    if (pod === undefined) {
      if (shouldRun) unavailable += 1
      continue
    }
    if (!pod.firm) unavailable += 1
    if (pod.isNew) continue
    if (!pod.available) deletes.push({ pod, why: 'outdated' })
    else if (pod.firm && !pod.held) candidates.push(pod)
    else waiting.push(pod)
  }
  const room = Math.max(0, maxUnavailable - unavailable)
  for (const [index, pod] of candidates.entries()) {
    if (index < room) deletes.push({ pod, why: 'outdated' })
    else waiting.push(pod)
  }
  return { creates: [], deletes, waiting }
}

/**
 * With a surge: the new pod comes first, beside the old one, on maxSurge nodes at a time, and the old one goes once the new one is
 * available. Beside an old pod that serves nobody the new one comes at once.
 */
function surged<P extends DaemonPod>(
  nodes: readonly KeptNode<P>[],
  { maxSurge }: DaemonLimits,
): DaemonMoves<P> {
  let surging = 0
  let available = 0
  const creates: string[] = []
  const candidates: string[] = []
  const deletes: DaemonDeletion<P>[] = []
  const sunset: P[] = []
  const waiting: P[] = []
  for (const { bodies, name, pods, shouldRun } of nodes) {
    const old = pods.find(({ isNew }) => !isNew)
    const next = pods.find(({ isNew }) => isNew)
    if ((old ?? next)?.firm === true) available += 1
    if (old === undefined) continue
    if (next !== undefined) {
      if (next.firm || !old.ready) deletes.push({ pod: old, why: 'replaced' })
      else waiting.push(old)
      if (!next.firm) surging += 1
    } else if (!shouldRun) {
      if (old.available) sunset.push(old)
      else deletes.push({ pod: old, why: 'misplaced' })
    } else {
      waiting.push(old)
      // Never three on a node: one that is ending leaves it first.
      if (bodies > 1) continue
      if (old.available) candidates.push(name)
      else creates.push(name)
    }
  }
  const desired = nodes.filter(({ shouldRun }) => shouldRun).length
  const spare = Math.max(0, available - desired)
  deletes.push(...sunset.slice(0, spare).map((pod) => ({ pod, why: 'misplaced' }) as const))
  waiting.push(...sunset.slice(spare))
  return { creates: [...creates, ...candidates.slice(0, Math.max(0, maxSurge - surging))], deletes, waiting }
}
