import { execa } from 'execa'
import { expect, test } from 'vitest'
import type { PodNetwork } from '../../../../../engine/api/podNetwork.ts'
import type { Command } from '../../../../../engine/transport/transport.ts'
import { withKept } from '../../../../../engine/runtimes/oci/network/nodes/mark.ts'
import { numbersOf, wireguardPort } from '../../../../../engine/runtimes/oci/network/nodes/entries.ts'
import { wireguardCommands } from '../../../../../engine/runtimes/oci/network/wireguard/difference.ts'
import {
  sealCommand,
  sealIn,
  unsealCommand,
} from '../../../../../engine/runtimes/oci/network/wireguard/seal.ts'
import {
  NOWHERE,
  parsePeers,
  type WireguardStanding,
} from '../../../../../engine/runtimes/oci/network/wireguard/standing.ts'
import { wireguardLinkOf } from '../../../../../engine/runtimes/oci/network/wireguard/wanted.ts'

const PLACE = { wireguard: 'rc-1a2b3c4d-w', wireguardKey: '/root/wireguard.key' }
const PATHS = { rootId: '1a2b3c4d' }
const B = { address: '10.1.0.12', publicKey: 'bbb=' }
const C = { address: 'fd00:9::13', publicKey: 'ccc=' }
const NETWORK: PodNetwork = {
  isWhole: true,
  mtuBytes: 1420,
  podCIDR: '10.244.0.0/24,fd00:244::/64',
  sealed: '10.244.0.0/16,fd00:244::/56',
  peers: [
    { range: '10.244.1.0/24', wireguard: B },
    { range: '10.244.2.0/24', wireguard: C },
    { range: 'fd00:244:0:1::/64', wireguard: B },
  ],
  lacks: [],
}
const PORT = wireguardPort(PATHS.rootId)
const LINK = wireguardLinkOf(NETWORK, PATHS)
if (LINK === undefined) throw new Error('no link')

/** As `ip link add` or wireguard-go make it. */
const NEW: WireguardStanding = {
  port: 40_000,
  mtuBytes: 1420,
  addresses: [],
  isUp: false,
  publicKey: '(none)',
  peers: new Map(),
  routes: [],
}
const WHOLE: WireguardStanding = {
  ...LINK,
  isUp: true,
  publicKey: 'aaa=',
  routes: ['10.244.1.0/24', '10.244.2.0/24', 'fd00:244:0:1::/64', 'fd00:244::/128', 'fe80::/64', 'ff00::/8'],
}

const commands = (there: WireguardStanding, withEndpoints = true) =>
  wireguardCommands(there, LINK, { publicKey: 'aaa=', withEndpoints }, PLACE)

test('a link has a peer for each node, with all ranges of its pods, and a port of its own beside that of the tunnel', () => {
  expect(LINK).toEqual({
    port: PORT,
    mtuBytes: 1420,
    addresses: ['10.244.0.0/32', 'fd00:244::/128'],
    peers: new Map([
      ['bbb=', { endpoint: `10.1.0.12:${PORT}`, ranges: ['10.244.1.0/24', 'fd00:244:0:1::/64'] }],
      ['ccc=', { endpoint: `[fd00:9::13]:${PORT}`, ranges: ['10.244.2.0/24'] }],
    ]),
  })
  expect(PORT).not.toBe(numbersOf(PATHS.rootId).port)
  expect(PORT).toBeGreaterThan(60_999)
  expect(PORT).toBeLessThan(65_000)
  expect(
    wireguardLinkOf({ ...NETWORK, peers: [{ range: '10.244.1.0/24', via: '10.1.0.12' }] }, PATHS),
  ).toBeUndefined()
})

test('a new link is told everything at once, and the key by the name of its file', () => {
  expect(commands(NEW)).toEqual([
    {
      argv: [
        ...['wg', 'set', 'rc-1a2b3c4d-w', 'listen-port', String(PORT), 'private-key', '/root/wireguard.key'],
        ...[
          'peer',
          'bbb=',
          'endpoint',
          `10.1.0.12:${PORT}`,
          'allowed-ips',
          '10.244.1.0/24,fd00:244:0:1::/64',
        ],
        ...['peer', 'ccc=', 'endpoint', `[fd00:9::13]:${PORT}`, 'allowed-ips', '10.244.2.0/24'],
      ],
    },
    {
      argv: ['ip', '-batch', '-'],
      stdin: `address replace 10.244.0.0/32 dev rc-1a2b3c4d-w
address replace fd00:244::/128 dev rc-1a2b3c4d-w nodad
link set dev rc-1a2b3c4d-w up
route replace 10.244.1.0/24 dev rc-1a2b3c4d-w
route replace fd00:244:0:1::/64 dev rc-1a2b3c4d-w
route replace 10.244.2.0/24 dev rc-1a2b3c4d-w
`,
    },
  ])
})

