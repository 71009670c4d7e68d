import { expect, test } from 'vitest'
import type { Node } from '../../engine/api/generated/types.ts'
import { nodeName } from '../../engine/api/names.ts'
import { nodeKey } from '../../engine/api/nodeRecords.ts'
import { nodeObjects } from '../../engine/planner/nodeObjects.ts'
import { verdict } from '../../engine/reconciler/outcome.ts'
import { barePod, Scene } from './scene.ts'

/** The model's nodes have 4 cpus and 4 GiB. */
function node(name: string, systemReserved?: NonNullable<Node['spec']>['systemReserved']): Node {
  const spec = systemReserved === undefined ? {} : { systemReserved }
  return { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name }, spec }
}

function asking(cpu: string, tag = 'a') {
  const pod = barePod('one', tag)
  const containers = pod.spec.containers.map((one) => ({ ...one, resources: { requests: { cpu } } }))
  return { ...pod, spec: { ...pod.spec, containers } }
}

function statusOf(scene: Scene) {
  const [first] = nodeObjects(scene.snapshot(), scene.world.now, { version: '1', podCIDRs: new Map() })
  return first?.status
}

test('what is reserved on a node no pod may request', () => {
  const scene = new Scene().nodes(node('node-0', { cpu: '500m', memory: '1Gi' })).commit(asking('3501m'))
  expect(scene.report('Pod', 'one')).toMatchObject({
    health: { message: expect.stringContaining('0/1 nodes are available: 1 Insufficient cpu') },
  })
  scene.commit(asking('3500m')).run()
  expect(scene.world.pods).toHaveLength(1)
  expect(statusOf(scene)).toMatchObject({
    capacity: { cpu: '4', memory: '4194304Ki' },
    allocatable: { cpu: '3500m', memory: '3145728Ki' },
    conditions: [{ type: 'Ready' }],
  })
})

test('what a Node does not name is as the Cluster says', () => {
  const scene = new Scene()
    .reserves({ cpu: '1', memory: '1Gi' })
    .nodes(node('node-0', { cpu: '250m' }))
    .commit()
  expect(statusOf(scene)?.allocatable).toMatchObject({ cpu: '3750m', memory: '3145728Ki' })
  expect(statusOf(scene.nodes())?.allocatable).toMatchObject({ cpu: '3', memory: '3145728Ki' })
})

test('pods that run stay when more is reserved, and their resources cannot grow beyond what is left', () => {
  const scene = new Scene().commit(asking('3'))
  scene.run()
  scene.reserves({ cpu: '2' })
  expect(scene.plan().actions).toEqual([])
  scene.commit(asking('3500m')).run()
  expect(scene.report('Pod', 'one').status).toMatchObject({
    conditions: expect.arrayContaining([
      expect.objectContaining({ type: 'PodResizePending', reason: 'Infeasible' }),
    ]),
  })
})

test('a node with more reserved than it has says so, and takes no pod that requests of it', () => {
  const scene = new Scene().reserves({ cpu: '5', memory: '5Gi' }).commit(asking('1m'))
  const plan = scene.plan()
  const message =
    'resource "cpu" has a reservation of 5 but capacity of 4; resource "memory" has a reservation of 5Gi but capacity of 4Gi'
  const failed = { kind: 'failed', reason: 'ReservationExceedsCapacity', message }
  const key = nodeKey(nodeName('node-0'))
  expect(plan.statuses.get(key)).toMatchObject({ health: failed })
  expect(scene.report('Pod', 'one', plan).health).toMatchObject({
    message: expect.stringContaining('1 Insufficient cpu'),
  })
  expect(statusOf(scene)).toMatchObject({
    allocatable: { cpu: '0', memory: '0Ki' },
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'InvalidNodeAllocatable', status: 'True', reason: 'ReservationExceedsCapacity', message },
    ],
  })
  const empty = scene.commit()
  empty.run()
  expect(verdict(empty.plan(), empty.snapshot(), () => false)).toEqual({
    kind: 'failed',
    objects: [{ object: key, health: failed }],
  })
})
