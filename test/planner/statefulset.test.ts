import { expect, test } from 'vitest'
import { objectKey } from '../../engine/api/names.ts'
import { barePod, buckets, Scene } from './scene.ts'
import { pods, statefulSet, story } from './sets.ts'

const HEALTHY = { kind: 'healthy' }

function claim(name: string) {
  return { metadata: { name, namespace: '' }, spec: { accessModes: ['ReadWriteOnce' as const] } }
}

function recorded(scene: Scene, kind: string): readonly string[] {
  return [...scene.world.records.keys()].filter((key) => key.startsWith(`${kind}/`)).toSorted()
}

test('pods come one after the other, each available before the next, and the set is healthy with the last', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 3 }))
  expect(story(scene)).toEqual(['+web-0', '+web-1', '+web-2'])
  expect(scene.report('StatefulSet', 'web').health).toEqual(HEALTHY)
  expect(buckets(scene.plan().verdicts)).toEqual({ keep: 3 })
})

test('Parallel makes all at once', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 3, podManagementPolicy: 'Parallel' }))
  expect(story(scene)).toEqual(['+web-0 +web-1 +web-2'])
})

test('a pod has its name in labels and as host name, its number, its revision and its Service', () => {
  const set = statefulSet('web', 'a', { replicas: 1, serviceName: 'nginx', ordinals: { start: 3 } })
  const scene = new Scene().commit(set)
  scene.run()
  const [pod] = scene.world.pods
  const { currentRevision, updateRevision } = Object(scene.report('StatefulSet', 'web').status)
  expect(currentRevision).toMatch(/^web-[a-z0-9]{10}$/)
  expect(updateRevision).toBe(currentRevision)
  expect(pod?.record.pod.metadata.labels).toEqual({
    app: 'web',
    'apps.kubernetes.io/pod-index': '3',
    'controller-revision-hash': currentRevision,
    'statefulset.kubernetes.io/pod-name': 'web-3',
  })
  expect(pod?.record.pod.spec).toMatchObject({ hostname: 'web-3', subdomain: 'nginx' })
})

test('a new template is rolled out from the largest ordinal to the smallest', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 3 }))
  scene.run()
  scene.commit(statefulSet('web', 'b', { replicas: 3 }))
  expect(story(scene)).toEqual(['-web-2', '+web-2', '-web-1', '+web-1', '-web-0', '+web-0'])
  expect(pods(scene)).toBe('web-0=b web-1=b web-2=b')
})

test('the status tells current and update revision apart until the rollout is over', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 2 }))
  scene.run()
  const { currentRevision: first } = Object(scene.report('StatefulSet', 'web').status)
  scene.commit(statefulSet('web', 'b', { replicas: 2, updateStrategy: { rollingUpdate: { partition: 1 } } }))
  scene.run()
  const { health, status } = scene.report('StatefulSet', 'web')
  const { updateRevision } = Object(status)
  expect(updateRevision).not.toBe(first)
  expect(status).toEqual({
    replicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
    currentReplicas: 1,
    updatedReplicas: 1,
    currentRevision: first,
    updateRevision,
    observedGeneration: 2,
    collisionCount: 0,
  })
  // as far as the partition goes it is rolled out
  expect(health).toEqual(HEALTHY)
  expect(buckets(scene.plan().verdicts)).toEqual({ keep: 2 })
  scene.commit(statefulSet('web', 'b', { replicas: 2 }))
  scene.run()
  expect(scene.report('StatefulSet', 'web').status).toMatchObject({
    currentRevision: updateRevision,
    updateRevision,
    currentReplicas: 2,
    updatedReplicas: 2,
  })
})

test('below the partition a pod that is gone comes back of the old template', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 2 }))
  scene.run()
  scene.commit(statefulSet('web', 'b', { replicas: 2, updateStrategy: { rollingUpdate: { partition: 1 } } }))
  scene.run()
  for (const { pods: found } of scene.world.nodes) found.clear()
  scene.run()
  expect(pods(scene)).toBe('web-0=a web-1=b')
})

