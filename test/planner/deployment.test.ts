import { expect, test } from 'vitest'
import type { ReplicaSet } from '../../engine/api/generated/types.ts'
import { podUid } from '../../engine/api/names.ts'
import { buckets, deployment, kinds, Scene } from './scene.ts'

const HEALTHY = { kind: 'healthy' }

function sets(scene: Scene): readonly { replicas: number; revision: string; tag: string }[] {
  return [...scene.plan().statuses.values()].flatMap(({ key, object }) => {
    if (!key.startsWith('ReplicaSet/')) return []
    const { metadata, spec } = object as ReplicaSet
    return [
      {
        replicas: spec.replicas ?? -1,
        revision: metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '',
        tag: spec.template?.spec.containers[0]?.image?.split(':')[1] ?? '',
      },
    ]
  })
}

test('a new Deployment gets its ReplicaSet, its pods, and is healthy when all are available', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 3 }))
  expect(buckets(scene.plan().verdicts)).toEqual({ create: 3 })
  const last = scene.run()
  expect(last.actions).toEqual([])
  expect(buckets(last.verdicts)).toEqual({ keep: 3 })
  expect(scene.report('Deployment', 'web')).toMatchObject({
    health: HEALTHY,
    status: {
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      unavailableReplicas: 0,
      terminatingReplicas: 0,
    },
  })
  expect(scene.conditions('web')).toEqual([
    'Available=True MinimumReplicasAvailable',
    'Progressing=True NewReplicaSetAvailable',
  ])
})

test('records are written before the pods that they cover', () => {
  const { actions } = new Scene().commit(deployment('web', 'a')).plan()
  expect(
    actions.map((action) => (action.kind === 'writeRecord' ? action.record.object.kind : action.kind)),
  ).toEqual(['Deployment', 'ReplicaSet', 'createPod'])
})

test('labels and annotations of the Deployment itself roll nothing', () => {
  const scene = new Scene().commit(deployment('web', 'a'))
  scene.run()
  const before = deployment('web', 'a')
  scene.commit({
    ...before,
    metadata: { ...before.metadata, annotations: { note: 'x' }, labels: { y: 'z' } },
  })
  expect(scene.plan().actions).toEqual([])
})

test('a template that says the same in other words rolls nothing', () => {
  const scene = new Scene().commit(deployment('web', 'a'))
  scene.run()
  const { spec, ...rest } = deployment('web', 'a')
  const template = { ...spec.template, spec: { ...spec.template.spec, restartPolicy: 'Always' } } as const
  scene.commit({ ...rest, spec: { ...spec, template } })
  expect(kinds(scene.plan())).toEqual(['writeRecord'])
  scene.run()
  expect(scene.report('Deployment', 'web')).toMatchObject({ status: { observedGeneration: 2 } })
  expect(sets(scene)).toHaveLength(1)
})

test('a rollout of three replaces one at a time, and tells which field changed', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 3 }))
  scene.run()
  scene.commit(deployment('web', 'b', { replicas: 3 }))
  const first = scene.plan()
  expect(buckets(first.verdicts)).toEqual({ create: 1, wait: 3 })
  expect([...first.changes.values()]).toEqual([
    [
      {
        path: 'spec.template.spec.containers[app].image',
        from: 'registry.example/app:a',
        to: 'registry.example/app:b',
      },
    ],
  ])
  const seen = new Set<string>()
  for (let tick = 0; tick < 40; tick++) {
    scene.run(1)
    seen.add(scene.tags().join(''))
  }
  expect([...seen]).toEqual(['aaab', 'aab', 'aabb', 'abb', 'abbb', 'bbb'].filter((tags) => seen.has(tags)))
  expect(scene.tags()).toEqual(['b', 'b', 'b'])
  expect(sets(scene)).toEqual(
    expect.arrayContaining([
      { replicas: 0, revision: '1', tag: 'a' },
      { replicas: 3, revision: '2', tag: 'b' },
    ]),
  )
})

