import { expect, test } from 'vitest'
import type { EndpointSlice, Service } from '../../engine/api/generated/types.ts'
import { parseAddresses, parsePort } from '../../engine/cli/forward/ports.ts'
import { parseServiceName, podPorts, serviceTarget } from '../../engine/cli/forward/target.ts'

test.each([
  ['5000', { remote: 5000 }],
  ['8080:5000', { local: 8080, remote: 5000 }],
  [':5000', { local: 0, remote: 5000 }],
  ['8080:http', { local: 8080, remote: 'http' }],
  ['http', { remote: 'http' }],
])('%s is read as kubectl reads it', (text, expected) => {
  expect(parsePort(text)).toEqual({ text, ...expected })
})

test.each(['', '0', '70000', '80:', 'a:80', '0:80', '1:2:3', 'b_d'])('%j is no port', (text) => {
  expect(() => parsePort(text)).toThrow('is no port to forward')
})

test('without an address both of localhost are listened on', () => {
  expect(parseAddresses(undefined)).toEqual([['127.0.0.1', '::1']])
  expect(parseAddresses('10.0.0.1, localhost')).toEqual([['10.0.0.1'], ['127.0.0.1', '::1']])
})

test.each([
  ['service/web', undefined, { namespace: undefined, name: 'web' }],
  ['svc/web', 'shop', { namespace: 'shop', name: 'web' }],
  ['shop/services/web', undefined, { namespace: 'shop', name: 'web' }],
  ['web', undefined, undefined],
  ['deployment/web', undefined, undefined],
])('%s in namespace %s', (asked, namespace, expected) => {
  expect(parseServiceName(asked, namespace)).toEqual(expected)
})

const SERVICE: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { ports: [{ name: 'http', port: 80, targetPort: 'www' }] },
}

function slice(...endpoints: NonNullable<EndpointSlice['endpoints']>): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-a', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints,
  }
}

test("a Service's port leads to the port of a pod that is ready", () => {
  const objects = [
    SERVICE,
    slice(
      { addresses: ['10.1.0.1'], conditions: { ready: false } },
      { addresses: ['10.1.0.2'], nodeName: 'a', conditions: { ready: true } },
    ),
  ]
  const asked = ['80', '9000:http', ':80'].map(parsePort)
  expect(serviceTarget({ namespace: undefined, name: 'web' }, objects, asked)).toEqual({
    address: '10.1.0.2',
    node: 'a',
    label: 'Service shop/web',
    ports: [
      { local: 80, target: 8080 },
      { local: 9000, target: 8080 },
      { local: 0, target: 8080 },
    ],
  })
})

test('what a Service has not is told', () => {
  const ask = (objects: readonly unknown[], port: string, namespace?: string) => () =>
    serviceTarget({ namespace, name: 'web' }, objects, [parsePort(port)])
  const ready = slice({ addresses: ['10.1.0.2'] })
  expect(ask([SERVICE, ready], '81')).toThrow('81: Service shop/web has no TCP port 81')
  expect(ask([SERVICE, ready], '80', 'default')).toThrow('there is no Service web in namespace default')
  expect(ask([SERVICE, slice()], '80')).toThrow('nothing that is ready answers for Service shop/web')
})

test("a pod's port may be asked for by the name that a container gives it", () => {
  const spec = { containers: [{ name: 'main', ports: [{ name: 'www', containerPort: 8080 }] }] }
  expect(podPorts(spec, 'pod a/b', ['www', '1:www', '9'].map(parsePort))).toEqual([
    { local: 8080, target: 8080 },
    { local: 1, target: 8080 },
    { local: 9, target: 9 },
  ])
  expect(() => podPorts(spec, 'pod a/b', [parsePort('x')])).toThrow(
    'x: no container of pod a/b has a TCP port named "x"',
  )
})
