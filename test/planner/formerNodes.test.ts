import { expect, test } from 'vitest'
import { nodeName } from '../../engine/api/names.ts'
import { emptiedNodes } from '../../engine/planner/formerNodes.ts'
import { barePod, deployment, Scene } from './scene.ts'

const CLAIM = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
} as const

function machine(name: string) {
  const spec = { address: `ssh://${name}` }
  return { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name }, spec } as const
}

/** node-1 leaves, with pods. */
function leaving(): Scene {
  const scene = new Scene(2).nodes(machine('node-0'), machine('node-1'))
  scene.commit(deployment('web', '1', { replicas: 4 })).run()
  return scene.nodes(machine('node-0')).former('node-1')
}

test('a node that has left the commit can be let go of once it has no pods', () => {
  const scene = leaving()
  expect(emptiedNodes(scene.snapshot())).toEqual([])
  scene.run()
  expect(emptiedNodes(scene.snapshot())).toEqual(['node-1'])
  expect(emptiedNodes(scene.former().snapshot())).toEqual([])
})

test('one that does not answer, was never read, or has a pod that cannot be read may have pods', () => {
  const silent = leaving()
  silent.run()
  const node = silent.world.nodes.find(({ name }) => name === 'node-1')
  if (node !== undefined) node.reachable = false
  expect(emptiedNodes(silent.snapshot())).toEqual([])
  const unread = leaving()
  unread.run()
  unread.unread('node-1')
  expect(emptiedNodes(unread.snapshot())).toEqual([])
  const damaged = leaving()
  damaged.run()
  damaged.unreadable('node-1', 'its record is damaged')
  expect(emptiedNodes(damaged.snapshot())).toEqual([])
})

test('one with the folder of a claim is kept, since the data is nowhere else', () => {
  const scene = new Scene(2).nodes(machine('node-0'), machine('node-1'))
  const pod = barePod('db', '1')
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }]
  const onOne = {
    ...pod,
    spec: { ...pod.spec, volumes, nodeSelector: { 'kubernetes.io/hostname': 'node-1' } },
  }
  scene.commit(CLAIM, onOne).run()
  scene.commit(CLAIM).nodes(machine('node-0')).former('node-1').run()
  expect(scene.world.pods).toEqual([])
  expect(emptiedNodes(scene.snapshot())).toEqual([])
  scene.commit().run()
  expect(emptiedNodes(scene.snapshot())).toEqual([nodeName('node-1')])
})