test('a template that comes back takes its old ReplicaSet again, with a new revision', () => {
  const scene = new Scene().commit(deployment('web', 'a'))
  scene.run()
  scene.commit(deployment('web', 'b')).run()
  scene.commit(deployment('web', 'a')).run()
  expect(sets(scene)).toEqual(
    expect.arrayContaining([
      { replicas: 1, revision: '3', tag: 'a' },
      { replicas: 0, revision: '2', tag: 'b' },
    ]),
  )
  expect(scene.conditions('web')).toContain('Progressing=True NewReplicaSetAvailable')
})

test('a broken image fails at once and for certain, while the old pods serve on', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 3 }))
  scene.run()
  scene.commit(deployment('web', 'bad', { replicas: 3 })).run(5)
  expect(scene.tags()).toEqual(['a', 'a', 'a', 'bad'])
  expect(scene.report('Deployment', 'web').health).toMatchObject({ kind: 'failed', reason: 'ErrImagePull' })
  scene.commit(deployment('web', 'a', { replicas: 3 })).run()
  expect(scene.tags()).toEqual(['a', 'a', 'a'])
  expect(scene.report('Deployment', 'web').health).toEqual(HEALTHY)
})

test('a third template in the middle of a rollout does away with the second one first', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 3 }))
  scene.run()
  scene.commit(deployment('web', 'bad', { replicas: 3 })).run(5)
  scene.commit(deployment('web', 'c', { replicas: 3 })).run(1)
  // Its deletion is on record before another one is made in its place.
  expect(scene.tags()).toEqual(['a', 'a', 'a'])
  scene.run(1)
  expect(scene.tags()).toEqual(['a', 'a', 'a', 'c'])
  scene.run()
  expect(scene.tags()).toEqual(['c', 'c', 'c'])
})

test('Recreate waits until the last old pod is gone', () => {
  const recreate = { replicas: 2, strategy: { type: 'Recreate' } } as const
  const scene = new Scene().commit(deployment('web', 'a', recreate))
  scene.run()
  scene.commit(deployment('web', 'b', recreate)).run(1)
  expect(scene.tags()).toEqual([])
  expect(scene.world.pods).toHaveLength(2)
  expect(scene.plan().actions.filter(({ kind }) => kind === 'createPod')).toEqual([])
  scene.run()
  expect(scene.tags()).toEqual(['b', 'b'])
})

test('a paused Deployment is scaled but not rolled out; resumed, it is', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 2 }))
  scene.run()
  scene.commit(deployment('web', 'b', { replicas: 4, paused: true })).run()
  expect(scene.tags()).toEqual(['a', 'a', 'a', 'a'])
  expect(scene.conditions('web')).toContain('Progressing=Unknown DeploymentPaused')
  scene.commit(deployment('web', 'b', { replicas: 4 })).run()
  expect(scene.tags()).toEqual(['b', 'b', 'b', 'b'])
})

test('with minReadySeconds pods that are available stay so when the clock is set back', () => {
  const scene = new Scene().commit(deployment('web', 'a', { minReadySeconds: 30 }))
  scene.run()
  scene.world.pass(60)
  scene.run()
  scene.world.pass(-3600)
  expect(scene.plan().actions).toEqual([])
  expect(scene.report('Deployment', 'web').health).toEqual({ kind: 'healthy' })
})

test('with minReadySeconds a pod counts only after them, and the plan says when to look again', () => {
  const scene = new Scene().commit(deployment('web', 'a', { minReadySeconds: 30 }))
  const { requeueAt } = scene.run()
  expect(scene.report('Deployment', 'web')).toMatchObject({
    health: { kind: 'progressing', message: '0 of 1 updated replicas are available' },
    status: { readyReplicas: 1, availableReplicas: 0 },
  })
  expect(requeueAt).toBeDefined()
  scene.world.now = requeueAt ?? scene.world.now
  scene.run()
  expect(scene.report('Deployment', 'web').health).toEqual(HEALTHY)
})

