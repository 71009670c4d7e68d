import { expect, test } from 'vitest'
import { isNewer, readersMin, writersMin } from '../../engine/api/fleet.ts'

test('whoever reads as many nodes as a new head does finds what was written on as many as a head does', () => {
  for (let nodes = 1; nodes <= 100; nodes += 1) {
    expect(readersMin(nodes) + writersMin(nodes)).toBeGreaterThan(nodes)
    // Two new heads never both have enough.
    expect(2 * readersMin(nodes)).toBeGreaterThan(nodes)
  }
  expect([writersMin(1), writersMin(2), writersMin(3), writersMin(4)]).toEqual([1, 1, 2, 2])
})

test('a later head counts more than any number of writes', () => {
  expect(isNewer({ epoch: 2, writes: 1 }, { epoch: 1, writes: 900 })).toBe(true)
  expect(isNewer({ epoch: 1, writes: 2 }, { epoch: 1, writes: 1 })).toBe(true)
  expect(isNewer({ epoch: 1, writes: 1 }, { epoch: 1, writes: 1 })).toBe(false)
})
