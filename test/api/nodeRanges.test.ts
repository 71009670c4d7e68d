import { expect, test } from 'vitest'
import { nodeRange } from '../../engine/api/nodeRanges.ts'

test.each([
  ['10.244.0.0/16', 0, '10.244.0.0/24'],
  ['10.244.0.0/16', 255, '10.244.255.0/24'],
  ['10.244.0.0/16', 256, undefined],
  ['10.244.7.0/26', 0, '10.244.7.0/26'],
  ['10.244.7.0/26', 1, undefined],
  ['10.244.0.0/16,fd00:1::/48', 3, '10.244.3.0/24,fd00:1:0:3::/64'],
])('of %s the node at place %i has %s', (podCIDR, place, range) => {
  expect(nodeRange(podCIDR, place)).toBe(range)
})