test('a template that comes back is the revision it was, and pods that have it stay', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 2 }))
  scene.run()
  const before = scene.world.pods.map(({ record }) => record.pod.metadata.uid)
  scene.commit(statefulSet('web', 'b', { replicas: 2, updateStrategy: { type: 'OnDelete' } }))
  scene.run()
  scene.commit(statefulSet('web', 'a', { replicas: 2 }))
  expect(story(scene)).toEqual([])
  expect(scene.world.pods.map(({ record }) => record.pod.metadata.uid)).toEqual(before)
  expect(recorded(scene, 'ControllerRevision')).toHaveLength(2)
})

test('revisions over the limit are forgotten, those of pods and the current one never', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 1, revisionHistoryLimit: 1 }))
  scene.run()
  for (const tag of ['b', 'c', 'd', 'e']) {
    scene.commit(statefulSet('web', tag, { replicas: 1, revisionHistoryLimit: 1 }))
    scene.run()
  }
  expect(recorded(scene, 'ControllerRevision')).toHaveLength(2)
})

test('scaling down takes the largest ordinal first, and each is gone before the next goes', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 3 }))
  scene.run()
  scene.commit(statefulSet('web', 'a', { replicas: 1 }))
  expect(story(scene)).toEqual(['-web-2', '-web-1'])
  expect(pods(scene)).toBe('web-0=a')
})

test('while its node is silent no second copy of an ordinal is made, nor anything after it', () => {
  const scene = new Scene(2).commit(statefulSet('web', 'a', { replicas: 2 }))
  scene.run()
  const where = scene.world.nodes.findIndex(({ pods: found }) =>
    [...found.values()].some(({ record }) => record.pod.metadata.name === 'web-0'),
  )
  scene.world.setReachable(where, false)
  scene.commit(statefulSet('web', 'b', { replicas: 3 }))
  expect(story(scene)).toEqual([])
  expect(scene.report('StatefulSet', 'web').health).toMatchObject({ kind: 'progressing' })
  scene.world.setReachable(where, true)
  scene.run()
  expect(pods(scene)).toBe('web-0=b web-1=b web-2=b')
})

test('a template that never comes up stops the rollout with one pod, and the set has failed', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 3 }))
  scene.run()
  scene.commit(statefulSet('web', 'bad', { replicas: 3 }))
  story(scene, 10)
  expect(pods(scene)).toBe('web-0=a web-1=a web-2=bad')
  expect(scene.report('StatefulSet', 'web').health).toMatchObject({
    kind: 'failed',
    message: expect.stringContaining('pod default/web-2: '),
  })
  scene.commit(statefulSet('web', 'a', { replicas: 3 }))
  expect(story(scene)).toEqual(['-web-2', '+web-2'])
  expect(scene.report('StatefulSet', 'web').health).toEqual(HEALTHY)
})

test('minReadySeconds holds the next pod back', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 2, minReadySeconds: 30 }))
  story(scene)
  expect(pods(scene)).toBe('web-0=a')
  expect(scene.plan().requeueAt).toBeDefined()
  scene.world.pass(30)
  story(scene)
  expect(pods(scene)).toBe('web-0=a web-1=a')
})

