import { expect, test } from 'vitest'
import type { DnsRecord } from '../../../engine/api/traffic.ts'
import { linkCommand, serverCommand, updateCommand } from '../../../engine/runtimes/oci/dns/commands.ts'
import {
  addressesIn,
  forwardersOf,
  namedConf,
  zoneHead,
  zonesIn,
} from '../../../engine/runtimes/oci/dns/config.ts'
import { type Lines, linesOf, parseTransfer } from '../../../engine/runtimes/oci/dns/lines.ts'
import { dnsPaths } from '../../../engine/runtimes/oci/dns/paths.ts'
import { updateScript } from '../../../engine/runtimes/oci/dns/updates.ts'

const PATHS = dnsPaths({ cgroup: '/reconcile-1a2b3c4d', rootId: '1a2b3c4d', runDir: '/run/r' })
const ZONES = ['cluster.local', '96.10.in-addr.arpa']

function lines(names: Readonly<Record<string, readonly string[]>>): Lines {
  return new Map(Object.entries(names))
}

function script(before: Lines, wanted: Lines): readonly string[] {
  return updateScript(before, wanted, { address: '10.96.0.10', zones: ZONES }).split('\n').slice(0, -1)
}

test('records are written as zone files have them', () => {
  const ttlSeconds = 5
  const records = new Map<string, readonly DnsRecord[]>([
    [
      'web.shop.svc.cluster.local',
      [
        { type: 'AAAA', ttlSeconds, address: 'fd00::1' },
        { type: 'A', ttlSeconds, address: '10.96.0.20' },
      ],
    ],
    [
      '_http._tcp.web.shop.svc.cluster.local',
      [
        {
          type: 'SRV',
          ttlSeconds,
          priority: 0,
          weight: 100,
          port: 80,
          target: 'web.shop.svc.cluster.local',
        },
      ],
    ],
    ['away.shop.svc.cluster.local', [{ type: 'CNAME', ttlSeconds, target: 'www.example.org' }]],
  ])
  expect(linesOf({ domain: 'cluster.local', servers: [], records })).toEqual(
    lines({
      'web.shop.svc.cluster.local': ['5 A 10.96.0.20', '5 AAAA fd00::1'],
      '_http._tcp.web.shop.svc.cluster.local': ['5 SRV 0 100 80 web.shop.svc.cluster.local.'],
      'away.shop.svc.cluster.local': ['5 CNAME www.example.org.'],
    }),
  )
})

test('what a running server answers is read from a transfer of its zones, without what each zone has at its head', () => {
  const transfer = `cluster.local.		5	IN	SOA	ns.dns.cluster.local. hostmaster.cluster.local. 3 7200 1800 86400 5
cluster.local.		5	IN	NS	ns.dns.cluster.local.
ns.dns.cluster.local.	5	IN	A	10.96.0.10
dns-version.cluster.local. 5	IN	TXT	"1.1.0"
web.shop.svc.cluster.local. 5	IN	AAAA	fd00::1
web.shop.svc.cluster.local. 5	IN	A	10.96.0.20
_http._tcp.web.shop.svc.cluster.local. 5 IN SRV	0 100 80 web.shop.svc.cluster.local.
96.10.in-addr.arpa.	5	IN	SOA	ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5
20.0.96.10.in-addr.arpa. 5	IN	PTR	web.shop.svc.cluster.local.
`
  expect(parseTransfer(transfer, 'cluster.local')).toEqual(
    lines({
      'web.shop.svc.cluster.local': ['5 A 10.96.0.20', '5 AAAA fd00::1'],
      '_http._tcp.web.shop.svc.cluster.local': ['5 SRV 0 100 80 web.shop.svc.cluster.local.'],
      '20.0.96.10.in-addr.arpa': ['5 PTR web.shop.svc.cluster.local.'],
    }),
  )
})

test('a change tells only what changed, zone by zone, and what comes before what goes', () => {
  const before = lines({
    'same.shop.svc.cluster.local': ['5 A 10.96.0.1'],
    'web.shop.svc.cluster.local': ['5 A 10.244.0.2', '5 A 10.244.0.3'],
    '2.0.96.10.in-addr.arpa': ['5 PTR old.shop.svc.cluster.local.'],
  })
  const wanted = lines({
    'same.shop.svc.cluster.local': ['5 A 10.96.0.1'],
    'web.shop.svc.cluster.local': ['5 A 10.244.0.3', '5 A 10.244.0.4'],
  })
  expect(script(before, wanted)).toEqual([
    'server 10.96.0.10',
    'zone cluster.local',
    'update add web.shop.svc.cluster.local. 5 A 10.244.0.4',
    'update delete web.shop.svc.cluster.local. 5 A 10.244.0.2',
    'send',
    'zone 96.10.in-addr.arpa',
    'update delete 2.0.96.10.in-addr.arpa. 5 PTR old.shop.svc.cluster.local.',
    'send',
  ])
})

