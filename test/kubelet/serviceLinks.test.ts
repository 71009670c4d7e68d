import { expect, test } from 'vitest'
import type { Service } from '../../engine/api/generated/types.ts'
import { objectKey } from '../../engine/api/names.ts'
import { addressedServices } from '../../engine/api/services.ts'
import { serviceLinks } from '../../engine/kubelet/requests/serviceLinks.ts'
import { environmentOf } from '../../engine/kubelet/requests/environment.ts'
import { desiredObject } from '../simulation/wanted.ts'
import { container, context, observed, record } from './world.ts'

const REDIS = {
  name: 'redis-primary',
  address: '10.96.0.11',
  ports: [
    { name: 'sql', port: 6379 },
    { port: 53, protocol: 'UDP' as const },
  ],
}

test('containers are told of the Services beside them, in the words of Kubernetes', () => {
  expect([...serviceLinks({ containers: [] }, [REDIS])]).toEqual([
    ['REDIS_PRIMARY_SERVICE_HOST', '10.96.0.11'],
    ['REDIS_PRIMARY_SERVICE_PORT', '6379'],
    ['REDIS_PRIMARY_SERVICE_PORT_SQL', '6379'],
    ['REDIS_PRIMARY_PORT', 'tcp://10.96.0.11:6379'],
    ['REDIS_PRIMARY_PORT_6379_TCP', 'tcp://10.96.0.11:6379'],
    ['REDIS_PRIMARY_PORT_6379_TCP_PROTO', 'tcp'],
    ['REDIS_PRIMARY_PORT_6379_TCP_PORT', '6379'],
    ['REDIS_PRIMARY_PORT_6379_TCP_ADDR', '10.96.0.11'],
    ['REDIS_PRIMARY_PORT_53_UDP', 'udp://10.96.0.11:53'],
    ['REDIS_PRIMARY_PORT_53_UDP_PROTO', 'udp'],
    ['REDIS_PRIMARY_PORT_53_UDP_PORT', '53'],
    ['REDIS_PRIMARY_PORT_53_UDP_ADDR', '10.96.0.11'],
  ])
  const [, , , [, url] = []] = serviceLinks({ containers: [] }, [{ ...REDIS, address: 'fd00::1' }])
  expect(url).toBe('tcp://[fd00::1]:6379')
})

test('who asks not to be told is not', () => {
  expect([...serviceLinks({ containers: [], enableServiceLinks: false }, [REDIS])]).toEqual([])
})

test('what a container says itself wins, and may be made of what is said of Services', () => {
  const env = [
    { name: 'URL', value: 'http://$(REDIS_PRIMARY_SERVICE_HOST)' },
    { name: 'REDIS_PRIMARY_SERVICE_PORT', value: '1' },
  ]
  const found = environmentOf(container('app', { env }), observed(record()), {
    ...context(0),
    services: [REDIS],
  })
  expect(found).toBeInstanceOf(Map)
  expect(Object.fromEntries(found instanceof Map ? found : [])).toMatchObject({
    URL: 'http://10.96.0.11',
    REDIS_PRIMARY_SERVICE_PORT: '1',
  })
})

test('only Services of the namespace that have an address are known to their neighbours', () => {
  const service = (name: string, namespace: string, spec: Service['spec'] = {}): Service => {
    return {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { ports: [{ port: 80 }], ...spec },
    }
  }
  const all = [
    service('web', 'default'),
    service('db', 'default'),
    service('new', 'default'),
    service('other', 'elsewhere'),
    service('name', 'default', { type: 'ExternalName', externalName: 'a.example' }),
  ].map(desiredObject)
  const given = new Map(
    all
      .filter(({ key }) => !key.endsWith('/new'))
      .map(({ key, object }, index) => {
        const metadata = object.metadata ?? {}
        const spec = { clusterIPs: [`10.96.0.${index + 20}`] }
        const made = { apiVersion: 'v1', kind: 'Service', metadata, spec } as const
        return [key, { recordVersion: 1, generation: 1, key, commit: 'c', object: made }] as const
      }),
  )
  const objects = new Map(all.map((one) => [one.key, one]))
  expect(objects.has(objectKey('Service', 'default', 'new'))).toBe(true)
  expect(
    addressedServices('default', { objects }, given).map(({ address, name }) => [name, address]),
  ).toEqual([
    ['db', '10.96.0.21'],
    ['web', '10.96.0.20'],
  ])
})
