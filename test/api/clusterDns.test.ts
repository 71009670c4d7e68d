import { expect, test } from 'vitest'
import { reverseName, reverseZones } from '../../engine/api/clusterDns.ts'

test.each([
  ['10.96.0.10', '10.0.96.10.in-addr.arpa'],
  ['2001:db8::1', '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'],
  ['example.org', undefined],
])('the name of %s in the reverse tree', (address, name) => {
  expect(reverseName(address)).toBe(name)
})

test.each([
  ['10.96.0.0/16', ['96.10.in-addr.arpa']],
  ['10.97.3.0/24', ['3.97.10.in-addr.arpa']],
  ['10.97.3.64/26', ['3.97.10.in-addr.arpa']],
  ['10.98.4.0/22', [4, 5, 6, 7].map((part) => `${part}.98.10.in-addr.arpa`)],
  ['10.0.0.0/8', ['10.in-addr.arpa']],
  ['fd00:96::/108', ['0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.0.d.f.ip6.arpa']],
  ['fd00:96::/30', ['4', '5', '6', '7'].map((nibble) => `${nibble}.9.0.0.0.0.d.f.ip6.arpa`)],
  ['nonsense', []],
])('the zones that cover %s', (range, zones) => {
  expect(reverseZones(range)).toEqual(zones)
})