test('past its progress deadline it has failed, keeps the old pods, and recovers when a pod comes up', () => {
  const options = { replicas: 2, progressDeadlineSeconds: 60 }
  const scene = new Scene().commit(deployment('web', 'a', options))
  scene.run()
  scene.commit(deployment('web', 'bad', options)).run(5)
  const { requeueAt } = scene.plan()
  expect(requeueAt).toBeDefined()
  scene.world.pass(61)
  expect(scene.conditions('web')).toContain('Progressing=False ProgressDeadlineExceeded')
  expect(scene.report('Deployment', 'web').health).toMatchObject({
    kind: 'failed',
    reason: 'ProgressDeadlineExceeded',
  })
  scene.run(3)
  expect(scene.tags().filter((tag) => tag === 'a')).toHaveLength(2)
  scene.commit(deployment('web', 'b', options)).run()
  expect(scene.conditions('web')).toContain('Progressing=True NewReplicaSetAvailable')
})

test('a Deployment that is complete has no deadline when it is scaled', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 1, progressDeadlineSeconds: 10 }))
  scene.run()
  scene.world.pass(3600)
  scene.commit(deployment('web', 'a', { replicas: 3, progressDeadlineSeconds: 10 })).run()
  expect(scene.conditions('web')).toContain('Progressing=True NewReplicaSetAvailable')
})

test('old ReplicaSets past revisionHistoryLimit are forgotten, oldest first', () => {
  const scene = new Scene()
  for (const tag of ['a', 'b', 'c', 'd'])
    scene.commit(deployment('web', tag, { revisionHistoryLimit: 2 })).run()
  expect(
    sets(scene)
      .map(({ tag }) => tag)
      .toSorted(),
  ).toEqual(['b', 'c', 'd'])
})

test('a name that is taken by another template makes the hash another one', () => {
  const scene = new Scene().commit(deployment('web', 'a'))
  const [first] = scene
    .plan()
    .actions.flatMap((action) =>
      action.kind === 'writeRecord' && action.record.object.kind === 'ReplicaSet' ? [action.record] : [],
    )
  if (first === undefined) throw new Error('no ReplicaSet')
  const { metadata, spec } = first.object
  const template = deployment('web', 'other').spec.template
  scene.world.records.set(first.key, {
    ...first,
    object: { ...first.object, metadata, spec: { ...(spec as object), template } },
  })
  scene.run()
  expect(
    sets(scene)
      .map(({ tag }) => tag)
      .toSorted(),
  ).toEqual(['a', 'other'])
})

test('another selector is refused in the words of the API server, and nothing is done', () => {
  const scene = new Scene().commit(deployment('web', 'a'))
  scene.run()
  const { spec, ...rest } = deployment('web', 'b')
  const template = { ...spec.template, metadata: { labels: { app: 'x' } } }
  scene.commit({ ...rest, spec: { ...spec, selector: { matchLabels: { app: 'x' } }, template } })
  expect(scene.plan().actions).toEqual([])
  const { health } = scene.report('Deployment', 'web')
  expect(health).toMatchObject({ kind: 'failed', reason: 'Invalid' })
  expect(health).toHaveProperty(
    'message',
    expect.stringContaining(
      'Deployment "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable',
    ),
  )
})

test('a pod on a silent node is unknown: it counts, nothing is done to it, and none takes its place', () => {
  const scene = new Scene(2).commit(deployment('web', 'a', { replicas: 2 }))
  scene.run()
  scene.world.setReachable(1, false)
  const result = scene.plan()
  expect(buckets(result.verdicts)).toEqual({ keep: 1, unknown: 1 })
  expect(result.actions.filter(({ kind }) => kind !== 'writeRecord')).toEqual([])
  expect(scene.report('Deployment', 'web')).toMatchObject({ status: { replicas: 2, availableReplicas: 1 } })
  expect(scene.report('Deployment', 'web').health.kind).toBe('progressing')
})

