import { expect, test } from 'vitest'
import { objectKey } from '../../../../engine/api/names.ts'
import type { Frontend } from '../../../../engine/api/traffic.ts'
import {
  deleteAnsweredCommand,
  deleteFlowsCommand,
  deleteHalfOpenCommand,
  leftOfTcp,
  listFlowsCommand,
  parseFlows,
  staleFlows,
} from '../../../../engine/runtimes/oci/network/conntrack.ts'
import { parseRoutes4, parseRoutes6, routeKey } from '../../../../engine/runtimes/oci/network/kernelRoutes.ts'
import { parseRoutes } from '../../../../engine/runtimes/oci/network/routes.ts'
import { parseListeners } from '../../../../engine/runtimes/oci/network/listeners.ts'
import { natChains, parseTable, removalText } from '../../../../engine/runtimes/oci/network/portmapTraces.ts'
import { refuseTaken, routeBatch } from '../../../../engine/runtimes/oci/network/serviceRoute.ts'
import { tableTexts } from '../../../../engine/runtimes/oci/network/serviceTable.ts'
import { parseClients } from '../../../../engine/runtimes/oci/network/stickyClients.ts'

test('a port is taken by whoever listens at another address than loopback, and by nobody’s connection', () => {
  const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   2: 020200C0:7530 020200C0:D431 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 0 10 -1
`
  expect(parseListeners(tcp)).toEqual([22])
  const udp6 = `  sl  local_address                         remote_address                        st
   9: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000
  10: 00000000000000000000000000000000:7531 00000000000000000000000000000000:0000 07 00000000:00000000
  11: 0000000000000000FFFF00000100007F:7532 00000000000000000000000000000000:0000 07 00000000:00000000
`
  expect(parseListeners(udp6)).toEqual([30_001])
})

test('routes are read as the kernel writes them', () => {
  const four = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
rc-1a2b3c4d	00F2610A	00000000	0001	0	0	0	00FFFFFF	0	0	0
`
  expect(parseRoutes4(four)).toContainEqual({ device: 'rc-1a2b3c4d', range: '10.97.242.0/24' })
  const six =
    'fd000096000000000000000000000000 6c 00000000000000000000000000000000 00 00000000000000000000000000000000 00000400 00000001 00000000 00000001 rc-1a2b3c4d\n'
  expect(parseRoutes6(six)).toEqual([{ device: 'rc-1a2b3c4d', range: 'fd00:96::/108' }])
  expect(routeKey('rc-1a2b3c4d', 'fd00:96::/108')).toBe('rc-1a2b3c4d fd00:96::/108')
})

test('a range that the host has a way into is refused with one that is free', () => {
  const routes = parseRoutes(
    JSON.stringify([
      { dst: 'default', dev: 'eth0' },
      { dst: '10.96.4.0/24', dev: 'vpn0' },
      { dst: '10.97.0.7', dev: 'eth0' },
    ]),
  )
  expect(() => refuseTaken('10.98.0.0/16', routes)).not.toThrow()
  expect(() => refuseTaken('10.96.0.0/16', routes)).toThrow(
    'serviceCIDR 10.96.0.0/16 overlaps with 10.96.4.0/24 on vpn0; 10.98.0.0/16 is free: set it as serviceCIDR in the Cluster',
  )
  const six = parseRoutes(JSON.stringify([{ dst: 'fd00::/8', dev: 'wg0' }]))
  expect(() => refuseTaken('fd00:96::/108', six)).toThrow('overlaps with fd00::/8 on wg0; set another one')
})

test('a bridge that has to be made has a hardware address of its own', () => {
  const paths = { bridge: 'rc-1a2b3c4d', rootId: '1a2b3c4d' }
  expect(routeBatch(paths, ['10.242.0.1/16'], ['10.97.242.0/24']).stdin).toBe(
    [
      'link add name rc-1a2b3c4d address 02:00:1a:2b:3c:4d type bridge',
      'link set dev rc-1a2b3c4d up',
      'address replace 10.242.0.1/16 brd + dev rc-1a2b3c4d',
      'route replace 10.97.242.0/24 dev rc-1a2b3c4d',
      '',
    ].join('\n'),
  )
  expect(routeBatch(paths, [], ['10.97.242.0/24']).stdin).toBe(
    'route replace 10.97.242.0/24 dev rc-1a2b3c4d\n',
  )
})

function dns(endpoints: readonly string[], address?: string): Frontend {
  return {
    service: objectKey('Service', 'default', 'dns'),
    family: 'ip',
    ...(address !== undefined && { address }),
    protocol: 'udp',
    port: address === undefined ? 30_053 : 53,
    endpoints: endpoints.map((one) => ({ address: one, port: 5353, local: true })),
    whenEmpty: 'refuse',
    masquerade: false,
  }
}

