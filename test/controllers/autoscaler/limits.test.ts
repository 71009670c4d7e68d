import { describe, expect, test } from 'vitest'
import type { HPAScalingRules } from '../../../engine/api/generated/types.ts'
import {
  limited,
  type Limits,
  NO_PAST,
  type Past,
  stabilized,
  withEvent,
  withRecommendation,
} from '../../../engine/controllers/autoscaler/limits.ts'

const AT_MS = Date.parse('2026-01-01T12:00:00Z')
const SECOND = 1000

function rules(more: HPAScalingRules): HPAScalingRules {
  return { selectPolicy: 'Max', stabilizationWindowSeconds: 0, ...more }
}

const ANY_UP = rules({ policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] })
const ANY_DOWN = rules({ policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] })

function limits(more: { readonly scaleUp?: HPAScalingRules; readonly scaleDown?: HPAScalingRules }): Limits {
  return { min: 1, max: 1000, behavior: { scaleUp: ANY_UP, scaleDown: ANY_DOWN, ...more } }
}

/** Decides every 15 s with the same recommendation; the numbers of pods that came of it, each once. */
function course(from: number, wanted: number, all: Limits, decisions: number): readonly number[] {
  const numbers = [from]
  let past: Past = NO_PAST
  let current = from
  for (let step = 0; step < decisions; step++) {
    const nowMs = AT_MS + step * 15 * SECOND
    const stable = stabilized(current, wanted, past, all, nowMs)
    past = { ...past, recommendations: withRecommendation(past, wanted, all, nowMs) }
    const next = limited(current, stable.replicas, past, all, nowMs).replicas
    past = { ...past, ...withEvent(past, current, next, all, nowMs) }
    if (next !== current) numbers.push(next)
    current = next
  }
  return numbers
}

/** https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#scaling-policies */
describe("the documentation's policies", () => {
  const four = { type: 'Pods', value: 4, periodSeconds: 60 } as const
  const tenth = { type: 'Percent', value: 10, periodSeconds: 60 } as const

  test('10 % or 4 pods a minute: above 40 pods 10 % are more, below it is 4', () => {
    const scaleDown = rules({ policies: [four, tenth] })
    expect(course(80, 10, limits({ scaleDown }), 70)).toEqual([
      80, 72, 64, 57, 51, 45, 40, 36, 32, 28, 24, 20, 16, 12, 10,
    ])
  })

  test('the lesser of 10 % and 5 pods', () => {
    const scaleDown = rules({ policies: [tenth, { ...four, value: 5 }], selectPolicy: 'Min' })
    expect(course(80, 70, limits({ scaleDown }), 20)).toEqual([80, 75, 70])
    expect(course(20, 15, limits({ scaleDown }), 20)).toEqual([20, 18, 16, 15])
  })

  test('disabled downwards, it only grows', () => {
    const all = limits({ scaleDown: rules({ selectPolicy: 'Disabled' }) })
    expect(course(10, 1, all, 20)).toEqual([10])
    expect(limited(10, 1, NO_PAST, all, AT_MS).reason).toBe('ScaleDownLimit')
    expect(course(10, 12, all, 20)).toEqual([10, 12])
  })

  test('the defaults upwards: the greater of 100 % and 4 pods every 15 s', () => {
    const scaleUp = rules({
      policies: [
        { type: 'Percent', value: 100, periodSeconds: 15 },
        { type: 'Pods', value: 4, periodSeconds: 15 },
      ],
    })
    expect(course(1, 100, limits({ scaleUp }), 10)).toEqual([1, 5, 10, 20, 40, 80, 100])
  })

  /** https://github.com/kubernetes/enhancements/tree/master/keps/sig-autoscaling/853-configurable-hpa-scale-velocity#user-stories */
  test('900 % a minute: 1, 10, 100, 1000', () => {
    const scaleUp = rules({ policies: [{ type: 'Percent', value: 900, periodSeconds: 60 }] })
    expect(course(1, 1000, limits({ scaleUp }), 13)).toEqual([1, 10, 100, 1000])
  })

  test('one pod in ten minutes', () => {
    const scaleUp = rules({ policies: [{ type: 'Pods', value: 1, periodSeconds: 600 }] })
    expect(course(2, 9, limits({ scaleUp }), 121)).toEqual([2, 3, 4, 5, 6])
  })
})

test('what was added within the period is not added again, and what was taken may be given back', () => {
  const scaleUp = rules({ policies: [{ type: 'Pods', value: 4, periodSeconds: 60 }] })
  const all = limits({ scaleUp })
  const past = { ...NO_PAST, ups: [{ atMs: AT_MS - 30 * SECOND, change: 3 }] }
  expect(limited(8, 20, past, all, AT_MS)).toMatchObject({ replicas: 9, reason: 'ScaleUpLimit' })
  const back = { ...past, downs: [{ atMs: AT_MS - 10 * SECOND, change: 5 }] }
  expect(limited(8, 20, back, all, AT_MS).replicas).toBe(14)
  expect(limited(8, 20, past, all, AT_MS + 30 * SECOND).replicas).toBe(12)
})

