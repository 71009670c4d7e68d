import { expect, test } from 'vitest'
import type { Endpoint, EndpointSlice, Service } from '../../engine/api/generated/types.ts'
import { objectKey } from '../../engine/api/names.ts'
import type { ResolvedService } from '../../engine/api/services.ts'
import { dnsZone } from '../../engine/proxy/dns.ts'

const PORTS = [{ name: 'http', protocol: 'TCP', port: 8080 }] as const

function resolved(
  name: string,
  spec: Partial<Service['spec']>,
  ...slices: readonly EndpointSlice[]
): ResolvedService {
  const service: Service = { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec }
  return { key: objectKey('Service', 'shop', name), service, slices }
}

function slice(endpoints: readonly Endpoint[], rest: Partial<EndpointSlice> = {}): EndpointSlice {
  const metadata = { name: 'web-abcde', namespace: 'shop' }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType: 'IPv4',
    ports: [...PORTS],
    endpoints,
    ...rest,
  }
}

/** `A 10.96.0.20`, by name. */
function answers(...services: readonly ResolvedService[]): Readonly<Record<string, readonly string[]>> {
  const { records } = dnsZone(services, [])
  return Object.fromEntries(
    [...records].map(([name, all]) => [
      name,
      all.map((record) => {
        switch (record.type) {
          case 'A':
          case 'AAAA':
            return `${record.type} ${record.address}`
          case 'SRV':
            return `SRV ${record.port} ${record.target}`
          case 'CNAME':
          case 'PTR':
            return `${record.type} ${record.target}`
          default:
            return record satisfies never
        }
      }),
    ]),
  )
}

test('a Service has its cluster addresses, its named ports, and names for its addresses', () => {
  const ports = [{ name: 'http', port: 80 }, { name: 'dns', protocol: 'UDP', port: 53 } as const]
  const web = resolved('web', { clusterIP: '10.96.0.20', clusterIPs: ['10.96.0.20', 'fd00:96::20'], ports })
  expect(answers(web)).toEqual({
    'web.shop.svc.cluster.local': ['A 10.96.0.20', 'AAAA fd00:96::20'],
    '_http._tcp.web.shop.svc.cluster.local': ['SRV 80 web.shop.svc.cluster.local'],
    '_dns._udp.web.shop.svc.cluster.local': ['SRV 53 web.shop.svc.cluster.local'],
    '20.0.96.10.in-addr.arpa': ['PTR web.shop.svc.cluster.local'],
    '0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.0.d.f.ip6.arpa': [
      'PTR web.shop.svc.cluster.local',
    ],
  })
})

test('ports without a name have no record', () => {
  const web = resolved('web', { clusterIP: '10.96.0.20', ports: [{ port: 80 }] })
  expect(Object.keys(answers(web))).toEqual(['20.0.96.10.in-addr.arpa', 'web.shop.svc.cluster.local'])
})

test('a Service that was given no address yet has no records', () => {
  expect(answers(resolved('web', { ports: [{ port: 80 }] }))).toEqual({})
})

test('a headless Service has the addresses of its ready endpoints, each under its own name too, with their own ports', () => {
  const endpoints = [
    { addresses: ['10.244.0.2'], hostname: 'Web-0', conditions: { ready: true } },
    { addresses: ['10.244.0.3'] },
    { addresses: ['10.244.0.4'], hostname: 'web-2', conditions: { ready: false } },
  ]
  expect(answers(resolved('web', { clusterIP: 'None' }, slice(endpoints)))).toEqual({
    'web.shop.svc.cluster.local': ['A 10.244.0.2', 'A 10.244.0.3'],
    'web-0.web.shop.svc.cluster.local': ['A 10.244.0.2'],
    '10-244-0-3.web.shop.svc.cluster.local': ['A 10.244.0.3'],
    '_http._tcp.web.shop.svc.cluster.local': [
      'SRV 8080 10-244-0-3.web.shop.svc.cluster.local',
      'SRV 8080 web-0.web.shop.svc.cluster.local',
    ],
    '2.0.244.10.in-addr.arpa': ['PTR web-0.web.shop.svc.cluster.local'],
    '3.0.244.10.in-addr.arpa': ['PTR 10-244-0-3.web.shop.svc.cluster.local'],
  })
})

test('a headless Service without ready endpoints has no names at all', () => {
  const none = resolved(
    'web',
    { clusterIP: 'None' },
    slice([{ addresses: ['10.244.0.2'], conditions: { ready: false } }]),
  )
  expect(answers(none)).toEqual({})
})

test('publishNotReadyAddresses names endpoints that are not ready', () => {
  const endpoints = slice([{ addresses: ['10.244.0.2'], hostname: 'db-0', conditions: { ready: false } }])
  const found = answers(resolved('db', { clusterIP: 'None', publishNotReadyAddresses: true }, endpoints))
  expect(found['db-0.db.shop.svc.cluster.local']).toEqual(['A 10.244.0.2'])
})

test('endpoints of both families are under one name', () => {
  const four = slice([{ addresses: ['10.244.0.2'], hostname: 'db-0' }])
  const six = slice([{ addresses: ['fd00:244::2'], hostname: 'db-0' }], { addressType: 'IPv6' })
  const found = answers(resolved('db', { clusterIP: 'None' }, four, six))
  expect(found['db-0.db.shop.svc.cluster.local']).toEqual(['A 10.244.0.2', 'AAAA fd00:244::2'])
  expect(found['_http._tcp.db.shop.svc.cluster.local']).toEqual(['SRV 8080 db-0.db.shop.svc.cluster.local'])
})

test('an address that two headless Services have leads to both names', () => {
  const same = slice([{ addresses: ['10.244.0.2'], hostname: 'db-0' }])
  const found = answers(
    resolved('b', { clusterIP: 'None' }, same),
    resolved('a', { clusterIP: 'None' }, same),
  )
  expect(found['2.0.244.10.in-addr.arpa']).toEqual([
    'PTR db-0.a.shop.svc.cluster.local',
    'PTR db-0.b.shop.svc.cluster.local',
  ])
})

test.each([
  ['WWW.Example.org.', ['CNAME www.example.org']],
  ['not a name', undefined],
  ['', undefined],
  ['away.shop.svc.cluster.local', undefined],
])('an ExternalName %j is an alias only when it is a name of another', (externalName, expected) => {
  const found = answers(resolved('away', { type: 'ExternalName', externalName }))
  expect(found['away.shop.svc.cluster.local']).toEqual(expected)
})

test('what did not change is the very same', () => {
  const web = resolved('web', { clusterIP: '10.96.0.20' })
  const first = dnsZone([web], []).records.get('web.shop.svc.cluster.local')
  const again = dnsZone([resolved('db', { clusterIP: '10.96.0.21' }), web], [])
  expect(first).toBeDefined()
  expect(again.records.get('web.shop.svc.cluster.local')).toBe(first)
})
