import { expect, test } from 'vitest'
import { nodeName } from '../../engine/api/names.ts'
import type { NodeNetwork } from '../../engine/api/podNetwork.ts'
import type { Observed, ObservedNode } from '../../engine/api/snapshot.ts'
import { NO_TRAFFIC } from '../../engine/api/traffic.ts'
import { withPodNetwork } from '../../engine/planner/podNetwork.ts'
import { nodeInfo } from './nodeInfo.ts'

/** Undefined: it has not been asked yet; null: it is no part of a network. */
function observed(networks: Readonly<Record<string, NodeNetwork | null | undefined>>): Observed {
  const nodes = Object.entries(networks).map(([text, network]): ObservedNode => {
    const name = nodeName(text)
    const info = { ...nodeInfo(name), ...(network && { network }) }
    return {
      name,
      reachable: network !== undefined,
      since: '2026-01-01T00:00:00Z',
      pods: new Map(),
      ...(network !== undefined && { info }),
    }
  })
  return { nodes: new Map(nodes.map((node) => [node.name, node])) }
}

function at(podCIDR: string, address: string): NodeNetwork {
  return { podCIDR, address, networks: [`${address}/24`], mtuBytes: 1500 }
}

const NOTHING = { decisions: [], reports: new Map(), services: [] }
const [A, B] = [at('10.244.0.0/24', '10.1.0.11'), at('10.244.1.0/24', '10.1.0.12')]
const [ONE, TWO, THREE] = [nodeName('one'), nodeName('two'), nodeName('three')]

test('nodes lead to each other without any Service, and each plan of the same says the very same', () => {
  const first = withPodNetwork(NOTHING, observed({ one: A, two: B })).traffic
  expect(first?.get(ONE)).toEqual({
    ...NO_TRAFFIC,
    network: {
      isWhole: true,
      mtuBytes: 1500,
      podCIDR: '10.244.0.0/24',
      peers: [{ range: '10.244.1.0/24', via: '10.1.0.12' }],
      lacks: [],
    },
  })
  const again = withPodNetwork(NOTHING, observed({ one: A, two: B })).traffic
  expect(again?.get(ONE)).toBe(first?.get(ONE))
  const moved = withPodNetwork(NOTHING, observed({ one: A, two: { ...B, address: '10.1.0.99' } })).traffic
  expect(moved?.get(ONE)).not.toEqual(first?.get(ONE))
})

test('nobody is told to forget what leads to a node that was not asked yet, nor is that node', () => {
  const { traffic } = withPodNetwork(NOTHING, observed({ one: A, two: undefined }))
  expect(traffic?.get(ONE)?.network).toMatchObject({ isWhole: false, peers: [] })
  expect(traffic?.get(TWO)?.network).toBe('unknown')
  const nobody = withPodNetwork(NOTHING, observed({ one: undefined, two: undefined })).traffic
  expect(nobody?.get(ONE)?.network).toBe('unknown')
})

test('one node, and nodes that are part of no network, are led nowhere', () => {
  expect(withPodNetwork(NOTHING, observed({ one: A }))).toBe(NOTHING)
  expect(withPodNetwork(NOTHING, observed({ one: null, two: null }))).toBe(NOTHING)
})

test('a node that is apart has no part in it, and the others lead to each other as without it', () => {
  const both = withPodNetwork(NOTHING, observed({ one: A, two: B })).traffic
  const { nodes } = observed({ one: A, three: null, two: B })
  const three = nodes.get(THREE)
  if (three?.info === undefined) throw new Error('no third node')
  const apart = { ...three, info: { ...three.info, isApart: true as const } }
  const plan = withPodNetwork(NOTHING, { nodes: new Map([...nodes, [THREE, apart]]) })
  expect(plan.traffic).toEqual(both)
})