test('the limits of the spec come before those of the policies', () => {
  const all = { ...limits({}), min: 2, max: 10 }
  expect(limited(9, 20, NO_PAST, all, AT_MS)).toMatchObject({ replicas: 10, reason: 'TooManyReplicas' })
  expect(limited(3, 1, NO_PAST, all, AT_MS)).toMatchObject({ replicas: 2, reason: 'TooFewReplicas' })
  expect(limited(3, 4, NO_PAST, all, AT_MS)).toMatchObject({ replicas: 4, reason: 'DesiredWithinRange' })
})

describe('without behavior', () => {
  const all: Limits = { min: 1, max: 100, behavior: undefined }

  test('it doubles at the most, or goes to 4', () => {
    expect(limited(1, 50, NO_PAST, all, AT_MS)).toMatchObject({ replicas: 4, reason: 'ScaleUpLimit' })
    expect(limited(10, 50, NO_PAST, all, AT_MS)).toMatchObject({ replicas: 20, reason: 'ScaleUpLimit' })
    expect(limited(60, 200, NO_PAST, all, AT_MS)).toMatchObject({ replicas: 100, reason: 'TooManyReplicas' })
  })

  test('it goes down after five minutes, and up at once', () => {
    const past = { ...NO_PAST, recommendations: [{ atMs: AT_MS, replicas: 10 }] }
    const after = { ...past, recommendations: withRecommendation(past, 3, all, AT_MS + 15 * SECOND) }
    const at = (seconds: number): number => stabilized(10, 3, after, all, AT_MS + seconds * SECOND).replicas
    expect(at(15)).toBe(10)
    expect(at(299)).toBe(10)
    // 10 was said last at 0 s, for at 15 s it was 3
    expect(at(300)).toBe(3)
    expect(stabilized(3, 10, after, all, AT_MS + 20 * SECOND).replicas).toBe(10)
  })
})

describe('a window', () => {
  const all = limits({
    scaleUp: { ...ANY_UP, stabilizationWindowSeconds: 60 },
    scaleDown: { ...ANY_DOWN, stabilizationWindowSeconds: 120 },
  })

  test('upwards takes the lowest of what was recommended in it, downwards the highest', () => {
    const recommendations = [
      { atMs: AT_MS, replicas: 6 },
      { atMs: AT_MS + 15 * SECOND, replicas: 4 },
      { atMs: AT_MS + 30 * SECOND, replicas: 9 },
    ]
    const past = { ...NO_PAST, recommendations }
    const at = (seconds: number, wanted: number): unknown =>
      stabilized(5, wanted, past, all, AT_MS + seconds * SECOND)
    // 4 was said at 15 s only: it holds until 75 s
    expect(at(45, 9)).toMatchObject({ replicas: 5, reason: 'ScaleUpStabilized' })
    expect(at(75, 9)).toMatchObject({ replicas: 9, reason: 'ReadyForNewScale' })
    expect(at(75, 2)).toMatchObject({ replicas: 5, reason: 'ScaleDownStabilized' })
  })

  test('counts what has been said all the time, not only when it changed', () => {
    const past = { ...NO_PAST, recommendations: [{ atMs: AT_MS, replicas: 8 }] }
    // an hour later it still is what was said 15 s ago
    expect(stabilized(8, 2, past, all, AT_MS + 3600 * SECOND).replicas).toBe(8)
    const turned = { ...past, recommendations: withRecommendation(past, 2, all, AT_MS + 3600 * SECOND) }
    expect(stabilized(8, 2, turned, all, AT_MS + 3600 * SECOND + 104 * SECOND).replicas).toBe(8)
    expect(stabilized(8, 2, turned, all, AT_MS + 3600 * SECOND + 105 * SECOND).replicas).toBe(2)
  })

  test('is all that is remembered', () => {
    let past: Past = NO_PAST
    for (let step = 0; step < 500; step++)
      past = { ...past, recommendations: withRecommendation(past, step % 7, all, AT_MS + step * 15 * SECOND) }
    expect(past.recommendations.length).toBeLessThanOrEqual(10)
    let events: Past = NO_PAST
    for (let step = 0; step < 500; step++)
      events = { ...events, ...withEvent(events, 1, 2, all, AT_MS + step * 15 * SECOND) }
    expect(events.ups.length).toBeLessThanOrEqual(2)
  })

  test('survives a clock that is set back', () => {
    const past = { ...NO_PAST, recommendations: [{ atMs: AT_MS + 3600 * SECOND, replicas: 8 }] }
    const turned = { ...past, recommendations: withRecommendation(past, 2, all, AT_MS) }
    expect(stabilized(8, 2, turned, all, AT_MS + 200 * SECOND).replicas).toBe(2)
  })
})
