import { expect, test } from 'vitest'
import { RateLimit } from '../../engine/daemon/rateLimit.ts'

test('so many at once, and then so many a second', () => {
  const rate = new RateLimit({ perSecond: 2, burst: 3 })
  const taken = [0, 0, 0, 0, 499, 500, 500, 1_000].map((nowMs) => rate.take('a', nowMs))
  expect(taken).toEqual([true, true, true, false, false, true, false, true])
})

test('one who asks too often takes nothing from others', () => {
  const rate = new RateLimit({ perSecond: 1, burst: 1 })
  expect([rate.take('a', 0), rate.take('a', 0), rate.take('b', 0)]).toEqual([true, false, true])
})

test('a long rest fills no more than the burst', () => {
  const rate = new RateLimit({ perSecond: 10, burst: 2 })
  rate.take('a', 0)
  expect([1, 2, 3].map(() => rate.take('a', 1_000_000))).toEqual([true, true, false])
})

test('of thousands of callers those who asked longest ago are forgotten', () => {
  const rate = new RateLimit({ perSecond: 0, burst: 1 })
  expect(rate.take('first', 0)).toBe(true)
  expect(rate.take('first', 0)).toBe(false)
  for (let index = 0; index < 1024; index += 1) rate.take(`other-${index}`, 0)
  expect(rate.take('first', 0)).toBe(true)
})