const FLOWS = `udp      17 29 src=10.242.0.9 dst=10.97.242.10 sport=1001 dport=53 src=10.242.0.2 dst=10.242.0.9 sport=5353 dport=1001 mark=0 use=1
udp      17 29 src=10.242.0.9 dst=10.97.242.10 sport=1002 dport=53 [UNREPLIED] src=10.242.0.3 dst=10.242.0.9 sport=5353 dport=1002 mark=0 use=1
udp      17 29 src=192.0.2.9 dst=192.0.2.1 sport=1003 dport=30053 [UNREPLIED] src=192.0.2.1 dst=192.0.2.9 sport=30053 dport=1003 mark=0 use=1
udp      17 29 src=10.242.0.9 dst=192.0.2.7 sport=1004 dport=30053 src=192.0.2.7 dst=192.0.2.1 sport=30053 dport=1004 mark=0 use=1
udp      17 29 src=10.242.0.9 dst=10.97.242.11 sport=1005 dport=53 src=10.242.0.2 dst=10.242.0.9 sport=5353 dport=1005 mark=0 use=1
`

test('of udp what goes to an endpoint that has left is ended, and what began before anybody answered; others go on', () => {
  const frontends = new Map([
    ['10.97.242.10 udp 53', dns(['10.242.0.2'], '10.97.242.10')],
    [' udp 30053', dns(['10.242.0.2'])],
  ])
  const gone = new Set(['10.97.242.11 udp 53'])
  const stale = staleFlows(parseFlows(FLOWS), 'udp', {
    now: (key) => frontends.get(key),
    gone,
    ranges: [],
    own: new Set(['192.0.2.1']),
  })
  expect(stale.map(({ sourcePort }) => sourcePort)).toEqual(['1002', '1003', '1005'])
  expect(deleteFlowsCommand('conntrack', 'ip', 'udp', stale.slice(0, 1))).toEqual({
    argv: ['conntrack', '--load-file', '-'],
    stdin: '-D -p udp -s 10.242.0.9 -d 10.97.242.10 --sport 1002 --dport 53\n',
  })
  expect(deleteAnsweredCommand('conntrack', ['10.242.0.2', 'fd00::2']).stdin).toBe(
    '-D -r 10.242.0.2\n-D -f ipv6 -r fd00::2\n',
  )
})

test('of tcp what waits for the answer of an endpoint that has left is ended, and nothing else', () => {
  const web = (endpoints: readonly string[]): Frontend => ({
    ...dns(endpoints, '10.97.242.20'),
    protocol: 'tcp',
    port: 80,
  })
  const before = [web(['10.242.0.2', '10.242.1.2', 'fd00::2']), dns(['10.242.0.3'], '10.97.242.10')]
  const left = leftOfTcp(before, (key) => (key.includes(' tcp ') ? web(['10.242.0.2']) : undefined))
  expect(left).toEqual(['10.242.1.2', 'fd00::2'])
  expect(leftOfTcp(before, () => undefined)).toEqual(['10.242.0.2', '10.242.1.2', 'fd00::2'])
  expect(deleteHalfOpenCommand('conntrack', left).stdin).toBe(
    '-D -p tcp --state SYN_SENT -r 10.242.1.2\n-D -f ipv6 -p tcp --state SYN_SENT -r fd00::2\n',
  )
})

