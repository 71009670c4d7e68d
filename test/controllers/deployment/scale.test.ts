import { describe, expect, test } from 'vitest'
import {
  pausedSizes,
  recreateSizes,
  rollingSizes,
  type Scale,
  type SetSize,
} from '../../../engine/controllers/deployment/scale.ts'

interface Options {
  readonly available?: number
  readonly active?: number
  readonly held?: readonly number[]
  readonly desired?: number
  readonly max?: number
}

/** `created` follows the name, so `a` is older than `b`; all pods are available unless said otherwise. */
function old(name: string, replicas: number, options: Options = {}): SetSize {
  const { active = replicas, available = active, desired, held = [], max } = options
  return {
    name,
    created: name,
    isNew: false,
    replicas,
    desiredReplicas: desired,
    maxReplicas: max,
    active,
    available,
    held: held.length > 0 ? held : Array.from({ length: active + 1 }, () => 0),
  }
}

function fresh(replicas: number, options: Options = {}): SetSize {
  return { ...old('z', replicas, { available: 0, ...options }), isNew: true }
}

function sizes(sets: readonly SetSize[]): readonly number[] {
  return sets.map(({ replicas }) => replicas)
}

const scale = (replicas: number, maxSurge: number, maxUnavailable: number): Scale => ({
  replicas,
  maxSurge,
  maxUnavailable,
})

describe('a rolling update', () => {
  test.each([
    // The steps of a rollout of 3 with surge 1 and nothing unavailable: old, its available; new, its available -> old, new
    { scale: scale(3, 1, 0), before: [3, 3, 0, 0], after: [3, 1] },
    { scale: scale(3, 1, 0), before: [3, 3, 1, 0], after: [3, 1] },
    { scale: scale(3, 1, 0), before: [3, 3, 1, 1], after: [2, 2] },
    { scale: scale(3, 1, 0), before: [2, 2, 2, 2], after: [1, 3] },
    { scale: scale(3, 1, 0), before: [1, 1, 3, 3], after: [0, 3] },
    // No surge, one unavailable: one goes before one comes.
    { scale: scale(3, 0, 1), before: [3, 3, 0, 0], after: [2, 1] },
    { scale: scale(3, 0, 1), before: [2, 2, 1, 0], after: [2, 1] },
    { scale: scale(3, 0, 1), before: [2, 2, 1, 1], after: [1, 2] },
    // The default of 10: 3 over, 2 under.
    { scale: scale(10, 3, 2), before: [10, 10, 0, 0], after: [8, 5] },
    { scale: scale(10, 3, 2), before: [8, 8, 5, 5], after: [3, 10] },
    // All at once.
    { scale: scale(4, 4, 4), before: [4, 4, 0, 0], after: [0, 4] },
    // Old pods that serve nobody go though fewer are available than the floor wants.
    { scale: scale(4, 1, 1), before: [4, 2, 1, 0], after: [3, 2] },
  ])('of $scale.replicas from $before comes to $after', ({ after, before, scale }) => {
    const [replicas = 0, available = 0, begun = 0, up = 0] = before
    const sets = [old('a', replicas, { available }), fresh(begun, { available: up })]
    expect(sizes(rollingSizes(sets, scale))).toEqual(after)
  })

  test('of a template whose pods never come up stops with the old ones in place', () => {
    const sets = [old('a', 8), fresh(5, { available: 0 })]
    expect(sizes(rollingSizes(sets, scale(10, 3, 2)))).toEqual([8, 5])
  })

  test('takes the oldest of several old sets first', () => {
    const sets = [old('a', 2), old('b', 2), fresh(1, { available: 1 })]
    expect(sizes(rollingSizes(sets, scale(4, 1, 0)))).toEqual([1, 2, 2])
  })

  test('does not take a pod on a silent node for one that serves nobody', () => {
    const before = [old('a', 3, { available: 2, held: [0, 1, 1, 1] }), fresh(1, { available: 1 })]
    expect(sizes(rollingSizes(before, scale(3, 1, 0)))).toEqual([3, 1])
  })

  test('counts surplus pods that cannot be deleted now as pods that are there', () => {
    // Of three old pods one is on a silent node: it is the first to go, and does not go. With it there are four: the ceiling.
    const before = [old('a', 3, { available: 2, held: [0, 1, 1, 1] }), fresh(1, { available: 1 })]
    expect(sizes(rollingSizes(before, scale(3, 1, 1)))).toEqual([1, 2])
  })
})

describe('a new number of pods', () => {
  test('goes to the only set at once', () => {
    expect(sizes(rollingSizes([fresh(3, { available: 3, desired: 3, max: 4 })], scale(5, 2, 1)))).toEqual([5])
    expect(sizes(rollingSizes([fresh(5, { available: 5, desired: 5, max: 7 })], scale(3, 1, 0)))).toEqual([3])
  })

  test('in the middle of a rollout is spread in proportion: 8 + 5 of 10, scaled to 15, are 11 + 7', () => {
    const sets = [old('a', 8, { desired: 10, max: 13 }), fresh(5, { desired: 10, max: 13 })]
    expect(sizes(pausedSizes(sets, scale(15, 3, 2), true))).toEqual([11, 7])
  })

  test('gives what rounding leaves over to the largest set', () => {
    const sets = [
      old('a', 3, { desired: 9, max: 9 }),
      old('b', 3, { desired: 9, max: 9 }),
      fresh(3, { desired: 9, max: 9 }),
    ]
    expect(sizes(pausedSizes(sets, scale(10, 0, 1), true))).toEqual([3, 3, 4])
  })

  test('of nought empties all sets', () => {
    const sets = [old('a', 2, { desired: 3, max: 4 }), fresh(2, { available: 1, desired: 3, max: 4 })]
    expect(sizes(rollingSizes(sets, scale(0, 0, 0)))).toEqual([0, 0])
  })

  test('empties old sets as soon as the new one is whole', () => {
    const sets = [old('a', 1, { desired: 3, max: 4 }), fresh(3, { available: 3, desired: 3, max: 4 })]
    expect(sizes(pausedSizes(sets, scale(3, 1, 0), true))).toEqual([0, 3])
  })
})

describe('Recreate', () => {
  test('empties the old sets and begins nothing while a pod of theirs is left', () => {
    expect(sizes(recreateSizes([old('a', 3), fresh(0)], scale(3, 0, 0), true))).toEqual([0, 0])
  })

  test('begins the new set in full when the old pods are gone', () => {
    expect(sizes(recreateSizes([old('a', 0), fresh(0)], scale(3, 0, 0), false))).toEqual([0, 3])
  })
})