test('where all is as it should be nothing is run, and only what differs is put right', () => {
  expect(commands(WHOLE)).toEqual([])
  const stranger = { endpoint: NOWHERE, ranges: ['10.244.9.0/24'] }
  const changed = { ...WHOLE, peers: new Map([...WHOLE.peers, ['xxx=', stranger] as const]) }
  expect(commands({ ...changed, routes: [...WHOLE.routes, '10.244.9.0/24'] })).toEqual([
    { argv: ['wg', 'set', 'rc-1a2b3c4d-w', 'peer', 'xxx=', 'remove'] },
    { argv: ['ip', '-batch', '-'], stdin: 'route delete 10.244.9.0/24 dev rc-1a2b3c4d-w\n' },
  ])
})

test('a peer that was heard from another of its addresses is left there until the plan changes', () => {
  const roamed = { endpoint: `10.7.0.12:${PORT}`, ranges: ['10.244.1.0/24', 'fd00:244:0:1::/64'] }
  const there = { ...WHOLE, peers: new Map(WHOLE.peers).set('bbb=', roamed) }
  expect(commands(there, false)).toEqual([])
  expect(commands(there)[0]?.argv.slice(3, 7)).toEqual(['peer', 'bbb=', 'endpoint', `10.1.0.12:${PORT}`])
})

test('peers are read as wg tells them', () => {
  const ranges = 'bbb=\tfd00:244:0:1::/64 10.244.1.0/24\nccc=\t(none)\n'
  expect(parsePeers(`bbb=\t10.1.0.12:${PORT}\nccc=\t(none)\n`, ranges)).toEqual(
    new Map([
      ['bbb=', { endpoint: `10.1.0.12:${PORT}`, ranges: ['10.244.1.0/24', 'fd00:244:0:1::/64'] }],
      ['ccc=', { endpoint: NOWHERE, ranges: [] }],
    ]),
  )
})

test('what led to a node that is not known goes on to, unless it is to be encrypted and was not', () => {
  const { sealed: _, ...open } = NETWORK
  const plain: PodNetwork = { ...open, peers: [{ range: '10.244.1.0/24', via: '10.1.0.12' }] }
  const known = { ...NETWORK, isWhole: false, peers: [] }
  expect(withKept(known, plain).peers).toEqual([])
  expect(withKept(known, NETWORK).peers).toEqual(NETWORK.peers)
  expect(withKept({ ...plain, isWhole: false, peers: [] }, NETWORK).peers).toEqual(NETWORK.peers)
})

const SEAL = { nft: 'nft', table: 'reconcile-test', bridge: 'pods', wireguard: 'wg' }

function nft({ stdin }: Command): string {
  return `nft -f - <<'END'\n${String(stdin)}END`
}

test('with the seal nothing goes to pods elsewhere by another way, both families, and senders are told; without it nothing is left', async () => {
  const send = (address: string) =>
    `node -e 'require("dgram").createSocket(process.argv[1].includes(":") ? "udp6" : "udp4").send("x", 9, process.argv[1], (e) => { console.log(e ? e.code : "sent"); process.exit() })' ${address}`
  const script = [
    'ip link set lo up',
    ...['pods', 'wg', 'out'].map((name) => `ip link add ${name} type bridge; ip link set ${name} up`),
    'ip address add 192.0.2.1/24 dev out; ip -6 address add fd00:9::1/64 dev out nodad',
    'ip route add default dev out; ip -6 route add default dev out',
    'ip address add 10.244.1.0/32 dev wg; ip route add 10.244.2.0/24 dev wg',
    nft(sealCommand(SEAL, '10.244.0.0/16,fd00:244::/56')),
    ...['10.244.3.1', 'fd00:244:0:3::1', '10.244.2.1', '192.0.2.7'].map(send),
    'nft list table ip reconcile-test',
    nft(unsealCommand(SEAL, '10.244.0.0/16,fd00:244::/56')),
    send('10.244.3.1'),
    'nft list ruleset',
  ]
  const { stdout } = await execa('unshare', ['--net', '--mount', 'sh', '-ec', script.join('\n')])
  const lines = stdout.split('\n')
  expect(lines.slice(0, 4)).toEqual(['EPERM', 'EPERM', 'sent', 'sent'])
  expect(sealIn(stdout).match(/chain sealed-\w+/g)).toEqual([
    'chain sealed-in',
    'chain sealed-on',
    'chain sealed-out',
  ])
  const rest = lines.slice(lines.indexOf('sent', 4))
  expect(rest).toEqual(['sent', 'table ip reconcile-test {', '}', 'table ip6 reconcile-test {', '}'])
})
