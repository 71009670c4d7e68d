import { expect, test } from 'vitest'
import { ipRanges, overlap } from '../../engine/api/ipRanges.ts'
import { addressIn, ownRanges, startOf } from './ranges.ts'

test('whoever asks for addresses of their own has others than whoever asked before', async () => {
  const given = [...(await all()), ...(await all())]
  expect(given).toHaveLength(16)
  for (const [at, one] of given.entries())
    expect(given.filter((other) => overlap(one, other))).toEqual([given[at]])
})

async function all() {
  return ipRanges(
    Object.values(await ownRanges())
      .flat()
      .join(),
  )
}

test('an address of a range has the last part that is asked for', () => {
  expect(addressIn('10.128.0.0/17', 1)).toBe('10.128.0.1')
  expect(addressIn('10.128.128.0/24', 20)).toBe('10.128.128.20')
  expect(addressIn('fd00:128:1::/112', 20)).toBe('fd00:128:1::20')
})

test('an address begins as its range does', () => {
  expect('10.128.0.7').toMatch(startOf('10.128.0.0/17'))
  expect('10.12.80.7').not.toMatch(startOf('10.128.0.0/17'))
})
