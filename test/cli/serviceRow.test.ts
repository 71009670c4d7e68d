import { expect, test } from 'vitest'
import type { Service } from '../../engine/api/generated/types.ts'
import { objectKey } from '../../engine/api/names.ts'
import { rowOf, KIND_TABLES } from '../../engine/cli/kindTables.ts'

function row(
  spec: Service['spec'],
  more: { endpoints?: readonly string[]; status?: Service['status'] } = {},
) {
  const table = KIND_TABLES.find(({ kind }) => kind === 'Service')
  if (table === undefined) throw new Error('Services have no table')
  const { endpoints = [], status } = more
  const object: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec,
    ...(status !== undefined && { status }),
  }
  const report = {
    key: objectKey('Service', 'default', 'web'),
    health: { kind: 'healthy' },
    status: {},
    object,
    endpoints,
  } as const
  return rowOf(table, {
    report,
    object,
    record: undefined,
    now: Temporal.Instant.from('2026-01-01T00:00:00Z'),
  })
}

test('a Service is shown as kubectl shows it, with what answers for it', () => {
  const ports = [
    { port: 80, nodePort: 30080 },
    { port: 53, protocol: 'UDP' as const },
  ]
  const endpoints = [1, 2, 3, 4, 5].map((number) => `10.244.0.${number}:80`)
  expect(row({ type: 'NodePort', clusterIPs: ['10.96.0.7'], ports }, { endpoints }).slice(0, 7)).toEqual([
    'default',
    'service/web',
    'NodePort',
    '10.96.0.7',
    '<none>',
    '80:30080/TCP,53/UDP',
    '10.244.0.1:80,10.244.0.2:80,10.244.0.3:80 + 2 more',
  ])
})

test('outside addresses are those of the load balancer and the written ones; a name is shown in their place', () => {
  const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }
  expect(row({ type: 'LoadBalancer', externalIPs: ['198.51.100.1'] }, { status })[4]).toBe(
    '192.0.2.1,198.51.100.1',
  )
  expect(row({ type: 'LoadBalancer' })[4]).toBe('<pending>')
  expect(row({ type: 'ExternalName', externalName: 'a.example' }).slice(2, 7)).toEqual([
    'ExternalName',
    '<none>',
    'a.example',
    '<none>',
    '<none>',
  ])
})
