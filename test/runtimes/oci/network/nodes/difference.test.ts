import { expect, test } from 'vitest'
import type { PodNetwork } from '../../../../../engine/api/podNetwork.ts'
import {
  commandsOf,
  differenceOf,
  foreignRoute,
  removalOf,
} from '../../../../../engine/runtimes/oci/network/nodes/difference.ts'
import { entriesOf, numbersOf } from '../../../../../engine/runtimes/oci/network/nodes/entries.ts'
import { withKept } from '../../../../../engine/runtimes/oci/network/nodes/mark.ts'
import { guardCommand, unguardCommand } from '../../../../../engine/runtimes/oci/network/nodes/tunnelGuard.ts'
import { parseTunnel, type Standing } from '../../../../../engine/runtimes/oci/network/nodes/standing.ts'

const NAME = 'rc-1a2b3c4d-v'
const PATHS = { rootId: '1a2b3c4d' }
const PLAIN: PodNetwork = {
  isWhole: true,
  mtuBytes: 1500,
  podCIDR: '10.244.0.0/24',
  peers: [{ range: '10.244.1.0/24', via: '10.1.0.12' }],
  lacks: [],
}
const FAR = {
  range: '10.244.2.0/24',
  via: '10.244.2.0',
  tunnel: { address: '10.2.0.13', mac: '02:01:0a:f4:02:00' },
}
const TUNNELLED: PodNetwork = {
  ...PLAIN,
  mtuBytes: 1450,
  tunnel: { address: '10.1.0.11', mac: '02:01:0a:f4:00:00' },
  peers: [...PLAIN.peers, FAR],
}
const BARE: Standing = {
  routes: [{ device: 'eth0', range: '10.1.0.0/24' }],
  neighbours: [],
  forwardings: [],
}
const RANGES = ['10.244.1.0/24', '10.244.2.0/24']

/** All that is wanted is there. */
function standing(network: PodNetwork): Standing {
  const { link, ...entries } = entriesOf(network, PATHS)
  const routes = entries.routes.map(({ isTunnelled, ...route }) => {
    return { ...route, device: isTunnelled ? NAME : 'eth0' }
  })
  return {
    ...entries,
    routes: [...BARE.routes, ...routes],
    ...(link !== undefined && { link: { ...link, isUp: true } }),
  }
}

const difference = (there: Standing, network: PodNetwork, former: readonly string[] = RANGES) =>
  differenceOf(there, entriesOf(network, PATHS), former, NAME)

const NOTHING = { ip: [], bridge: [] }

test('on a bare node the link is made first, and all that hangs on it', () => {
  const { id, port } = numbersOf(PATHS.rootId)
  expect(commandsOf(difference(BARE, TUNNELLED))).toEqual([
    {
      argv: ['ip', '-batch', '-'],
      stdin: `link add name ${NAME} address 02:01:0a:f4:00:00 mtu 1450 type vxlan id ${id} local 10.1.0.11 dstport ${port} nolearning
address replace 10.244.0.0/32 dev ${NAME}
link set dev ${NAME} up
neighbour replace 10.244.2.0 lladdr 02:01:0a:f4:02:00 dev ${NAME} nud permanent
route replace 10.244.1.0/24 via 10.1.0.12
route replace 10.244.2.0/24 via 10.244.2.0 dev ${NAME} onlink
`,
    },
    {
      argv: ['bridge', '-batch', '-'],
      stdin: `fdb replace 02:01:0a:f4:02:00 dev ${NAME} dst 10.2.0.13\n`,
    },
  ])
  expect(id).toBeLessThan(2 ** 24)
  expect(port).toBeGreaterThan(60_999)
  expect(port).toBeLessThan(65_000)
})

test('where all is as it should be nothing is run', () => {
  expect(commandsOf(difference(standing(TUNNELLED), TUNNELLED))).toEqual([])
  expect(commandsOf(difference(standing(PLAIN), PLAIN, ['10.244.1.0/24']))).toEqual([])
})

test('only what somebody has changed is put right', () => {
  const there = standing(TUNNELLED)
  const without = (device: string) => ({
    ...there,
    routes: there.routes.filter((route) => route.device !== device || route.via === undefined),
  })
  expect(difference(without('eth0'), TUNNELLED)).toEqual({
    ...NOTHING,
    ip: ['route replace 10.244.1.0/24 via 10.1.0.12'],
  })
  expect(difference({ ...there, forwardings: ['02:01:0a:f4:02:00 dst 10.9.9.9'] }, TUNNELLED)).toEqual({
    ip: [],
    bridge: [
      `fdb delete 02:01:0a:f4:02:00 dev ${NAME} dst 10.9.9.9`,
      `fdb replace 02:01:0a:f4:02:00 dev ${NAME} dst 10.2.0.13`,
    ],
  })
  const { link } = there
  if (link === undefined) throw new Error('no link')
  expect(difference({ ...there, link: { ...link, mtuBytes: 9000 } }, TUNNELLED).ip).toEqual([
    `link set dev ${NAME} mtu 1450`,
  ])
  expect(difference({ ...there, link: { ...link, isUp: false } }, TUNNELLED).ip).toEqual([
    `link set dev ${NAME} up`,
    `route replace 10.244.2.0/24 via 10.244.2.0 dev ${NAME} onlink`,
  ])
  const moved = difference({ ...there, link: { ...link, local: '10.1.0.99' } }, TUNNELLED)
  expect(moved.ip[0]).toBe(`link delete dev ${NAME}`)
  expect(moved.bridge).toHaveLength(1)
})

