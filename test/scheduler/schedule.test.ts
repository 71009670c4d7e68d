import { expect, test } from 'vitest'
import type { PodSpec } from '../../engine/api/generated/types.ts'
import type { Placeable } from '../../engine/scheduler/pods.ts'
import { enough } from '../../engine/scheduler/schedule.ts'
import { asking, fitting, node, placed, pod, room } from './rooms.ts'

function withPort(
  port: { hostPort?: number; hostIP?: string; protocol?: 'TCP' | 'UDP' },
  more: Partial<PodSpec> = {},
): Placeable {
  return pod({
    containers: [{ name: 'app', image: 'app', ports: [{ containerPort: 80, ...port }] }],
    ...more,
  })
}

const TAINT = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' } as const

test.each([
  ['is unschedulable', pod(), node('a', { unschedulable: true }), [], 'node(s) were unschedulable'],
  ['does not answer', pod(), node('a', { reachable: false }), [], 'node(s) did not answer'],
  [
    'is not the one named',
    pod({ nodeName: 'b' }),
    node('a'),
    [],
    "node(s) didn't match the requested node name",
  ],
  [
    'lacks a label',
    pod({ nodeSelector: { disk: 'ssd' } }),
    node('a', { labels: { disk: 'hdd' } }),
    [],
    "node(s) didn't match Pod's node affinity/selector",
  ],
  [
    'has a taint',
    pod(),
    node('a', { taints: [TAINT] }),
    [],
    'node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }',
  ],
  [
    'has the port in use',
    withPort({ hostPort: 80 }),
    node('a'),
    [withPort({ hostPort: 80 })],
    "node(s) didn't have free ports for the requested pod ports",
  ],
  ['is full', pod(), node('a', { podsMax: 0 }), [], 'Too many pods'],
  ['lacks cpu', asking({ cpu: '3' }), node('a'), [asking({ cpu: '1100m' })], 'Insufficient cpu'],
  ['lacks memory', asking({ memory: '7Gi' }), node('a'), [asking({ memory: '2Gi' })], 'Insufficient memory'],
  [
    'lacks storage',
    asking({ 'ephemeral-storage': '2Gi' }),
    node('a', { ephemeralStorageBytes: 2 ** 30 }),
    [],
    'Insufficient ephemeral-storage',
  ],
  ['lacks a device', asking({ 'example.com/gpu': '1' }), node('a'), [], 'Insufficient example.com/gpu'],
])('a node that %s is refused in the words of kube-scheduler', (_, one, facts, bound, words) => {
  expect(placed(one, room([facts], { a: bound }))).toBe(`0/1 nodes are available: 1 ${words}.`)
})

test('reasons of several nodes are counted, and a node has all of its lacks', () => {
  const nodes = [
    node('a', { cpuMillis: 500, memoryBytes: 1 }),
    node('b', { unschedulable: true }),
    node('c', { cpuMillis: 500 }),
  ]
  expect(placed(asking({ cpu: '1', memory: '1Gi' }), room(nodes))).toBe(
    '0/3 nodes are available: 1 Insufficient memory, 1 node(s) were unschedulable, 2 Insufficient cpu.',
  )
})

test('with no nodes at all it says so', () => {
  expect(placed(pod(), room([]))).toBe('no nodes available to schedule pods')
})

test.each([
  [
    'the same port of two addresses',
    { hostPort: 80, hostIP: '10.0.0.1' },
    { hostPort: 80, hostIP: '10.0.0.2' },
    true,
  ],
  ['one port for TCP and for UDP', { hostPort: 53 }, { hostPort: 53, protocol: 'UDP' as const }, true],
  ['a port of all addresses and of one', { hostPort: 80 }, { hostPort: 80, hostIP: '10.0.0.2' }, false],
  [
    'a port of 0.0.0.0 and of one',
    { hostPort: 80, hostIP: '0.0.0.0' },
    { hostPort: 80, hostIP: '10.0.0.2' },
    false,
  ],
])('%s: side by side is %s', (_, one, other, fits) => {
  expect(fitting(withPort(one), room([node('a')], { a: [withPort(other)] }))).toEqual(fits ? ['a'] : [])
})

