import { describe, expect, test } from 'vitest'
import type {
  Affinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
} from '../../engine/api/generated/types.ts'
import { fitting, node, placed, pod, room } from './rooms.ts'

const ZONE = 'topology.kubernetes.io/zone'
const HOST = 'kubernetes.io/hostname'
const NODES = [
  node('a', { labels: { [ZONE]: 'antarctica-east1', disk: 'ssd', cores: '8' } }),
  node('b', { labels: { [ZONE]: 'antarctica-west1', disk: 'hdd', cores: '32' } }),
  node('c', { labels: { [ZONE]: 'antarctica-west1' } }),
]

function requiring(...nodeSelectorTerms: readonly NodeSelectorTerm[]): Affinity {
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } }
}

function where(...matchExpressions: readonly NodeSelectorRequirement[]): NodeSelectorTerm {
  return { matchExpressions }
}

describe('required node affinity', () => {
  test.each<readonly [string, readonly NodeSelectorTerm[], readonly string[]]>([
    ['In', [where({ key: ZONE, operator: 'In', values: ['antarctica-east1', 'antarctica-south1'] })], ['a']],
    [
      'NotIn takes nodes without the label, too',
      [where({ key: 'disk', operator: 'NotIn', values: ['ssd'] })],
      ['b', 'c'],
    ],
    ['Exists', [where({ key: 'disk', operator: 'Exists' })], ['a', 'b']],
    ['DoesNotExist', [where({ key: 'disk', operator: 'DoesNotExist' })], ['c']],
    ['Gt', [where({ key: 'cores', operator: 'Gt', values: ['8'] })], ['b']],
    ['Lt', [where({ key: 'cores', operator: 'Lt', values: ['32'] })], ['a']],
    ['Gt of what is no number', [where({ key: 'disk', operator: 'Gt', values: ['1'] })], []],
    [
      'all conditions of a term must hold',
      [
        where(
          { key: 'disk', operator: 'Exists' },
          { key: ZONE, operator: 'In', values: ['antarctica-west1'] },
        ),
      ],
      ['b'],
    ],
    [
      'one term is enough',
      [
        where({ key: 'disk', operator: 'In', values: ['ssd'] }),
        where({ key: 'disk', operator: 'DoesNotExist' }),
      ],
      ['a', 'c'],
    ],
    ['a field', [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['c'] }] }], ['c']],
    [
      'all fields but one',
      [{ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['c'] }] }],
      ['a', 'b'],
    ],
    ['an empty term holds for none', [{}], []],
  ])('%s', (_, terms, names) => {
    expect(fitting(pod({ affinity: requiring(...terms) }), room(NODES))).toEqual(names)
  })

  test('nodeSelector must hold as well', () => {
    const affinity = requiring(where({ key: 'disk', operator: 'Exists' }))
    expect(fitting(pod({ affinity, nodeSelector: { disk: 'hdd' } }), room(NODES))).toEqual(['b'])
  })

  test('of named nodes the others are counted as not matching', () => {
    const affinity = requiring({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] })
    const rooms = room([NODES[0] ?? node('a'), node('b', { podsMax: 0 }), node('c', { unschedulable: true })])
    expect(placed(pod({ affinity }), rooms)).toBe(
      "0/3 nodes are available: 1 Too many pods, 2 node(s) didn't match Pod's node affinity/selector.",
    )
  })
})

test('of preferred terms the heavier one counts', () => {
  const preference = (weight: number, value: string) => ({
    weight,
    preference: where({ key: 'disk', operator: 'In', values: [value] }),
  })
  const affinity = {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [preference(1, 'ssd'), preference(50, 'hdd')],
    },
  }
  expect(placed(pod({ affinity }), room(NODES))).toBe('b')
})

test('a node with a taint to be avoided is taken last', () => {
  const avoided = node('a', { taints: [{ key: 'old', effect: 'PreferNoSchedule' }], cpuMillis: 64_000 })
  expect(placed(pod(), room([avoided, node('b')]))).toBe('b')
  expect(placed(pod({ tolerations: [{ operator: 'Exists' }] }), room([avoided, node('b')]))).toBe('a')
  expect(placed(pod(), room([avoided, node('b', { podsMax: 0 })]))).toBe('a')
})

function term(app: string, topologyKey: string, more: Partial<PodAffinityTerm> = {}): PodAffinityTerm {
  return { topologyKey, labelSelector: { matchLabels: { app } }, ...more }
}

function near(...terms: readonly PodAffinityTerm[]): Affinity {
  return { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } }
}

function apart(...terms: readonly PodAffinityTerm[]): Affinity {
  return { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } }
}

const labelled = (app: string, more: Parameters<typeof pod>[1] = {}, spec: Parameters<typeof pod>[0] = {}) =>
  pod(spec, { labels: { app }, ...more })

