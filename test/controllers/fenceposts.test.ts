import { expect, test } from 'vitest'
import { desiredObject } from '../simulation/wanted.ts'
import type { Deployment } from '../../engine/api/generated/types.ts'
import { boundsOf, resolveFenceposts } from '../../engine/controllers/fenceposts.ts'

// replicas, maxSurge, maxUnavailable -> pods over, pods under
const TABLE = [
  [10, '25%', '25%', 3, 2],
  [4, '25%', '25%', 1, 1],
  [3, '25%', '25%', 1, 0],
  [1, '25%', '25%', 1, 0],
  [10, '0%', '0%', 0, 1],
  [10, 0, '5%', 0, 1],
  [10, '1%', 0, 1, 0],
  [3, '100%', '100%', 3, 3],
  [100, '7%', '29%', 7, 29],
  [5, 2, 1, 2, 1],
  [5, '10%', 3, 1, 3],
  [0, '25%', '25%', 0, 1],
] as const

test.each(TABLE)(
  '%i pods with a surge of %s and %s unavailable may be %i over and %i under',
  (replicas, surge, unavailable, over, under) => {
    expect(resolveFenceposts(surge, unavailable, replicas)).toEqual({ maxSurge: over, maxUnavailable: under })
  },
)

test('more pods than there are cannot be unavailable', () => {
  expect(boundsOf(deployment({ replicas: 2, unavailable: 5 }))).toEqual({ floor: 0, ceiling: 3 })
})

test('Recreate has no floor and makes no pod too many', () => {
  expect(boundsOf(deployment({ replicas: 3, recreate: true }))).toEqual({
    floor: 0,
    ceiling: 3,
    recreates: true,
  })
})

test('a Deployment of no pods keeps none and makes none', () => {
  expect(boundsOf(deployment({ replicas: 0 }))).toEqual({ floor: 0, ceiling: 0 })
})

interface Options {
  readonly replicas: number
  readonly unavailable?: number
  readonly recreate?: boolean
}

function deployment({ recreate, replicas, unavailable }: Options): Deployment {
  const rollingUpdate = { maxSurge: 1, maxUnavailable: unavailable ?? '25%' }
  const { object } = desiredObject({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      strategy: recreate === true ? { type: 'Recreate' } : { type: 'RollingUpdate', rollingUpdate },
      template: { spec: { containers: [{ name: 'app', image: 'app' }] } },
    },
  })
  if (object.kind !== 'Deployment') throw new Error('not a Deployment')
  return object
}
