import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jobDelayMs } from '../../../engine/controllers/job/backOff.ts'
import { indexesText, parseIndexes } from '../../../engine/controllers/job/indexes.ts'

test.each([
  [[], ''],
  [[0], '0'],
  [[1, 3, 4, 5, 7], '1,3-5,7'],
  [[0, 1], '0,1'],
  [[2, 3, 9, 10, 11], '2,3,9-11'],
] as const)('indexes %j are written %j', (indexes, text) => {
  expect(indexesText(new Set(indexes))).toBe(text)
  expect([...parseIndexes(text)].toSorted((a, b) => a - b)).toEqual(indexes)
})

test('any indexes are read as they were written', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200)), (indexes) => {
      expect(parseIndexes(indexesText(new Set(indexes)))).toEqual(new Set(indexes.toSorted((a, b) => a - b)))
    }),
  )
})

test('indexes at and above the completions are left out', () => {
  expect([...parseIndexes('1-3,7,9', 3)]).toEqual([1, 2])
})

test.each([
  [0, 0],
  [1, 10],
  [2, 20],
  [3, 40],
  [4, 80],
  [5, 160],
  [6, 320],
  [7, 360],
  [1000, 360],
])('after %i failures in a row a Job waits %i s', (failures, seconds) => {
  expect(jobDelayMs(failures)).toBe(seconds * 1000)
})