test('an alias stands alone: what was there goes first', () => {
  const before = lines({ 'a.shop.svc.cluster.local': ['5 A 10.96.0.1'] })
  const wanted = lines({ 'a.shop.svc.cluster.local': ['5 CNAME www.example.org.'] })
  expect(script(before, wanted).slice(2, -1)).toEqual([
    'update delete a.shop.svc.cluster.local. 5 A 10.96.0.1',
    'update add a.shop.svc.cluster.local. 5 CNAME www.example.org.',
  ])
})

test('nothing is sent when nothing changed, or what changed is in none of its zones', () => {
  expect(
    script(lines({ 'a.cluster.local': ['5 A 10.96.0.1'] }), lines({ 'a.cluster.local': ['5 A 10.96.0.1'] })),
  ).toEqual([])
  expect(script(lines({}), lines({ '9.9.9.9.in-addr.arpa': ['5 PTR a.cluster.local.'] }))).toEqual([])
})

test('many changes go in several messages', () => {
  const many = Array.from(
    { length: 450 },
    (_, index) => `5 A 10.244.${Math.floor(index / 250)}.${index % 250}`,
  )
  const sent = script(lines({}), lines({ 'many.shop.svc.cluster.local': many }))
  expect(sent.filter((line) => line === 'send')).toHaveLength(3)
  expect(sent.filter((line) => line.startsWith('update add'))).toHaveLength(450)
})

test('the configuration names where it answers, whom it asks and what it has the last word on, and can be read back', () => {
  const addresses = ['10.96.0.10', 'fd00:96::a']
  const settings = { addresses, forwarders: ['127.0.0.53'], zones: ZONES, clients: ['10.244.0.0/16'] }
  const text = namedConf(settings, PATHS)
  expect(text).toContain('  forwarders { 127.0.0.53; };\n')
  expect(text).toContain('  allow-query { localhost; 10.244.0.0/16; };\n')
  expect(text).toContain('  inet 10.96.0.10 port 953 allow { localhost; } keys { engine; };\n')
  expect(addressesIn(text)).toEqual(addresses)
  expect(zonesIn(text)).toEqual(ZONES)
})

test('a server of one family listens in no other', () => {
  const settings = { addresses: ['10.96.0.10'], forwarders: [], zones: [], clients: [] }
  expect(namedConf(settings, PATHS)).toContain('  listen-on-v6 { none; };\n')
  expect(addressesIn(namedConf(settings, PATHS))).toEqual(['10.96.0.10'])
})

test.each([
  ['nameserver 192.0.2.1\nnameserver 192.0.2.2\n', ['192.0.2.1', '192.0.2.2']],
  ['nameserver 127.0.0.53\noptions edns0\n', ['127.0.0.53']],
  ['nameserver 10.96.0.10\nnameserver 192.0.2.1\n', ['192.0.2.1']],
  ['nameserver 10.96.0.10\n', ['127.0.0.1']],
  ['nameserver nonsense\n', ['127.0.0.1']],
  ['', ['127.0.0.1']],
])('with %j it asks %j', (resolvConf, forwarders) => {
  expect(forwardersOf(resolvConf, ['10.96.0.10'])).toEqual(forwarders)
})

test('the cluster’s own zone tells where its server is, and which schema it follows', () => {
  expect(zoneHead('cluster.local', 'cluster.local', ['10.96.0.10'])).toContain(
    'ns.dns.cluster.local. A 10.96.0.10',
  )
  expect(zoneHead('cluster.local', 'cluster.local', [])).toContain('dns-version.cluster.local. TXT "1.1.0"')
  expect(zoneHead('96.10.in-addr.arpa', 'cluster.local', ['10.96.0.10'])).toHaveLength(3)
})

test('commands are what they are', () => {
  const folder = '/var/cache/bind/reconcile-1a2b3c4d'
  expect(serverCommand(PATHS)).toEqual({
    argv: ['named', '-c', `${folder}/named.conf`, '-u', 'bind', '-n', '2'],
  })
  expect(updateCommand(PATHS, 'send\n')).toEqual({
    argv: ['nsupdate', '-v', '-t', '10', '-k', `${folder}/key`],
    stdin: 'send\n',
  })
  expect(linkCommand(PATHS, ['10.96.0.10', 'fd00:96::a'], false)).toEqual({
    argv: ['ip', '-batch', '-'],
    stdin: [
      'link add name rc-1a2b3c4d-d type bridge',
      'link set dev rc-1a2b3c4d-d up',
      'address replace 10.96.0.10/32 dev rc-1a2b3c4d-d',
      'address replace fd00:96::a/128 dev rc-1a2b3c4d-d nodad noprefixroute',
      '',
    ].join('\n'),
  })
  expect(linkCommand(PATHS, [], true).stdin).toBe('link set dev rc-1a2b3c4d-d up\n')
})