test('a node that has left takes its route with it, and the last one beyond a router the link', () => {
  expect(difference(standing(TUNNELLED), { ...TUNNELLED, peers: [FAR] }).ip).toEqual([
    'route delete 10.244.1.0/24 via 10.1.0.12',
  ])
  expect(difference(standing(TUNNELLED), PLAIN)).toEqual({
    ...NOTHING,
    ip: ['route delete 10.244.2.0/24 via 10.244.2.0', `link delete dev ${NAME}`],
  })
})

test('a removal leaves what others have made', () => {
  const foreign = { device: 'eth0', range: '10.244.9.0/24', via: '10.1.0.1' }
  const there = standing(PLAIN)
  expect(removalOf({ ...there, routes: [...there.routes, foreign] }, ['10.244.1.0/24'], NAME).ip).toEqual([
    'route delete 10.244.1.0/24 via 10.1.0.12',
  ])
})

test('a way that others have into a range is found, and neither our own nor the one to everywhere is one', () => {
  const routes = [
    { device: 'eth0', range: '0.0.0.0/0', via: '10.1.0.1' },
    { device: 'rc-1a2b3c4d', range: '10.244.0.0/24' },
    { device: 'eth0', range: '10.244.1.0/24', via: '10.1.0.12' },
  ]
  const find = (more: Standing['routes'], former = RANGES) =>
    foreignRoute(
      { ...BARE, routes: [...routes, ...more] },
      ['10.244.0.0/24', ...RANGES],
      former,
      PATHS.rootId,
    )
  expect(find([])).toBeUndefined()
  expect(find([], [])).toEqual(routes[2])
  const vpn = { device: 'tun0', range: '10.0.0.0/8' }
  expect(find([vpn])).toEqual(vpn)
})

test('while a node is not known, what led to it goes on to do so', () => {
  const known: PodNetwork = { ...PLAIN, isWhole: false }
  expect(withKept(known, TUNNELLED)).toEqual({ ...TUNNELLED, isWhole: false })
  expect(withKept(known, undefined)).toBe(known)
  expect(withKept(PLAIN, TUNNELLED)).toBe(PLAIN)
})

test('the link is read as ip tells it', () => {
  const told = `[{"ifindex":6,"ifname":"${NAME}","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1450,"address":"02:01:0a:f4:00:00","linkinfo":{"info_kind":"vxlan","info_data":{"id":77,"local":"10.1.0.11","port":61234,"learning":false}},"addr_info":[{"family":"inet","local":"10.244.0.0","prefixlen":32,"scope":"global"},{"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]}]`
  expect(parseTunnel(told)).toEqual({
    mac: '02:01:0a:f4:00:00',
    id: 77,
    port: 61_234,
    local: '10.1.0.11',
    mtuBytes: 1450,
    addresses: ['10.244.0.0/32'],
    isUp: true,
  })
  expect(parseTunnel('')).toBeUndefined()
})

const PLACE = { nft: '/usr/sbin/nft', table: 'reconcile-1a2b3c4d' }

function tunnelled(network: PodNetwork) {
  const { link, ...entries } = entriesOf(network, PATHS)
  if (link === undefined) throw new Error('it has no tunnel')
  return { ...entries, link }
}

test('who is no other node may send nothing into the tunnel', () => {
  const { id, port } = numbersOf(PATHS.rootId)
  const six = { ...FAR, range: 'fd00:2::/64', via: 'fd00:2::' }
  expect(guardCommand(PLACE, tunnelled({ ...TUNNELLED, peers: [FAR, six] }))).toEqual({
    argv: ['/usr/sbin/nft', '-f', '-'],
    stdin: [
      'add table ip reconcile-1a2b3c4d',
      'add chain ip reconcile-1a2b3c4d tunnel { type filter hook input priority -10; policy accept; }',
      'flush chain ip reconcile-1a2b3c4d tunnel',
      `add rule ip reconcile-1a2b3c4d tunnel udp dport ${port} @th,96,24 ${id} ip saddr != { 10.2.0.13 } drop`,
      '',
    ].join('\n'),
  })
  const overSix = { ...TUNNELLED, tunnel: { address: 'fd01::11', mac: '02:01:0a:f4:00:00' }, peers: [] }
  expect(guardCommand(PLACE, tunnelled(overSix)).stdin).toContain(`udp dport ${port} @th,96,24 ${id} drop`)
  expect(unguardCommand(PLACE, tunnelled(overSix).link).stdin).toContain(
    'delete chain ip6 reconcile-1a2b3c4d tunnel',
  )
})
