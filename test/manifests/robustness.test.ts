import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { OBJECTS } from './objects.ts'
import { allOf, linesOf, readTexts } from './reading.ts'

/** What people and machines put where something else belongs. */
const wrong = fc.constantFrom<unknown>(
  null,
  0,
  -1,
  1e12,
  1.5,
  true,
  '',
  'x',
  'A b',
  '../x',
  '9',
  [],
  [null],
  ['x'],
  [{}],
  {},
  { x: 1 },
  { name: 5 },
)

function places(value: unknown): readonly (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [[]]
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(value)
  return [[], ...entries.flatMap(([key, member]) => places(member).map((place) => [key, ...place]))]
}

function replaced(value: unknown, [key, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (key === undefined) return by
  if (Array.isArray(value))
    return value.map((item, index) => (index === key ? replaced(item, rest, by) : item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, name === key ? replaced(member, rest, by) : member]),
  )
}

const broken = fc
  .constantFrom(...OBJECTS)
  .chain((object) =>
    fc.tuple(
      fc.constant(object),
      fc.array(fc.tuple(fc.constantFrom(...places(object).slice(1)), wrong), { minLength: 1, maxLength: 4 }),
    ),
  )
  .map(([object, changes]) =>
    changes.reduce<unknown>((changed, [place, by]) => replaced(changed, place, by), object),
  )

test('an object with any of its parts replaced is read or refused, and every diagnostic has a place in the file', () => {
  fc.assert(
    fc.property(broken, (object) => {
      const text = stringify(object)
      const lines = text.split('\n').length
      for (const { column, line } of allOf(readTexts({ 'a.yaml': text }, 'files'))) {
        expect(line).toBeGreaterThan(0)
        expect(line).toBeLessThanOrEqual(lines)
        expect(column).toBeGreaterThan(0)
      }
    }),
    { numRuns: 500, seed: 42 },
  )
})

test('any text is read or refused', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...' \n\t-:?*&!|>[]{},\'"#%a1~<'), maxLength: 60 }),
      (text) => {
        expect(readTexts({ 'a.yaml': text }).kind).toMatch(/^(?:valid|invalid)$/)
      },
    ),
    { numRuns: 1000, seed: 42 },
  )
})

test('an object of every kind is free of errors but for what is not supported', () => {
  const errors = OBJECTS.flatMap((object) => linesOf(stringify(object), 'files')).filter((line) =>
    line.includes(' error: '),
  )
  expect(
    errors.filter((line) => !line.includes('not supported')).map((line) => line.replace(/^\S+ error: /, '')),
  ).toEqual([])
})
