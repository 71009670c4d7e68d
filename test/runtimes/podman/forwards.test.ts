import { expect, test } from 'vitest'
import { objectKey } from '../../../engine/api/names.ts'
import { type Frontend, NO_TRAFFIC } from '../../../engine/api/traffic.ts'
import { inside } from '../../../engine/runtimes/podman/forwards.ts'

function at(address: string | undefined, port: number): Frontend {
  return {
    service: objectKey('Service', 'default', 'web'),
    family: 'ip',
    ...(address !== undefined && { address }),
    protocol: 'tcp',
    port,
    endpoints: [],
    whenEmpty: 'refuse',
    masquerade: false,
  }
}

test('what comes to the address of the machine comes to that of the account’s network, and nothing else does', () => {
  const frontends = [at('10.96.0.1', 80), at('192.0.2.11', 443), at(undefined, 30_080)]
  const traffic = { ...NO_TRAFFIC, frontends }
  const within = inside(traffic, '192.0.2.11')
  expect(within.frontends.map(({ address }) => address)).toEqual(['10.96.0.1', '10.0.2.100', undefined])
  expect(inside(traffic, '192.0.2.11')).toBe(within)
  // The next connection has arrived at another one.
  expect(inside(traffic, '192.0.2.12')).toBe(traffic)
})

test('traffic without the machine’s address is left as it is', () => {
  const traffic = { ...NO_TRAFFIC, frontends: [at('10.96.0.1', 80)] }
  expect(inside(traffic, '192.0.2.11')).toBe(traffic)
})
