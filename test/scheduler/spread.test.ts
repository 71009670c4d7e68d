import { expect, test } from 'vitest'
import type { TopologySpreadConstraint } from '../../engine/api/generated/types.ts'
import type { Placeable } from '../../engine/scheduler/pods.ts'
import { fitting, node, placed, pod, room } from './rooms.ts'

const labels = { foo: 'bar' }
const one = (): Placeable => pod({}, { labels })

function spread(more: Partial<TopologySpreadConstraint> = {}): TopologySpreadConstraint {
  return {
    maxSkew: 1,
    topologyKey: 'zone',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: labels },
    ...more,
  }
}

function wanting(...constraints: readonly Partial<TopologySpreadConstraint>[]): Placeable {
  return pod({ topologySpreadConstraints: constraints.map(spread) }, { labels })
}

/** zoneA: node1, node2; zoneB: node3, node4, as in https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
const NODES = ['node1', 'node2', 'node3', 'node4'].map((name, index) =>
  node(name, { labels: { zone: index < 2 ? 'zoneA' : 'zoneB', node: name } }),
)

/** Three pods: on node1, node2 and node3. */
const three = () => room(NODES, { node1: [one()], node2: [one()], node3: [one()] })

test('one constraint: of 2 and 1 the fourth pod goes into the zone with one', () => {
  expect(fitting(wanting({}), three())).toEqual(['node3', 'node4'])
})

test('a larger skew lets it go into either', () => {
  expect(fitting(wanting({ maxSkew: 2 }), three())).toEqual(['node1', 'node2', 'node3', 'node4'])
})

test('two constraints: only node4 is in the right zone and empty', () => {
  expect(fitting(wanting({}, { topologyKey: 'node' }), three())).toEqual(['node4'])
})

// "Conflicting constraints" of the documentation: node1 has two, node2 one, node3 two.
test('two constraints may contradict each other', () => {
  const nodes = NODES.slice(0, 3)
  const rooms = room(nodes, { node1: [one(), one()], node2: [one()], node3: [one(), one()] })
  expect(placed(wanting({}, { topologyKey: 'node' }), rooms)).toBe(
    "0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints.",
  )
  const soft = wanting({}, { topologyKey: 'node', whenUnsatisfiable: 'ScheduleAnyway' })
  expect(placed(soft, rooms)).toBe('node3')
})

test('nodes that the pod cannot go to do not count, unless the policy ignores that', () => {
  const nodes = [...NODES, node('node5', { labels: { zone: 'zoneC', node: 'node5' } })]
  const rooms = room(nodes, { node1: [one()], node2: [one()], node3: [one()] })
  const selective = (more: Partial<TopologySpreadConstraint>): Placeable => ({
    ...wanting(more),
    spec: {
      ...wanting(more).spec,
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['zoneC'] }] },
            ],
          },
        },
      },
    },
  })
  expect(fitting(selective({}), rooms)).toEqual(['node3', 'node4'])
  // zoneC has none: both other zones would be too far ahead of it.
  expect(fitting(selective({ nodeAffinityPolicy: 'Ignore' }), rooms)).toEqual([])
})

test('a tainted node counts, unless the policy honours taints', () => {
  const tainted = node('node5', {
    labels: { zone: 'zoneC', node: 'node5' },
    taints: [{ key: 'x', effect: 'NoSchedule' }],
  })
  const rooms = room([...NODES, tainted], { node1: [one()], node2: [one()], node3: [one()] })
  expect(fitting(wanting({}), rooms)).toEqual([])
  expect(fitting(wanting({ nodeTaintsPolicy: 'Honor' }), rooms)).toEqual(['node3', 'node4'])
})

test('with fewer domains than minDomains the fewest are none', () => {
  const rooms = room(NODES, { node1: [one()], node3: [one()] })
  expect(fitting(wanting({}), rooms)).toHaveLength(4)
  expect(fitting(wanting({ minDomains: 2 }), rooms)).toHaveLength(4)
  expect(fitting(wanting({ minDomains: 3 }), rooms)).toEqual([])
})

test('a node without the label is refused, and is told so', () => {
  expect(placed(wanting({}), room([node('a')]))).toBe(
    "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label).",
  )
})

test('pods that are going, of other namespaces or with other labels do not count', () => {
  const others = [
    pod({}, { labels, deleting: true }),
    pod({}, { labels, namespace: 'other' }),
    pod({}, { labels: { foo: 'baz' } }),
  ]
  const rooms = room(NODES, { node1: [one(), ...others], node2: [], node3: [one()] })
  expect(fitting(wanting({}), rooms)).toHaveLength(4)
})

test('a pod that its own selector does not match brings no skew of its own', () => {
  const stranger = { ...wanting({}), labels: { foo: 'other' } }
  expect(fitting(stranger, three())).toHaveLength(4)
})

test('with a label key only pods of the same revision count', () => {
  const of = (hash: string): Placeable => pod({}, { labels: { ...labels, hash } })
  const rooms = room(NODES, { node1: [of('1')], node2: [of('1')], node3: [of('2')] })
  const wish = (hash: string): Placeable => ({
    ...wanting({ matchLabelKeys: ['hash'] }),
    labels: { ...labels, hash },
  })
  expect(fitting(wish('1'), rooms)).toEqual(['node3', 'node4'])
  expect(fitting(wish('2'), rooms)).toEqual(['node1', 'node2'])
})

test('what may be scheduled anyway goes where the fewest are', () => {
  const rooms = room(NODES, {
    node1: [one(), one()],
    node2: [],
    node3: [one()],
    node4: [pod(), pod(), pod()],
  })
  const soft = { whenUnsatisfiable: 'ScheduleAnyway' } as const
  expect(placed(wanting({ ...soft, topologyKey: 'node' }, soft), rooms)).toBe('node4')
})

test('counts follow every pod that is placed', () => {
  const rooms = room(NODES)
  const names = Array.from({ length: 8 }, () => {
    const next = wanting({}, { topologyKey: 'node' })
    const name = placed(next, rooms)
    rooms.add(next, rooms.numberOf(name) ?? -1)
    return name
  })
  expect(names.toSorted()).toEqual(NODES.flatMap(({ name }) => [name, name]))
})
