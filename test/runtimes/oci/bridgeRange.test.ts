import { expect, test } from 'vitest'
import { type IpRange, ipRange } from '../../../engine/api/ipRanges.ts'
import { podBatch, rangeBatch } from '../../../engine/runtimes/oci/network/bridgeRange.ts'

function range(text: string): IpRange {
  const found = ipRange(text)
  if (found === undefined) throw new Error(`${text} is no range`)
  return found
}

test('a bridge gets its part of the range before it gives the whole one back', () => {
  expect(rangeBatch('rc-1', range('10.244.0.0/22'), [16])).toEqual({
    argv: ['ip', '-batch', '-'],
    stdin: 'address replace 10.244.0.1/22 brd + dev rc-1\naddress delete 10.244.0.1/16 dev rc-1\n',
  })
})

test('of IPv6 it gives the whole one back first, and pods go by the node to what is not in its part', () => {
  const six = range('fd00:244::/64')
  expect(rangeBatch('rc-1', six, [56]).stdin).toBe(
    'address delete fd00:244::1/56 dev rc-1\naddress replace fd00:244::1/64 nodad dev rc-1\n',
  )
  expect(podBatch('/run/net', six, [56])).toEqual({
    argv: ['nsenter', '--net=/run/net', 'ip', '-batch', '-'],
    stdin: `route replace fd00:244::/64 dev eth0 metric 128
route replace fd00:244::/56 via fd00:244::1 dev eth0 metric 128
`,
  })
})
