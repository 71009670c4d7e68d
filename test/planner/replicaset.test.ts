import { expect, test } from 'vitest'
import { deployment, Scene } from './scene.ts'
import { replicaSet, story } from './sets.ts'

const HEALTHY = { kind: 'healthy' }

test('a ReplicaSet keeps its number of pods and is healthy with them', () => {
  const scene = new Scene().commit(replicaSet('web', 'a', { replicas: 3 }))
  scene.run()
  expect(scene.tags()).toEqual(['a', 'a', 'a'])
  const { health, status } = scene.report('ReplicaSet', 'web')
  expect(health).toEqual(HEALTHY)
  expect(status).toEqual({
    replicas: 3,
    fullyLabeledReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    terminatingReplicas: 0,
    observedGeneration: 1,
    conditions: [],
  })
  const labels = scene.world.pods.map(({ record }) => record.pod.metadata.labels)
  expect(labels).toEqual([{ app: 'web' }, { app: 'web' }, { app: 'web' }])
})

test('a new template is for pods to come: those that are there stay', () => {
  const scene = new Scene().commit(replicaSet('web', 'a', { replicas: 2 }))
  scene.run()
  scene.commit(replicaSet('web', 'b', { replicas: 3 }))
  scene.run()
  expect(scene.tags()).toEqual(['a', 'a', 'b'])
  expect(scene.report('ReplicaSet', 'web').health).toEqual(HEALTHY)
})

test('it is scaled down, and goes with its pods when it leaves the commit', () => {
  const scene = new Scene().commit(replicaSet('web', 'a', { replicas: 3 }))
  scene.run()
  scene.commit(replicaSet('web', 'a', { replicas: 1 }))
  scene.run()
  expect(scene.tags()).toEqual(['a'])
  scene.commit()
  scene.run()
  expect(scene.tags()).toEqual([])
  expect([...scene.world.records.keys()]).toEqual([])
})

test('one whose name a Deployment has given away is told so, and nothing is taken from the Deployment', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 1 }))
  scene.run()
  const name =
    [...scene.world.records.keys()].find((key) => key.startsWith('ReplicaSet/'))?.split('/')[2] ?? ''
  scene.commit(deployment('web', 'a', { replicas: 1 }), replicaSet(name, 'b', { replicas: 2 }))
  expect(story(scene)).toEqual([])
  expect(scene.tags()).toEqual(['a'])
  expect(scene.report('ReplicaSet', name).health).toMatchObject({ kind: 'failed', reason: 'AlreadyExists' })
})
