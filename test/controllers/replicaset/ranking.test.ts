import { expect, test } from 'vitest'
import { nodeName, objectKey, podUid } from '../../../engine/api/names.ts'
import { inDeletionOrder } from '../../../engine/controllers/replicaset/ranking.ts'
import type { PodView } from '../../../engine/controllers/view.ts'

interface Options {
  readonly phase?: 'Pending' | 'Running'
  /** Seconds after midnight; absent: not ready. */
  readonly ready?: number
  readonly created?: number
  readonly restarts?: number
  readonly node?: string
  readonly cost?: string
}

function at(seconds: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString()
}

function pod(name: string, options: Options): PodView {
  const { cost, created = 0, node = name, phase = 'Running', ready, restarts = 0 } = options
  const annotations = cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': cost }
  const metadata = { name, namespace: 'default', uid: name, creationTimestamp: at(created), annotations }
  return {
    uid: podUid(name),
    key: objectKey('Pod', 'default', name),
    label: `default/${name}`,
    node: nodeName(node),
    record: {
      recordVersion: 1,
      generation: 1,
      node: nodeName(node),
      commit: '',
      pod: { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] } },
      conditions: [],
      containers: {},
    },
    status: {
      phase,
      conditions:
        ready === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: at(ready) }],
      containerStatuses: [{ name: 'app', image: '', imageID: '', ready: true, restartCount: restarts }],
    },
    reachable: true,
    busy: undefined,
    deleting: false,
    deletingOnRecord: false,
    evicted: false,
    givenUp: false,
    finished: false,
    ready: ready !== undefined,
    serving: ready !== undefined,
    readyOnRecord: false,
    health: { kind: 'healthy' },
  }
}

/** The first of each pair goes first. */
const PAIRS: readonly (readonly [string, Options, Options])[] = [
  ['pending before running', { phase: 'Pending' }, {}],
  ['not ready before ready', {}, { ready: 10 }],
  ['not yet available before available', { ready: 55, cost: '100' }, { ready: 10, cost: '1' }],
  ['the lower deletion cost', { ready: 10, cost: '-5' }, { ready: 20 }],
  ['the one ready for the shorter time', { ready: 20 }, { ready: 10 }],
  ['more restarts', { ready: 10, restarts: 3 }, { ready: 10, restarts: 1 }],
  ['the younger one', { ready: 10, created: 5 }, { ready: 10, created: 1 }],
]

test.each(PAIRS)('a scale-down takes first: %s', (_, first, second) => {
  const pods = [pod('b', second), pod('a', first)]
  const order = inDeletionOrder(pods, 30, Date.parse(at(60))).map(({ uid }) => uid)
  expect(order).toEqual(['a', 'b'])
  const swapped = inDeletionOrder([pod('a', second), pod('b', first)], 30, Date.parse(at(60)))
  expect(swapped.map(({ uid }) => uid)).toEqual(['b', 'a'])
})

test('a scale-down takes first: from the node that has more of them', () => {
  const pods = [
    pod('a', { ready: 10, node: 'x' }),
    pod('b', { ready: 10, node: 'y' }),
    pod('c', { ready: 9, node: 'y' }),
  ]
  expect(inDeletionOrder(pods, 0, Date.parse(at(60))).map(({ uid }) => uid)).toEqual(['b', 'c', 'a'])
})
