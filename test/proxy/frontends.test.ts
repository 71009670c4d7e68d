import { expect, test } from 'vitest'
import type { Service } from '../../engine/api/generated/types.ts'
import { nodeName } from '../../engine/api/names.ts'
import { frontendsOf, type Slice, type SliceEndpoint } from '../../engine/proxy/frontends.ts'

const NODE = { name: nodeName('here'), loadBalancerAddresses: ['192.0.2.1', '2001:db8::1'] }

function service(spec: Partial<Service['spec']>): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { clusterIP: '10.96.0.10', ports: [{ name: 'http', port: 80 }], ...spec },
  }
}

function slice(...endpoints: readonly SliceEndpoint[]): Slice {
  return { addressType: 'IPv4', ports: [{ name: 'http', protocol: 'TCP', port: 8080 }], endpoints }
}

const HERE = { addresses: ['10.244.0.2'], nodeName: 'here' }
const THERE = { addresses: ['10.244.1.2'], nodeName: 'there' }
const AT_HERE = { address: '10.244.0.2', port: 8080, local: true }
const AT_THERE = { address: '10.244.1.2', port: 8080, local: false }

test('ready endpoints of all nodes answer at the cluster address, under the port of the same name', () => {
  const other: Slice = { addressType: 'IPv4', ports: [{ name: 'metrics', port: 9 }], endpoints: [HERE] }
  const frontends = frontendsOf(service({}), [slice(THERE, HERE), other], NODE)
  expect(frontends).toEqual([
    {
      service: 'Service/shop/web',
      family: 'ip',
      address: '10.96.0.10',
      protocol: 'tcp',
      port: 80,
      endpoints: [AT_HERE, AT_THERE],
      whenEmpty: 'drop',
      masquerade: false,
    },
  ])
})

test('those that are about to end answer only while no other is ready, and only if they serve still', () => {
  const ending = { ...HERE, conditions: { ready: false, serving: true, terminating: true } }
  const dead = { ...THERE, conditions: { ready: false, serving: false, terminating: true } }
  const endpoints = (...all: readonly SliceEndpoint[]) =>
    frontendsOf(service({}), [slice(...all)], NODE)[0]?.endpoints
  expect(endpoints(ending, dead)).toEqual([AT_HERE])
  expect(endpoints(ending, THERE)).toEqual([AT_THERE])
  expect(endpoints({ ...HERE, conditions: { ready: false } })).toEqual([])
})

test('where the policy says Local other nodes are left out, and without a pod here clients wait instead of being refused', () => {
  const local = service({
    type: 'NodePort',
    internalTrafficPolicy: 'Local',
    externalTrafficPolicy: 'Local',
    ports: [{ name: 'http', port: 80, nodePort: 30_080 }],
  })
  const shown = (slices: readonly Slice[]) =>
    frontendsOf(local, slices, NODE).map(({ address = 'node', endpoints, masquerade, whenEmpty }) => ({
      at: address,
      endpoints: endpoints.length,
      masquerade,
      whenEmpty,
    }))
  expect(shown([slice(HERE, THERE)])).toEqual([
    { at: '10.96.0.10', endpoints: 1, masquerade: false, whenEmpty: 'drop' },
    { at: 'node', endpoints: 1, masquerade: false, whenEmpty: 'drop' },
  ])
  expect(shown([slice(THERE)]).map(({ whenEmpty }) => whenEmpty)).toEqual(['drop', 'drop'])
  expect(shown([]).map(({ whenEmpty }) => whenEmpty)).toEqual(['refuse', 'refuse'])
})

test('a load balancer is the node itself, each family for its own, and external addresses answer like it', () => {
  const balanced = service({
    type: 'LoadBalancer',
    externalIPs: ['198.51.100.7'],
    ports: [{ name: 'http', port: 80, nodePort: 30_080 }],
  })
  const shown = frontendsOf(balanced, [slice(HERE)], NODE).map(({ address = 'node', masquerade, port }) => {
    return `${address} ${port}${masquerade ? ' masquerade' : ''}`
  })
  expect(shown).toEqual([
    '10.96.0.10 80',
    '198.51.100.7 80 masquerade',
    '192.0.2.1 80 masquerade',
    'node 30080 masquerade',
  ])
})

test('a client stays for three hours unless the Service says otherwise', () => {
  const sticky = (spec: Partial<Service['spec']>) =>
    frontendsOf(service({ sessionAffinity: 'ClientIP', ...spec }), [slice(HERE)], NODE)[0]?.stickySeconds
  expect(sticky({})).toBe(10_800)
  expect(sticky({ sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } })).toBe(60)
})

test('a headless Service, one that only stands for a name and one without an address yet answer nothing', () => {
  for (const spec of [{ clusterIP: 'None' }, { type: 'ExternalName' as const }, { clusterIP: '' }])
    expect(frontendsOf(service(spec), [slice(HERE)], NODE)).toEqual([])
})
