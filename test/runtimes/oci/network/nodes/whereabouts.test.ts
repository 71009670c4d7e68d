import { expect, test } from 'vitest'
import { parseLinks } from '../../../../../engine/runtimes/oci/network/nodes/whereabouts.ts'
import { arrivalIn } from '../../../../../engine/transport/ssh/arrival.ts'

test('where a connection came in stands in what sshd tells', () => {
  expect(arrivalIn('HOME=/root\0SSH_CONNECTION=198.51.100.7 50344 192.0.2.11 22\0')).toBe('192.0.2.11')
  expect(arrivalIn('SSH_CONNECTION=fe80::7%eth0 50344 fe80::11%eth0 22\0')).toBe('fe80::11')
  expect(arrivalIn('SSH_CONNECTION=UNKNOWN 65535 UNKNOWN 65535\0')).toBeUndefined()
  expect(arrivalIn('HOME=/root\0')).toBeUndefined()
})

test('the networks of a link are those in which others are, and an end of a line between two machines is in none; addresses that do not stay do not count', () => {
  const link = (mtu: number, ...all: readonly object[]) => ({ ifname: 'x', mtu, addr_info: all })
  const told = [
    link(
      1500,
      { local: '192.0.2.11', prefixlen: 24, scope: 'global' },
      { local: 'fd00::11', prefixlen: 64, scope: 'global' },
      { local: 'fd00::5eed', prefixlen: 64, scope: 'global', temporary: true, dynamic: true },
      { local: 'fd00:9::11', prefixlen: 64, scope: 'global', deprecated: true },
      { local: 'fe80::11', prefixlen: 64, scope: 'link' },
    ),
    link(1420, { local: '10.8.0.2', address: '10.8.0.1', prefixlen: 24, scope: 'global' }),
  ]
  expect(parseLinks(JSON.stringify(told))).toEqual([
    { mtuBytes: 1500, networks: ['192.0.2.11/24', 'fd00::11/64'] },
    { mtuBytes: 1420, networks: ['10.8.0.2/32'] },
  ])
})
