import { expect, test } from 'vitest'
import { nodeName } from '../../engine/api/names.ts'
import type { NodeNetwork, PodNetwork } from '../../engine/api/podNetwork.ts'
import { podNetworks } from '../../engine/proxy/podNetwork.ts'

/** `10.1.0.11/24` is the node's own address and the network of its link. */
function at(podCIDR: string, network: string, more: Partial<NodeNetwork> = {}): NodeNetwork {
  const [address = ''] = network.split('/')
  return { podCIDR, address, networks: [network], mtuBytes: 1500, ...more }
}

function networksOf(nodes: Readonly<Record<string, NodeNetwork | undefined>>): Record<string, PodNetwork> {
  const all = Object.entries(nodes).map(([name, network]) => ({ name: nodeName(name), network }))
  return Object.fromEntries(podNetworks(all))
}

const A = at('10.244.0.0/24', '10.1.0.11/24')
const B = at('10.244.1.0/24', '10.1.0.12/24')
const C = at('10.244.2.0/24', '10.2.0.13/24')

test('nodes on one link have plain routes to each other, and no tunnel', () => {
  const { a, b } = networksOf({ a: A, b: B })
  expect(a).toEqual({
    isWhole: true,
    mtuBytes: 1500,
    podCIDR: '10.244.0.0/24',
    peers: [{ range: '10.244.1.0/24', via: '10.1.0.12' }],
    lacks: [],
  })
  expect(b?.peers).toEqual([{ range: '10.244.0.0/24', via: '10.1.0.11' }])
})

test('a node beyond a router has a tunnel to each of the others, and no pod sends what would not fit into it', () => {
  const { a, c } = networksOf({ a: A, b: B, c: C })
  expect(a?.tunnel).toEqual({ address: '10.1.0.11', mac: '02:01:0a:f4:00:00' })
  expect(a?.peers).toEqual([
    { range: '10.244.1.0/24', via: '10.1.0.12' },
    {
      range: '10.244.2.0/24',
      via: '10.244.2.0',
      tunnel: { address: '10.2.0.13', mac: '02:01:0a:f4:02:00' },
    },
  ])
  expect(c?.peers.map(({ tunnel }) => tunnel?.address)).toEqual(['10.1.0.11', '10.1.0.12'])
  expect([a?.mtuBytes, c?.mtuBytes]).toEqual([1450, 1450])
})

test('the smallest packet that any link takes is what all pods send, and IPv6 takes more room around it', () => {
  const narrow = { ...B, mtuBytes: 1400 }
  expect(networksOf({ a: A, b: narrow })['a']?.mtuBytes).toBe(1400)
  expect(networksOf({ a: A, b: narrow, c: C })['a']?.mtuBytes).toBe(1350)
  const [one, two] = [at('10.244.0.0/24', 'fd00:1::11/64'), at('10.244.1.0/24', 'fd00:2::12/64')]
  expect(networksOf({ one, two })['one']?.mtuBytes).toBe(1430)
})

test('pods of IPv6 send packets of 1280 bytes at least, however narrow a link is', () => {
  const narrow = at('10.244.2.0/24,fd00:244:0:2::/64', '10.2.0.13/24', { mtuBytes: 1300 })
  expect(networksOf({ a: A, narrow })['a']?.mtuBytes).toBe(1280)
  expect(networksOf({ a: A, c: { ...C, mtuBytes: 1300 } })['a']?.mtuBytes).toBe(1250)
})

test('what one of two nodes alone takes for a common link is none', () => {
  const wide = at('10.244.0.0/24', '10.1.0.11/16')
  const small = at('10.244.1.0/24', '10.1.7.12/24')
  const { one, two } = networksOf({ one: wide, two: small })
  expect([one, two].map((node) => node?.peers[0]?.tunnel?.address)).toEqual(['10.1.7.12', '10.1.0.11'])
})

test('pods of both families go by the addresses that both nodes have on the link, else by the tunnel', () => {
  const [a, b] = [
    at('10.244.0.0/24,fd00:244::/64', '10.1.0.11/24', { networks: ['10.1.0.11/24', 'fd00:1::11/64'] }),
    at('10.244.1.0/24,fd00:244:0:1::/64', '10.1.0.12/24', { networks: ['10.1.0.12/24', 'fd00:1::12/64'] }),
  ]
  expect(networksOf({ a, b })['a']?.peers).toEqual([
    { range: '10.244.1.0/24', via: '10.1.0.12' },
    { range: 'fd00:244:0:1::/64', via: 'fd00:1::12' },
  ])
  const four = { ...b, networks: ['10.1.0.12/24'] }
  expect(networksOf({ a, four })['a']?.peers[1]).toEqual({
    range: 'fd00:244:0:1::/64',
    via: 'fd00:244:0:1::',
    tunnel: { address: '10.1.0.12', mac: '02:01:0a:f4:01:00' },
  })
})

test('a node that was not asked yet is missing, and all others know that somebody is', () => {
  const networks = networksOf({ a: A, b: B, silent: undefined })
  expect(Object.keys(networks)).toEqual(['a', 'b'])
  expect(networks['a']?.isWhole).toBe(false)
})

test('two that cannot send to each other say so, and reach all others', () => {
  const twin = { ...A, podCIDR: '10.244.3.0/24' }
  const six = at('10.244.4.0/24', 'fd00:1::14/64')
  const { a } = networksOf({ a: A, b: B, six, twin })
  expect(a?.peers.map(({ range }) => range)).toEqual(['10.244.1.0/24'])
  expect(a?.lacks).toEqual([
    'no network leads from node a at 10.1.0.11 to node six at fd00:1::14: one is reached by IPv4, the other one by IPv6',
    'no network leads from node a to node twin: both are at 10.1.0.11 by their own word',
  ])
})

const CLUSTER = '10.244.0.0/16'

function encrypting(node: NodeNetwork, publicKey?: string, lack?: string): NodeNetwork {
  const more = { ...(publicKey !== undefined && { publicKey }), ...(lack !== undefined && { lack }) }
  return { ...node, wireguard: { clusterCIDR: CLUSTER, ...more } }
}

test('nodes that are to encrypt lead to all others by WireGuard, also those on one link', () => {
  const { a, c } = networksOf({
    a: encrypting(A, 'aaa='),
    b: encrypting(B, 'bbb='),
    c: encrypting(C, 'ccc='),
  })
  expect(a).toEqual({
    isWhole: true,
    mtuBytes: 1420,
    podCIDR: '10.244.0.0/24',
    sealed: CLUSTER,
    peers: [
      { range: '10.244.1.0/24', wireguard: { address: '10.1.0.12', publicKey: 'bbb=' } },
      { range: '10.244.2.0/24', wireguard: { address: '10.2.0.13', publicKey: 'ccc=' } },
    ],
    lacks: [],
  })
  expect(c?.peers).toHaveLength(2)
})

test('nothing leads to or from a node that is to encrypt and has no key, and both ends say why', () => {
  const without = encrypting(B, undefined, 'for wg is missing there')
  const { a, b } = networksOf({ a: encrypting(A, 'aaa='), b: without, c: encrypting(C, 'ccc=') })
  expect(a?.peers.map(({ range }) => range)).toEqual(['10.244.2.0/24'])
  expect(a?.lacks).toEqual([
    'no encrypted way leads from node a to node b: node b has no key of WireGuard, for wg is missing there',
  ])
  expect([b?.sealed, b?.peers]).toEqual([CLUSTER, []])
  // One that was not told yet is no exception.
  expect(networksOf({ a: encrypting(A, 'aaa='), b: B })['b']?.peers).toEqual([])
})