describe('other pods', () => {
  test('a pod that must be near another one goes into its zone', () => {
    const rooms = room(NODES, { b: [labelled('store')] })
    expect(fitting(pod({ affinity: near(term('store', ZONE)) }), rooms)).toEqual(['b', 'c'])
    expect(fitting(pod({ affinity: near(term('store', HOST)) }), rooms)).toEqual(['b'])
    expect(placed(pod({ affinity: near(term('other', ZONE)) }), rooms)).toBe(
      "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.",
    )
  })

  test('one pod must match all terms, not each of them another one', () => {
    const both = near(term('store', ZONE), {
      topologyKey: ZONE,
      labelSelector: { matchLabels: { tier: 'back' } },
    })
    const split = room(NODES, { a: [labelled('store'), pod({}, { labels: { tier: 'back' } })] })
    expect(fitting(pod({ affinity: both }), split)).toEqual([])
    const joined = room(NODES, { a: [pod({}, { labels: { app: 'store', tier: 'back' } })] })
    expect(fitting(pod({ affinity: both }), joined)).toEqual(['a'])
  })

  test('the first of pods that want to be near each other needs no company, but the label', () => {
    const first = labelled('web', {}, { affinity: near(term('web', ZONE)) })
    expect(fitting(first, room([...NODES, node('d')]))).toEqual(['a', 'b', 'c'])
    expect(fitting(labelled('other', {}, { affinity: near(term('web', ZONE)) }), room(NODES))).toEqual([])
  })

  test('a pod stays away from those that it wants to be apart from', () => {
    const rooms = room(NODES, { b: [labelled('store')] })
    expect(fitting(pod({ affinity: apart(term('store', ZONE)) }), rooms)).toEqual(['a'])
    expect(
      placed(
        pod({ affinity: apart({ topologyKey: HOST, labelSelector: {} }) }),
        room([node('a')], { a: [pod()] }),
      ),
    ).toBe("0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.")
  })

  test('a pod stays away from those that want to be apart from it', () => {
    const shy = labelled('shy', {}, { affinity: apart(term('web', ZONE)) })
    const rooms = room(NODES, { b: [shy] })
    expect(fitting(labelled('web'), rooms)).toEqual(['a'])
    expect(placed(labelled('web'), room([node('b', { labels: { [ZONE]: 'x' } })], { b: [shy] }))).toBe(
      "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
    )
    rooms.remove(shy, 1)
    expect(fitting(labelled('web'), rooms)).toEqual(['a', 'b', 'c'])
  })

  // https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#more-practical-use-cases
  test('three caches on three nodes, and a web server beside each', () => {
    const nodes = [node('node-1'), node('node-2'), node('node-3')]
    const rooms = room(nodes)
    const cache = () => labelled('store', {}, { affinity: apart(term('store', HOST)) })
    const web = () =>
      labelled(
        'web-store',
        {},
        { affinity: { ...apart(term('web-store', HOST)), ...near(term('store', HOST)) } },
      )
    const take = (one: ReturnType<typeof pod>): string => {
      const name = placed(one, rooms)
      rooms.add(one, rooms.numberOf(name) ?? -1)
      return name
    }
    expect([take(cache()), take(cache()), take(cache())].toSorted()).toEqual(['node-1', 'node-2', 'node-3'])
    expect([take(web()), take(web()), take(web())].toSorted()).toEqual(['node-1', 'node-2', 'node-3'])
    expect(placed(cache(), rooms)).toContain('anti-affinity rules')
  })

  test('namespaces: its own, those that are named, and those with labels', () => {
    const namespaces = (name: string) => ({ team: name === 'blue' ? 'blue' : 'red' })
    const rooms = room(NODES, { a: [labelled('store', { namespace: 'blue' })] }, namespaces)
    const from = (more: Partial<PodAffinityTerm>): readonly string[] =>
      fitting(pod({ affinity: near(term('store', HOST, more)) }), rooms)
    expect(from({})).toEqual([])
    expect(from({ namespaces: ['blue'] })).toEqual(['a'])
    expect(from({ namespaces: ['green'] })).toEqual([])
    expect(from({ namespaceSelector: { matchLabels: { team: 'blue' } } })).toEqual(['a'])
    expect(from({ namespaceSelector: { matchLabels: { team: 'red' } } })).toEqual([])
    expect(from({ namespaceSelector: {} })).toEqual(['a'])
    expect(from({ namespaces: ['green'], namespaceSelector: { matchLabels: { team: 'blue' } } })).toEqual([
      'a',
    ])
  })

  test('label keys: only pods with its own value, or only with another one', () => {
    const rooms = room(NODES, { a: [pod({}, { labels: { app: 'web', hash: '1' } })] })
    const from = (more: Partial<PodAffinityTerm>, hash: string): readonly string[] =>
      fitting(pod({ affinity: apart(term('web', HOST, more)) }, { labels: { app: 'web', hash } }), rooms)
    expect(from({ matchLabelKeys: ['hash'] }, '1')).toEqual(['b', 'c'])
    expect(from({ matchLabelKeys: ['hash'] }, '2')).toEqual(['a', 'b', 'c'])
    expect(from({ mismatchLabelKeys: ['hash'] }, '1')).toEqual(['a', 'b', 'c'])
    expect(from({ mismatchLabelKeys: ['hash'] }, '2')).toEqual(['b', 'c'])
    expect(from({ matchLabelKeys: ['none'] }, '2')).toEqual(['b', 'c'])
  })

  test('preferences draw near and push away, on both sides', () => {
    const likes = (kind: 'podAffinity' | 'podAntiAffinity', app: string): Affinity => ({
      [kind]: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term(app, ZONE) }],
      },
    })
    const rooms = room(NODES, { a: [labelled('store')], b: [pod()], c: [pod()] })
    expect(placed(pod({ affinity: likes('podAffinity', 'store') }), rooms)).toBe('a')
    expect(placed(pod({ affinity: likes('podAntiAffinity', 'store') }), rooms)).toBe('b')
    const fond = room(NODES, {
      c: [labelled('fan', {}, { affinity: likes('podAffinity', 'star') })],
      a: [pod()],
      b: [pod(), pod()],
    })
    expect(placed(labelled('star'), fond)).toBe('c')
    const averse = room(NODES, {
      a: [labelled('fan', {}, { affinity: likes('podAntiAffinity', 'star') })],
      b: [pod(), pod()],
      c: [pod()],
    })
    expect(placed(labelled('star'), averse)).toBe('c')
  })
})
