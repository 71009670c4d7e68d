/**
 * How many pods each ReplicaSet of a Deployment should have: Kubernetes' arithmetic (pkg/controller/deployment: rolling.go, recreate.go,
 * sync.go, util/deployment_util.go) over plain numbers.
 *
 * Kubernetes takes one step a pass and waits for its caches in between; here a whole pass is computed at once, by repeating
 * the steps until nothing moves. What moves them on is always a pod that became available.
 */
export interface SetSize {
  readonly name: string
  readonly created: string
  readonly isNew: boolean
  /** How many it should have. */
  readonly replicas: number
  readonly desiredReplicas: number | undefined
  readonly maxReplicas: number | undefined
  /** How many it has, those under deletion and those that have ended aside. */
  readonly active: number
  readonly available: number
  /** At index k: how many of the first k pods in deletion order cannot be deleted now (busy, or on a node that is silent). */
  readonly held: readonly number[]
}

export interface Scale {
  readonly replicas: number
  readonly maxSurge: number
  readonly maxUnavailable: number
}

/** One pass cannot need more steps than this; each one but the last changes a size. */
const STEPS_MAX = 1000

export function rollingSizes(sets: readonly SetSize[], scale: Scale): readonly SetSize[] {
  let sizes = isScaling(sets, scale) ? scaled(sets, scale) : sets
  for (let step = 0; step < STEPS_MAX; step++) {
    const grown = withGrownNew(sizes, scale)
    const next = withShrunkOld(grown, scale)
    if (sum(next, (set) => Math.abs(set.replicas - sizeOf(sizes, set.name))) === 0) return next
    sizes = next
  }
  return sizes
}

/** All old ones go first; the new one begins when no old pod is left, not even one that is ending. */
export function recreateSizes(
  sets: readonly SetSize[],
  scale: Scale,
  oldPodsLeft: boolean,
): readonly SetSize[] {
  return sets.map((set) => {
    if (!set.isNew) return { ...set, replicas: 0 }
    return oldPodsLeft
      ? { ...set, replicas: Math.min(set.replicas, scale.replicas) }
      : { ...set, replicas: scale.replicas }
  })
}

/** A paused Deployment is scaled, and nothing else. */
export function pausedSizes(sets: readonly SetSize[], scale: Scale, rolling: boolean): readonly SetSize[] {
  return scaled(sets, scale, rolling)
}

/** The wanted number changed since the sets were last scaled. */
function isScaling(sets: readonly SetSize[], { replicas }: Scale): boolean {
  return sets.some(
    (set) => set.replicas > 0 && set.desiredReplicas !== undefined && set.desiredReplicas !== replicas,
  )
}

/**
 * A change of the wanted number, before the rollout goes on. In the middle of a rollout it is spread over the sets in proportion
 * to their sizes: 10 pods as 8 old and 5 new (surge 3), scaled to 15, become 11 and 7 (15 + surge 3 = 18).
 */
function scaled(sets: readonly SetSize[], scale: Scale, rolling = true): readonly SetSize[] {
  const only = activeOrLatest(sets)
  if (only !== undefined) return withReplicas(sets, only.name, scale.replicas)
  if (sets.some((set) => set.isNew && isSaturated(set, scale))) {
    return sets.map((set) => (set.isNew ? set : { ...set, replicas: 0 }))
  }
  return rolling ? proportionally(sets, scale) : sets
}

function activeOrLatest(sets: readonly SetSize[]): SetSize | undefined {
  const active = sets.filter((set) => set.replicas > 0)
  if (active.length > 1) return undefined
  return active[0] ?? sets.find((set) => set.isNew) ?? newestFirst(sets)[0]
}

function isSaturated(set: SetSize, { replicas }: Scale): boolean {
  return set.replicas === replicas && set.desiredReplicas === replicas && set.available >= replicas
}

function proportionally(sets: readonly SetSize[], scale: Scale): readonly SetSize[] {
  const active = sets.filter((set) => set.replicas > 0)
  const allowed = scale.replicas > 0 ? scale.replicas + scale.maxSurge : 0
  const toAdd = allowed - sum(active, (set) => set.replicas)
  if (toAdd === 0) return sets
  const byAge = toAdd > 0 ? newestFirst(active) : oldestFirst(active)
  const ordered = byAge.toSorted((a, b) => b.replicas - a.replicas)
  const sizes = new Map<string, number>()
  let added = 0
  for (const set of ordered) {
    const share = proportion(set, scale, toAdd, added)
    sizes.set(set.name, set.replicas + share)
    added += share
  }
  const [largest] = ordered
  if (largest !== undefined) {
    sizes.set(largest.name, Math.max(0, (sizes.get(largest.name) ?? 0) + toAdd - added))
  }
  return sets.map((set) => ({ ...set, replicas: sizes.get(set.name) ?? set.replicas }))
}

