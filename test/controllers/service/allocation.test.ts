import { expect, test } from 'vitest'
import type { Service } from '../../../engine/api/generated/types.ts'
import { ipRange } from '../../../engine/api/ipRanges.ts'
import { type ObjectKey, objectKey } from '../../../engine/api/names.ts'
import { NODE_PORTS } from '../../../engine/api/serviceRanges.ts'
import {
  allocate,
  type Allocation,
  type Pools,
  portKey,
  type ServiceClaim,
} from '../../../engine/controllers/service/allocation.ts'

const NOTHING = { clusterIPs: [], nodePorts: new Map<string, number>() }

function pools(...ranges: readonly string[]): Pools {
  return { ranges: ranges.flatMap((text) => ipRange(text) ?? []), nodePorts: NODE_PORTS }
}

function claim(
  name: string,
  spec: Partial<Service['spec']> = {},
  before: ServiceClaim['before'] = NOTHING,
): ServiceClaim {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { type: 'ClusterIP', ports: [{ port: 80 }], ...spec },
  }
  return { key: key(name), service, before }
}

function key(name: string): ObjectKey {
  return objectKey('Service', 'default', name)
}

function recorded({ service }: ServiceClaim, given: Allocation | undefined): ServiceClaim['before'] {
  const ports = service.spec.ports ?? []
  return {
    clusterIPs: given?.clusterIPs ?? [],
    nodePorts: new Map(
      [...(given?.nodePorts ?? [])].flatMap(([index, number]) => {
        const port = ports[index]
        return port === undefined ? [] : [[portKey(port), number]]
      }),
    ),
  }
}

test('each Service gets an address of its own in the range, none from the part that is kept for people, the same each time', () => {
  const claims = Array.from({ length: 200 }, (_, index) => claim(`s${index}`))
  const given = allocate(claims, pools('10.96.0.0/24'))
  const addresses = [...given.values()].flatMap(({ clusterIPs }) => clusterIPs)
  expect(new Set(addresses).size).toBe(200)
  const last = addresses.map((address) => Number(address.split('.')[3]))
  expect(Math.min(...last)).toBeGreaterThanOrEqual(16)
  expect(Math.max(...last)).toBeLessThanOrEqual(254)
  expect(allocate(claims, pools('10.96.0.0/24'))).toEqual(given)
})

test('what a Service had stays its own, whichever others come and go', () => {
  const web = claim('web', { type: 'NodePort' })
  const first = allocate([web], pools('10.96.0.0/24')).get(web.key)
  const others = Array.from({ length: 230 }, (_, index) => claim(`a${index}`))
  const again = { ...web, before: recorded(web, first) }
  expect(allocate([...others, again], pools('10.96.0.0/24')).get(web.key)).toEqual(first)
})

test('an address that a manifest names goes to it, also when another one had it by chance', () => {
  const had = claim('had', {}, { clusterIPs: ['10.96.0.77'], nodePorts: new Map() })
  const asks = claim('asks', { clusterIP: '10.96.0.77' })
  const given = allocate([had, asks], pools('10.96.0.0/24'))
  expect(given.get(key('asks'))?.clusterIPs).toEqual(['10.96.0.77'])
  expect(given.get(key('had'))?.clusterIPs).not.toEqual(['10.96.0.77'])
  expect(given.get(key('had'))?.clusterIPs).toHaveLength(1)
})

test.each([
  ['10.97.0.1', 'failed to allocate IP 10.97.0.1: the provided IP is not in the valid range 10.96.0.0/24'],
  [
    '10.96.0.10',
    'failed to allocate IP 10.96.0.10: provided IP is already allocated (the DNS server has it)',
  ],
  [
    '10.96.0.77',
    'failed to allocate IP 10.96.0.77: provided IP is already allocated (Service default/first has it)',
  ],
])('a Service that asks for %s is told why it cannot have it', (clusterIP, message) => {
  const claims = [claim('first', { clusterIP: '10.96.0.77' }), claim('second', { clusterIP })]
  const given = allocate(claims, pools('10.96.0.0/24'))
  expect(given.get(key('second'))).toMatchObject({
    clusterIPs: [],
    nodePorts: new Map(),
    problems: [message],
  })
  expect(given.get(key('first'))?.problems).toEqual([])
})

test('node ports are given by protocol, where the type has any and where nobody else asked for them', () => {
  const ports = [
    { name: 'a', port: 80, nodePort: 30_080 },
    { name: 'b', port: 81 },
    { name: 'c', port: 80, protocol: 'UDP', nodePort: 30_080 },
  ] as const
  const claims = [
    claim('web', { type: 'NodePort', ports }),
    claim('plain', { ports: [{ port: 80 }] }),
    claim('late', { type: 'NodePort', ports: [{ port: 1, nodePort: 30_080 }] }),
    claim('balanced', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }),
  ]
  const given = allocate(claims, pools('10.96.0.0/16'))
  const web = given.get(key('web'))
  expect([web?.nodePorts.get(0), web?.nodePorts.get(2)]).toEqual([30_080, 30_080])
  expect(web?.nodePorts.get(1)).toBeGreaterThanOrEqual(30_000)
  expect(given.get(key('plain'))?.nodePorts.size).toBe(0)
  expect(given.get(key('balanced'))?.nodePorts.size).toBe(0)
  expect(given.get(key('late'))?.problems).toEqual([
    'nodePort 30080: provided port is already allocated (Service default/web has it)',
  ])
})

test('headless Services and those that stand for a name get no address', () => {
  const claims = [claim('headless', { clusterIP: 'None' }), claim('name', { type: 'ExternalName' })]
  for (const { clusterIPs } of allocate(claims, pools('10.96.0.0/24')).values())
    expect(clusterIPs).toEqual([])
})

test('of two families a Service has the first, the ones that it names, or both', () => {
  const families = (spec: Partial<Service['spec']>) =>
    (
      allocate([claim('s', spec)], pools('10.96.0.0/24', 'fd00:96::/112')).get(key('s'))?.clusterIPs ?? []
    ).map((address) => (address.includes(':') ? 'IPv6' : 'IPv4'))
  expect(families({})).toEqual(['IPv4'])
  expect(families({ ipFamilies: ['IPv6'] })).toEqual(['IPv6'])
  expect(families({ ipFamilyPolicy: 'PreferDualStack' })).toEqual(['IPv4', 'IPv6'])
  expect(families({ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] })).toEqual([
    'IPv6',
    'IPv4',
  ])
})

test('a range that is full says so', () => {
  const claims = Array.from({ length: 16 }, (_, index) => claim(`s${index}`))
  const problems = [...allocate(claims, pools('10.96.0.0/27')).values()].flatMap((one) => one.problems)
  expect(problems).toEqual(['failed to allocate a serviceIP: range 10.96.0.0/27 is full'])
})