test('scaling down takes the pod that is not ready', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 3 }))
  scene.run()
  scene.world.crash(1)
  const crashed = scene.world.pods[1]?.record.pod.metadata.uid ?? ''
  scene.commit(deployment('web', 'a', { replicas: 2 }))
  const deleted = scene.plan().actions.flatMap((action) => (action.kind === 'deletePod' ? [action.uid] : []))
  expect(deleted).toEqual([podUid(crashed)])
})

test('while old pods end the Deployment is not healthy yet', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 2 }))
  scene.run()
  scene.commit(deployment('web', 'a', { replicas: 1 })).run(1)
  expect(scene.report('Deployment', 'web')).toMatchObject({
    health: { kind: 'progressing', message: '1 pod is ending' },
    status: { replicas: 1, terminatingReplicas: 1 },
  })
})

test('a Deployment that left the commit loses its pods, then its records', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 2 }))
  scene.run()
  const first = scene.commit().plan()
  expect(buckets(first.verdicts)).toEqual({ delete: 2 })
  expect(kinds(first)).toEqual(['deletePod'])
  const last = scene.run()
  expect([last.actions, scene.world.pods, [...scene.world.records]]).toEqual([[], [], []])
})

test('a Deployment that comes back before its pods are gone goes on where it was', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 2 }))
  scene.run()
  const [before] = sets(scene)
  scene.commit().run(1)
  scene.commit(deployment('web', 'a', { replicas: 2 })).run()
  expect(sets(scene)).toEqual([before])
  expect(scene.tags()).toEqual(['a', 'a'])
})

test('pods whose ReplicaSet has lost its record are taken on as they run, and rolled as any others', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 2 }))
  scene.run()
  const uids = scene.world.pods.map(({ record }) => record.pod.metadata.uid)
  scene.world.records.clear()
  expect(kinds(scene.plan())).toEqual(['writeRecord'])
  scene.run()
  expect(scene.world.pods.map(({ record }) => record.pod.metadata.uid)).toEqual(uids)
  scene.world.records.clear()
  scene.commit(deployment('web', 'b', { replicas: 2 })).run()
  expect(scene.tags()).toEqual(['b', 'b'])
})

test('a size recorded while a node was silent does not keep a rollout from its end', () => {
  const options = { replicas: 3, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } } as const
  const scene = new Scene(2).commit(deployment('web', 'a', options))
  scene.run()
  scene.commit(deployment('web', 'bad', options)).run(4)
  scene.world.setReachable(0, false)
  scene.world.reboot(1)
  scene.commit(deployment('web', 'c', options)).run(1)
  scene.world.setReachable(0, true)
  scene.run()
  expect(scene.tags()).toEqual(['c', 'c', 'c'])
})

test('with the annotation to replace it, all goes first, then all comes anew with the other selector', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 2 }))
  scene.run()
  const before = scene.world.records.size
  const { spec, ...rest } = deployment('web', 'b', { replicas: 2 })
  const template = { ...spec.template, metadata: { labels: { app: 'x' } } }
  const metadata = { ...rest.metadata, annotations: { 'reconcile.dev/replace': 'true' } }
  scene.commit({ ...rest, metadata, spec: { ...spec, selector: { matchLabels: { app: 'x' } }, template } })
  const first = scene.plan()
  expect(kinds(first)).toEqual(['deletePod'])
  expect(buckets(first.verdicts)).toEqual({ change: 2 })
  let made = 0
  for (let result = first; result.actions.length > 0; result = scene.plan()) {
    for (const action of result.actions) {
      if (action.kind === 'createPod') made += 1
      scene.world.apply(action, 'whole')
    }
    if (made === 0) expect(scene.tags().filter((tag) => tag === 'b')).toEqual([])
    scene.world.pass(1)
  }
  expect(scene.tags()).toEqual(['b', 'b'])
  expect(scene.world.records.size).toBe(before)
  expect(scene.report('Deployment', 'web').health).toEqual({ kind: 'healthy' })
})