function proportion(set: SetSize, scale: Scale, toAdd: number, added: number): number {
  if (toAdd === added) return 0
  const share = fraction(set, scale)
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added)
}

function fraction(set: SetSize, scale: Scale): number {
  if (scale.replicas === 0) return -set.replicas
  const before = set.maxReplicas ?? set.desiredReplicas ?? 0
  if (before === 0) return 0
  return Math.round((set.replicas * (scale.replicas + scale.maxSurge)) / before) - set.replicas
}

/** Up to the wanted number, as long as all sets together stay under the ceiling. */
function withGrownNew(sets: readonly SetSize[], scale: Scale): readonly SetSize[] {
  const current = sets.find((set) => set.isNew)
  if (current === undefined || current.replicas === scale.replicas) return sets
  if (current.replicas > scale.replicas) return withReplicas(sets, current.name, scale.replicas)
  const room = scale.replicas + scale.maxSurge - sum(sets, countOf)
  if (room <= 0) return sets
  const more = Math.min(room, scale.replicas - current.replicas)
  return withReplicas(sets, current.name, current.replicas + more)
}

/**
 * What is not available goes first, oldest set first, since it serves nobody; then as many others as there are available pods over the floor.
 * Pods of the new set that are not up yet are counted as if they never came, so that a bad template stops by itself.
 */
function withShrunkOld(sets: readonly SetSize[], scale: Scale): readonly SetSize[] {
  const current = sets.find((set) => set.isNew)
  const old = oldestFirst(sets.filter((set) => !set.isNew && set.replicas > 0))
  if (old.length === 0 || current === undefined) return sets
  const floor = scale.replicas - scale.maxUnavailable
  const newNotUp = Math.max(0, current.replicas - availableOf(current))
  const mostDown = sum(sets, countOf) - floor - newNotUp
  if (mostDown <= 0) return sets
  const cleaned = shrunk(sets, old, mostDown, (set) => set.replicas - availableOf(set) - heldOf(set))
  const spare = sum(cleaned, availableOf) - floor
  const left = old.map((set) => cleaned.find((other) => other.name === set.name) ?? set)
  return spare <= 0 ? cleaned : shrunk(cleaned, left, spare, (set) => set.replicas)
}

function shrunk(
  sets: readonly SetSize[],
  old: readonly SetSize[],
  most: number,
  atMost: (set: SetSize) => number,
): readonly SetSize[] {
  let left = most
  let result = sets
  for (const set of old) {
    const fewer = Math.min(left, atMost(set))
    if (fewer <= 0) continue
    result = withReplicas(result, set.name, set.replicas - fewer)
    left -= fewer
  }
  return result
}

/** Pods that are too many but cannot be deleted now still count: their node may be silent, they are not gone. */
function countOf(set: SetSize): number {
  const tooMany = set.active - set.replicas
  return tooMany > 0 ? set.replicas + (set.held[tooMany] ?? 0) : set.replicas
}

/** Pods that cannot be looked at may well be available: nothing is replaced because of them. */
function heldOf(set: SetSize): number {
  return set.held[set.active] ?? 0
}

/** What is not available goes first, so the available ones are the last to be counted out. */
function availableOf(set: SetSize): number {
  return Math.min(set.available, set.replicas)
}

function withReplicas(sets: readonly SetSize[], name: string, replicas: number): readonly SetSize[] {
  return sets.map((set) => (set.name === name ? { ...set, replicas } : set))
}

function sizeOf(sets: readonly SetSize[], name: string): number {
  return sets.find((set) => set.name === name)?.replicas ?? 0
}

function oldestFirst(sets: readonly SetSize[]): readonly SetSize[] {
  return sets.toSorted((a, b) => compareText(a.created, b.created) || compareText(a.name, b.name))
}

function newestFirst(sets: readonly SetSize[]): readonly SetSize[] {
  return oldestFirst(sets).toReversed()
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  let total = 0
  for (const item of items) total += of(item)
  return total
}