test('a port of an init container is not taken, unless it is a sidecar', () => {
  const init = { name: 'init', image: 'app', ports: [{ containerPort: 80, hostPort: 80 }] }
  const ended = room([node('a')], { a: [pod({ initContainers: [init] })] })
  expect(fitting(withPort({ hostPort: 80 }), ended)).toEqual(['a'])
  const sidecar = pod({ initContainers: [{ ...init, restartPolicy: 'Always' }] })
  expect(fitting(withPort({ hostPort: 80 }), room([node('a')], { a: [sidecar] }))).toEqual([])
})

test('a port is free again once its pod has gone', () => {
  const one = withPort({ hostPort: 80 })
  const rooms = room([node('a')], { a: [one] })
  rooms.remove(one, 0)
  expect(fitting(withPort({ hostPort: 80 }), rooms)).toEqual(['a'])
})

test('in the network of the host a container port is a host port', () => {
  const rooms = room([node('a')], { a: [withPort({}, { hostNetwork: true })] })
  expect(placed(withPort({ hostPort: 80 }), rooms)).toContain('free ports')
})

test('a pod that names its node goes there though it is unschedulable and tainted, but not past NoExecute or what it lacks', () => {
  const one = pod({ nodeName: 'b' })
  expect(placed(one, room([node('a'), node('b', { unschedulable: true, taints: [TAINT] })]))).toBe('b')
  const driven = node('b', { taints: [{ ...TAINT, effect: 'NoExecute' }] })
  expect(placed(one, room([node('a'), driven]))).toContain('untolerated taint')
  expect(placed(asking({ cpu: '5' }, {}, { nodeName: 'b' }), room([node('b')]))).toContain('Insufficient cpu')
})

test('pods of one owner are spread, whatever else runs', () => {
  const rooms = room([node('a'), node('b')], { a: [pod({}, { owner: 'web' })], b: [pod(), pod(), pod()] })
  expect(placed(pod({}, { owner: 'web' }), rooms)).toBe('b')
  expect(placed(pod(), rooms)).toBe('a')
})

test('pods of one owner are spread over zones before nodes', () => {
  const zone = (name: string): { labels: Record<string, string> } => ({
    labels: { 'topology.kubernetes.io/zone': name },
  })
  const nodes = [node('a', zone('x')), node('b', zone('x')), node('c', zone('y'))]
  const rooms = room(nodes, { a: [pod({}, { owner: 'web' })], c: [pod(), pod()] })
  expect(placed(pod({}, { owner: 'web' }), rooms)).toBe('c')
})

test('of equal nodes the first by name is taken', () => {
  expect(placed(pod(), room([node('a'), node('b')]))).toBe('a')
})

test('the node with the most left is taken, and cpu and memory are kept in balance', () => {
  expect(placed(pod(), room([node('a'), node('b', { cpuMillis: 16_000 })]))).toBe('b')
  // On a memory is short and on b cpu: what asks for memory goes where cpu is short.
  const rooms = room([node('a'), node('b')], {
    a: [asking({ cpu: '500m', memory: '5Gi' })],
    b: [asking({ cpu: '2500m', memory: '1Gi' })],
  })
  expect(placed(asking({ cpu: '100m', memory: '2Gi' }), rooms)).toBe('b')
})

test.each([
  [1, 1],
  [100, 100],
  // 50 - 500/125 = 46 %.
  [500, 230],
  // 50 - 5000/125 = 10 %.
  [5000, 500],
  [20_000, 1000],
])('of %i nodes %i that will do are compared', (nodes, most) => {
  expect(enough(nodes)).toBe(most)
})

test('of many nodes the only one that will do is found', () => {
  const nodes = Array.from({ length: 1000 }, (_, index) =>
    node(`n${String(index).padStart(4, '0')}`, index === 777 ? { labels: { disk: 'ssd' } } : {}),
  )
  expect(placed(pod({ nodeSelector: { disk: 'ssd' } }), room(nodes))).toBe('n0777')
})

test('the same pod in the same room goes to the same node', () => {
  const nodes = Array.from({ length: 300 }, (_, index) => node(`n${index}`))
  const one = pod()
  expect(new Set(Array.from({ length: 5 }, () => placed(one, room(nodes)))).size).toBe(1)
})
