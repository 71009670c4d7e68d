import { expect, test } from 'vitest'
import {
  canonicalIp,
  ipRange,
  type IpRange,
  overlap,
  placeInRange,
  rangeText,
} from '../../engine/api/ipRanges.ts'

function range(text: string): IpRange {
  const found = ipRange(text)
  if (found === undefined) throw new Error(`${text} is no range`)
  return found
}

test.each([
  ['10.244.3.7/16', '10.244.0.0/16'],
  ['192.0.2.7/32', '192.0.2.7/32'],
  ['FD00:96:0::7/108', 'fd00:96::/108'],
])('%s is the range %s', (text, written) => {
  expect(rangeText(range(text))).toBe(written)
})

test.each([
  '10.0.0.0/33',
  '10.0.0/8',
  '10/8',
  '300.0.0.0/8',
  '010.0.0.0/8',
  '10.0.0.0/08',
  '10.0.0.0',
  'x',
  'fd00::/129',
])('%s is no range', (text) => {
  expect(ipRange(text)).toBeUndefined()
})

test.each([
  ['10.244.0.0/16', '10.244.9.0/24', true],
  ['10.244.0.0/16', '10.245.0.0/16', false],
  ['0.0.0.0/0', '10.245.0.0/16', true],
  ['fd00::/8', 'fd00:96::/108', true],
  ['fd00:95::/108', 'fd00:96::/108', false],
  ['::/0', '10.0.0.0/8', false],
])('whether %s and %s have an address in common: %s', (one, other, expected) => {
  expect(overlap(range(one), range(other))).toBe(expected)
  expect(overlap(range(other), range(one))).toBe(expected)
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['FD00:0:0::7', 'fd00::7'],
  ['10', undefined],
  ['0x0a.1.2.3', undefined],
  ['010.1.2.3', undefined],
  ['10.1.2', undefined],
  ['fe80::1%eth0', undefined],
  ['fd00::7::1', undefined],
  ['', undefined],
])('the address %j is written %j', (text, written) => {
  expect(canonicalIp(text)).toBe(written)
})

test('an address has its place in the range that it is in', () => {
  expect(placeInRange(range('10.96.0.0/16'), '10.96.1.2')).toBe(258)
  expect(placeInRange(range('10.96.0.0/16'), '10.97.0.0')).toBeUndefined()
  expect(placeInRange(range('fd00:96::/108'), 'fd00:96::a')).toBe(10)
  expect(placeInRange(range('fd00:96::/108'), '10.96.0.10')).toBeUndefined()
})