test('of tcp what an engine before had led somewhere, and nobody has answered, is ended; what was answered is not even listed', () => {
  const flows =
    parseFlows(`tcp      6 98 SYN_SENT src=10.242.0.9 dst=10.97.242.20 sport=1001 dport=80 [UNREPLIED] src=10.242.1.2 dst=10.242.0.9 sport=8080 dport=1001 mark=0 use=1
tcp      6 98 SYN_SENT src=10.242.0.9 dst=10.97.242.20 sport=1002 dport=80 [UNREPLIED] src=10.242.0.2 dst=10.242.0.9 sport=8080 dport=1002 mark=0 use=1
tcp      6 98 SYN_SENT src=10.242.0.9 dst=10.97.242.1 sport=1004 dport=53 [UNREPLIED] src=10.97.242.1 dst=10.242.0.9 sport=53 dport=1004 mark=0 use=1
tcp      6 98 SYN_SENT src=10.242.0.9 dst=198.51.100.7 sport=1003 dport=80 [UNREPLIED] src=198.51.100.7 dst=192.0.2.1 sport=80 dport=1003 mark=0 use=1
`)
  const endpoints = [{ address: '10.242.0.2', port: 8080, local: true }]
  const web: Frontend = { ...dns([], '10.97.242.20'), protocol: 'tcp', port: 80, endpoints }
  const now = (key: string) => (key === '10.97.242.20 tcp 80' ? web : undefined)
  const stale = staleFlows(flows, 'tcp', { now, gone: new Set(), ranges: [], own: new Set(['192.0.2.1']) })
  expect(stale.map(({ sourcePort }) => sourcePort)).toEqual(['1001'])
  const nobodys = { now: () => undefined, gone: new Set<string>(), own: new Set<string>() }
  const ofServices = staleFlows(flows, 'tcp', { ...nobodys, ranges: ['10.97.242.0/24,fd97::/112'] })
  expect(ofServices.map(({ sourcePort }) => sourcePort)).toEqual(['1001', '1002'])
  expect(staleFlows(flows, 'tcp', { ...nobodys, ranges: [] })).toEqual([])
  expect(listFlowsCommand('conntrack', 'ip', 'tcp').argv.join(' ')).toBe(
    'conntrack --dump -f ipv4 -p tcp --state SYN_SENT',
  )
  expect(deleteFlowsCommand('conntrack', 'ip6', 'tcp', stale).stdin).toBe(
    '-D -f ipv6 -p tcp --state SYN_SENT -s 10.242.0.9 -d 10.97.242.20 --sport 1001 --dport 80\n',
  )
})

test('where a sticky client stays is read with the time that it has left', () => {
  const listing = {
    nftables: [
      { metainfo: {} },
      {
        map: {
          name: 'sticky',
          elem: [
            [
              {
                elem: {
                  val: { concat: ['10.242.0.9', '10.97.242.10', 'tcp', 80] },
                  timeout: 60,
                  expires: 42,
                },
              },
              { concat: ['10.242.0.2', 8080] },
            ],
          ],
        },
      },
    ],
  }
  expect(parseClients(JSON.stringify(listing))).toEqual([
    {
      client: '10.242.0.9',
      address: '10.97.242.10',
      protocol: 'tcp',
      port: 80,
      endpoint: '10.242.0.2',
      endpointPort: 8080,
      timeoutSeconds: 60,
      leftSeconds: 42,
    },
  ])
})

test('of a listing of all tables only those of the name are looked at', () => {
  const listing = 'table ip a {\n\tchain x {\n\t}\n}\ntable ip b {\n}\ntable ip6 a {\n}\n'
  expect(tableTexts(listing, 'a')).toEqual(['table ip a {\n\tchain x {\n\t}\n}\n', 'table ip6 a {\n}\n'])
})

const NAT = {
  nftables: [
    { table: { family: 'ip', name: 'nat' } },
    { chain: { name: 'CNI-HOSTPORT-DNAT' } },
    { chain: { name: 'PREROUTING' } },
    { chain: { name: 'DOCKER' } },
    {
      rule: {
        chain: 'PREROUTING',
        handle: 4,
        expr: [{ counter: {} }, { jump: { target: 'CNI-HOSTPORT-DNAT' } }],
      },
    },
    { rule: { chain: 'PREROUTING', handle: 5, expr: [{ jump: { target: 'DOCKER' } }] } },
  ],
}

test('chains that portmap left go with what leads to them; those that somebody uses, or that were there before, stay', () => {
  const table = parseTable(JSON.stringify(NAT))
  expect(removalText('ip nat', table, new Set(['ip nat']))).toBe(
    'delete rule ip nat PREROUTING handle 4\nflush chain ip nat CNI-HOSTPORT-DNAT\ndelete chain ip nat CNI-HOSTPORT-DNAT\n',
  )
  expect(removalText('ip nat', table, new Set(['ip nat', 'ip nat CNI-HOSTPORT-DNAT']))).toBe('')
  const used = {
    ...table,
    rules: [...table.rules, { chain: 'CNI-HOSTPORT-DNAT', handle: 9, target: 'CNI-DN-1' }],
  }
  expect(removalText('ip nat', used, new Set())).toBe('')
  const alone = { chains: ['CNI-HOSTPORT-DNAT', 'PREROUTING'], rules: table.rules.slice(0, 1) }
  expect(removalText('ip nat', alone, new Set())).toBe('delete table ip nat\n')
  expect(natChains('table ip nat {\n\tchain A {\n\t}\n}\ntable ip x {\n\tchain B {\n\t}\n}\n')).toEqual([
    'ip nat',
    'ip nat A',
  ])
})
