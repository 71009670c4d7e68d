import { expect, test } from 'vitest'
import { ipRange } from '../../engine/api/ipRanges.ts'
import { nodeRange } from '../../engine/api/nodeRanges.ts'

test.each([
  ['10.244.0.0/16', 0, '10.244.0.0/24'],
  ['10.244.0.0/16', 255, '10.244.255.0/24'],
  ['10.244.0.0/16', 256, undefined],
  ['10.244.7.0/26', 0, '10.244.7.0/26'],
  ['10.244.7.0/26', 1, undefined],
  ['fd00:1::/48', 3, 'fd00:1:0:3::/64'],
  ['fd00:1::/63', 2, undefined],
  ['fd00:1::/64', 3, 'fd00:1:0:0:3::/80'],
  ['fd00:1::/112', 255, 'fd00:1::ff00/120'],
  ['fd00:1::/112', 256, undefined],
  ['fd00:1::/126', 0, 'fd00:1::/126'],
  ['fd00:1::/126', 1, undefined],
])('of %s the node at place %i has %s', (podCIDR, place, part) => {
  const range = ipRange(podCIDR)
  expect(range && nodeRange(range, place)).toBe(part)
})
