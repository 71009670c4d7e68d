import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../engine/reconciler/limits.ts'
import { Pacing } from '../../engine/reconciler/pacing.ts'
import { createPod, START, startContainers, updatePod } from './support.ts'

const LIMITS = { ...DEFAULT_LIMITS, repeatsMax: 3, failureRetryMinMs: 250, retryMaxMs: 30_000 }

const LATER = at(3_600_000)

function at(milliseconds: number): Temporal.Instant {
  return Temporal.Instant.from(START).add({ milliseconds })
}

test('an action that failed waits longer each time, up to a limit', () => {
  const pacing = new Pacing(LIMITS)
  const delays = Array.from({ length: 9 }, () => {
    pacing.failed(createPod('web'), at(0))
    return pacing.notBefore(createPod('web'), LATER)?.since(at(0)).total('milliseconds')
  })
  expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
})

test('a clock that has been set back since lets nobody wait for the old time', () => {
  const pacing = new Pacing(LIMITS)
  pacing.failed(createPod('web'), at(3_600_000))
  expect(pacing.notBefore(createPod('web'), at(0))).toBeUndefined()
})

test('another action of the same pod, or the same one of another pod, need not wait', () => {
  const pacing = new Pacing(LIMITS)
  pacing.failed(startContainers('web', 0), at(0))
  expect(pacing.notBefore(startContainers('web', 1), LATER)).toBeUndefined()
  expect(pacing.notBefore(startContainers('db', 0), LATER)).toBeUndefined()
  expect(pacing.notBefore(updatePod('web', 1), LATER)).toBeUndefined()
})

test('an action that succeeds again and again at once is reported once, and held back from then on', () => {
  const pacing = new Pacing(LIMITS)
  const reports = [0, 1, 2, 3].map((ms) => pacing.succeeded(updatePod('web', ms), at(ms)))
  expect(reports).toEqual([false, false, true, false])
  expect(pacing.notBefore(updatePod('web', 9), LATER)?.toString()).toBe(at(3 + 2_000).toString())
})

test('an action that succeeds now and then is never held back', () => {
  const pacing = new Pacing(LIMITS)
  for (let second = 0; second < 20; second += 2) {
    expect(pacing.succeeded(updatePod('web', second), at(second * 1_000))).toBe(false)
    expect(pacing.notBefore(updatePod('web', second), LATER)).toBeUndefined()
  }
})

test('many others that come and go do not hide one that succeeds again and again', () => {
  const pacing = new Pacing(LIMITS)
  const repeated = (ms: number): boolean => pacing.succeeded(updatePod('web', ms), at(ms))
  expect([repeated(0), repeated(1)]).toEqual([false, false])
  for (let index = 0; index < 1_000; index += 1) pacing.succeeded(updatePod(`pod-${index}`, 2), at(2))
  expect(repeated(3)).toBe(true)
})

test('what failed an hour ago and was not tried again is forgotten, and nothing sooner', () => {
  const HOUR_MS = 3_600_000
  const delayAfter = (ms: number): number | undefined => {
    const pacing = new Pacing(LIMITS)
    for (let time = 0; time < 3; time += 1) pacing.failed(createPod('web'), at(0))
    for (let index = 0; index < 1_000; index += 1) pacing.failed(createPod(`pod-${index}`), at(ms))
    pacing.failed(createPod('web'), at(ms))
    return pacing
      .notBefore(createPod('web'), at(2 * HOUR_MS))
      ?.since(at(ms))
      .total('milliseconds')
  }
  expect(delayAfter(HOUR_MS)).toBe(2_000)
  expect(delayAfter(HOUR_MS + 1)).toBe(250)
})