test('each ordinal has its claims, which are on record before the pod is made', () => {
  const set = statefulSet('web', 'a', { replicas: 2, volumeClaimTemplates: [claim('data')] })
  const scene = new Scene().commit(set)
  const first = scene.plan().actions.map(({ kind }) => kind)
  expect(first.indexOf('createPod')).toBe(first.length - 1)
  const written = scene
    .plan()
    .actions.find(
      (action) => action.kind === 'writeRecord' && action.record.object.kind === 'PersistentVolumeClaim',
    )
  expect(written).toMatchObject({
    record: {
      key: 'PersistentVolumeClaim/default/data-web-0',
      object: { metadata: { labels: { app: 'web' } }, spec: { accessModes: ['ReadWriteOnce'] } },
    },
  })
  const wish = scene.plan().actions.find(({ kind }) => kind === 'createPod')
  expect(wish).toMatchObject({
    record: {
      pod: { spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-web-0' } }] } },
    },
  })
})

test('with whenScaled Delete a claim goes with the pod that is one too many, and stays when the pod is wanted again', () => {
  const policy = { whenScaled: 'Delete', whenDeleted: 'Delete' } as const
  const changes = { volumeClaimTemplates: [claim('data')], persistentVolumeClaimRetentionPolicy: policy }
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 1, ...changes }))
  scene.run()
  const owners = () =>
    scene.world.records
      .get(objectKey('PersistentVolumeClaim', 'default', 'data-web-0'))
      ?.object.metadata.ownerReferences?.map(({ kind, name }) => `${kind} ${name}`)
  expect(owners()).toEqual(['StatefulSet web'])
  scene.commit(statefulSet('web', 'a', { replicas: 0, ...changes }))
  const { actions } = scene.plan()
  for (const action of actions) if (action.kind === 'writeRecord') scene.world.apply(action, 'whole')
  expect(owners()).toEqual(['Pod web-0'])
  scene.commit(statefulSet('web', 'a', { replicas: 1, ...changes }))
  scene.run()
  expect(owners()).toEqual(['StatefulSet web'])
})

test('a change that Kubernetes forbids leaves the whole old spec in force, and says so in its words', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 2 }))
  scene.run()
  scene.commit(statefulSet('web', 'b', { replicas: 1, podManagementPolicy: 'Parallel' }))
  expect(story(scene)).toEqual([])
  expect(pods(scene)).toBe('web-0=a web-1=a')
  expect(scene.report('StatefulSet', 'web').health).toMatchObject({
    kind: 'failed',
    reason: 'Invalid',
    message: expect.stringContaining("updates to statefulset spec for fields other than 'replicas'"),
  })
})

test('with the annotation to replace it the set goes and comes anew', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 2 }))
  scene.run()
  const set = statefulSet('web', 'b', { replicas: 2, podManagementPolicy: 'Parallel' })
  const annotations = { 'reconcile.dev/replace': 'true' }
  scene.commit({ ...set, metadata: { ...set.metadata, annotations } })
  expect(story(scene)).toEqual(['-web-0 -web-1', '+web-0 +web-1'])
  expect(pods(scene)).toBe('web-0=b web-1=b')
})

test('a set that leaves the commit goes with its pods and revisions, and its claims stay', () => {
  const set = statefulSet('web', 'a', { replicas: 1, volumeClaimTemplates: [claim('data')] })
  const scene = new Scene().commit(set)
  scene.run()
  scene.commit()
  scene.run()
  expect(pods(scene)).toBe('')
  expect([...scene.world.records.keys()]).toEqual(['PersistentVolumeClaim/default/data-web-0'])
})

test('a lost record is made again from the pods, and nothing is rolled', () => {
  const scene = new Scene().commit(statefulSet('web', 'a', { replicas: 2 }))
  scene.run()
  const uid = scene.world.pods[0]?.record.pod.metadata.ownerReferences?.[0]?.uid
  scene.world.records.clear()
  expect(story(scene)).toEqual([])
  expect(scene.world.records.get(objectKey('StatefulSet', 'default', 'web'))?.object.metadata.uid).toBe(uid)
  expect(buckets(scene.plan().verdicts)).toEqual({ keep: 2 })
})

test('a Pod of the commit that has the name of an ordinal holds that ordinal back, and is left alone', () => {
  const scene = new Scene().commit(barePod('web-0', 'a'))
  scene.run()
  scene.commit(barePod('web-0', 'a'), statefulSet('web', 'b', { replicas: 1 }))
  expect(story(scene)).toEqual([])
  expect(scene.report('StatefulSet', 'web').health).toMatchObject({
    message: expect.stringContaining('another pod has its name'),
  })
})
