import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  byteCount,
  canonicalQuantity,
  compareQuantities,
  cpuMillis,
  parseQuantity,
} from '../../engine/api/quantity.ts'

const VALUES: readonly (readonly [quantity: string | number, value: number, canonical: string])[] = [
  ['100m', 0.1, '100m'],
  ['0.5', 0.5, '500m'],
  [0.5, 0.5, '500m'],
  ['1', 1, '1'],
  [2, 2, '2'],
  ['.5', 0.5, '500m'],
  ['5.', 5, '5'],
  ['1.10', 1.1, '1100m'],
  ['1000', 1000, '1k'],
  ['1500', 1500, '1500'],
  ['1024Mi', 1_073_741_824, '1Gi'],
  ['0.5Gi', 536_870_912, '512Mi'],
  ['1.5Ki', 1536, '1536'],
  ['0.5Ki', 512, '512'],
  ['64Mi', 67_108_864, '64Mi'],
  ['1e3', 1000, '1e3'],
  ['12E-1', 1.2, '1200e-3'],
  ['1E', 1e18, '1E'],
  ['1n', 1e-9, '1n'],
  ['0.1n', 1e-9, '1n'],
  ['-1', -1, '-1'],
  ['0', 0, '0'],
  ['0Mi', 0, '0'],
  ['100Ei', 9_223_372_036_854_775_807, '9223372036854775807'],
  ['1e999', 9_223_372_036_854_775_807, '9223372036854775807'],
]

test.each(VALUES)('%s is %d, and %s in its canonical form', (quantity, value, canonical) => {
  expect(parseQuantity(quantity)).toBe(value)
  expect(canonicalQuantity(quantity)).toBe(canonical)
})

test.each(['', 'abc', '1MB', '1 Gi', '1mi', '1e', '--1', '1.1.1', '0x10', '1'.repeat(65)])(
  '"%s" is no quantity',
  (text) => {
    expect(parseQuantity(text)).toBeUndefined()
    expect(() => cpuMillis(text)).toThrow('is no quantity')
  },
)

test('cores are rounded up to a thousandth, bytes to a whole one', () => {
  expect(['1', '250m', '0.1', '1.1', '100u', '1.0001'].map(cpuMillis)).toEqual([
    1000, 250, 100, 1100, 1, 1001,
  ])
  expect(['1Ki', '1500m', '1G', '4.35k'].map(byteCount)).toEqual([1024, 2, 1_000_000_000, 4350])
})

test('quantities are compared exactly, whatever their suffix', () => {
  expect(compareQuantities('1', '1000m')).toBe(0)
  expect(compareQuantities('0.3', '300m')).toBe(0)
  expect(compareQuantities('1Gi', '1G')).toBe(1)
  expect(compareQuantities('9007199254740993', '9007199254740992')).toBe(1)
  expect(compareQuantities('-1', '1n')).toBe(-1)
})

const quantity = fc
  .tuple(
    fc.integer({ min: 0, max: 1_000_000 }),
    fc.integer({ min: 0, max: 999 }),
    fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'u', 'n'),
  )
  .map(([whole, fraction, suffix]) => `${whole}.${fraction}${suffix}`)

test('the canonical form has the same value and is its own canonical form, unless it had to be rounded to whole bytes', () => {
  fc.assert(
    fc.property(quantity, (text) => {
      const canonical = canonicalQuantity(text)
      expect(canonicalQuantity(canonical)).toBe(canonical)
      if (!text.endsWith('i')) expect(compareQuantities(canonical, text)).toBe(0)
    }),
    { seed: 42 },
  )
})
