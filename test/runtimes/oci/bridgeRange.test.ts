import { expect, test } from 'vitest'
import { ipRange } from '../../../engine/api/ipRanges.ts'
import { rangeBatch } from '../../../engine/runtimes/oci/network/bridgeRange.ts'

test('a bridge gets its part of the range before it gives the whole one back', () => {
  const range = ipRange('10.244.0.0/22')
  expect(range && rangeBatch('rc-1', range, [16])).toEqual({
    argv: ['ip', '-batch', '-'],
    stdin: 'address replace 10.244.0.1/22 brd + dev rc-1\naddress delete 10.244.0.1/16 dev rc-1\n',
  })
})
