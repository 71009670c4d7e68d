import { expect, test } from 'vitest'
import type { PodSpec } from '../../engine/api/generated/types.ts'
import { nodeName } from '../../engine/api/names.ts'
import { addPod, emptyLoad, type NodeState, type Placeable } from '../../engine/scheduler/nodes.ts'
import { placementOf } from '../../engine/scheduler/schedule.ts'

function node(name: string, changes: Partial<NodeState> = {}): NodeState {
  return {
    name: nodeName(name),
    reachable: true,
    unschedulable: false,
    labels: {},
    podsMax: 110,
    load: emptyLoad(),
    ...changes,
  }
}

function pod(spec: Partial<PodSpec> = {}, owner?: string): Placeable {
  return { spec: { containers: [{ name: 'app', image: 'app' }], ...spec }, owner }
}

function withPort(
  port: { hostPort?: number; hostIP?: string; protocol?: 'TCP' | 'UDP' },
  more: Partial<PodSpec> = {},
): Placeable {
  return pod({
    containers: [{ name: 'app', image: 'app', ports: [{ containerPort: 80, ...port }] }],
    ...more,
  })
}

function loaded(name: string, ...pods: readonly Placeable[]): NodeState {
  const state = node(name)
  for (const one of pods) addPod(state.load, one)
  return state
}

function message(placeable: Placeable, ...nodes: readonly NodeState[]): string | undefined {
  const placement = placementOf(placeable, nodes)
  return placement.kind === 'none' ? placement.message : undefined
}

test.each([
  ['is unschedulable', pod(), node('a', { unschedulable: true }), '1 node(s) were unschedulable'],
  ['does not answer', pod(), node('a', { reachable: false }), '1 node(s) did not answer'],
  [
    'is not the one named',
    pod({ nodeName: 'b' }),
    node('a'),
    "1 node(s) didn't match the requested node name",
  ],
  [
    'lacks a label',
    pod({ nodeSelector: { disk: 'ssd' } }),
    node('a', { labels: { disk: 'hdd' } }),
    "1 node(s) didn't match Pod's node affinity/selector",
  ],
  [
    'has the port in use',
    withPort({ hostPort: 80 }),
    loaded('a', withPort({ hostPort: 80 })),
    "1 node(s) didn't have free ports for the requested pod ports",
  ],
  ['is full', pod(), node('a', { podsMax: 0 }), '1 Too many pods'],
])('a node that %s is refused in the words of kube-scheduler', (_, placeable, state, words) => {
  expect(message(placeable, state)).toBe(`0/1 nodes are available: ${words}.`)
})

test('reasons of several nodes are counted', () => {
  const nodes = [node('a', { podsMax: 0 }), node('b', { unschedulable: true }), node('c', { podsMax: 0 })]
  expect(message(pod(), ...nodes)).toBe(
    '0/3 nodes are available: 1 node(s) were unschedulable, 2 Too many pods.',
  )
})

test('with no nodes at all it says so', () => {
  expect(message(pod())).toBe('no nodes available to schedule pods')
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
  expect(message(withPort(one), loaded('a', withPort(other))) === undefined).toBe(fits)
})

test('a port of an init container is not taken, unless it is a sidecar', () => {
  const init = { name: 'init', image: 'app', ports: [{ containerPort: 80, hostPort: 80 }] }
  const ended = loaded('a', pod({ initContainers: [init] }))
  expect(message(withPort({ hostPort: 80 }), ended)).toBeUndefined()
  const sidecar = loaded('a', pod({ initContainers: [{ ...init, restartPolicy: 'Always' }] }))
  expect(message(withPort({ hostPort: 80 }), sidecar)).toContain('free ports')
})

test('in the network of the host a container port is a host port', () => {
  const state = loaded('a', withPort({}, { hostNetwork: true }))
  expect(message(withPort({ hostPort: 80 }), state)).toContain('free ports')
})

test('a pod that names its node goes there though it is unschedulable', () => {
  const placement = placementOf(pod({ nodeName: 'b' }), [node('a'), node('b', { unschedulable: true })])
  expect(placement).toEqual({ kind: 'node', node: 'b' })
})

test('pods of one owner are spread, whatever else runs', () => {
  const nodes = [loaded('a', pod({}, 'web')), loaded('b', pod(), pod(), pod())]
  expect(placementOf(pod({}, 'web'), nodes)).toEqual({ kind: 'node', node: 'b' })
  expect(placementOf(pod(), nodes)).toEqual({ kind: 'node', node: 'a' })
})

test('of equal nodes the first by name is taken', () => {
  expect(placementOf(pod(), [node('a'), node('b')])).toEqual({ kind: 'node', node: 'a' })
})
