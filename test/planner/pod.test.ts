import { expect, test } from 'vitest'
import { podUid } from '../../engine/api/names.ts'
import type { Pod } from '../../engine/api/generated/types.ts'
import { barePod, buckets, deployment, kinds, Scene } from './scene.ts'

test('a Pod is made, and is healthy when it is ready', () => {
  const scene = new Scene().commit(barePod('one', 'a'))
  expect(buckets(scene.plan().verdicts)).toEqual({ create: 1 })
  expect(scene.run().actions).toEqual([])
  expect(scene.report('Pod', 'one')).toMatchObject({
    health: { kind: 'healthy' },
    status: { phase: 'Running' },
  })
  expect(scene.report('Pod', 'one').object).toMatchObject({
    kind: 'Pod',
    spec: { nodeName: 'node-0', restartPolicy: 'Always' },
  })
})

test('a Pod whose spec changed goes first, then comes again under its name', () => {
  const scene = new Scene().commit(barePod('one', 'a'))
  scene.run()
  const first = scene.commit(barePod('one', 'b')).plan()
  expect(buckets(first.verdicts)).toEqual({ change: 1 })
  expect(kinds(first)).toEqual(['deletePod'])
  expect([...first.changes.values()].flat().map(({ path }) => path)).toEqual(['spec.containers[app].image'])
  let most = 0
  for (let tick = 0; tick < 10; tick++) {
    scene.run(1)
    most = Math.max(most, scene.world.pods.length)
  }
  expect([most, scene.tags()]).toEqual([1, ['b']])
})

test('labels of a Pod are changed in place', () => {
  const scene = new Scene().commit(barePod('one', 'a', { labels: { color: 'red' } }))
  scene.run()
  const uid = scene.world.pods[0]?.record.pod.metadata.uid
  expect(kinds(scene.commit(barePod('one', 'a', { labels: { color: 'blue' } })).plan())).toEqual([
    'updatePod',
  ])
  scene.run()
  expect(scene.world.pods[0]?.record.pod.metadata).toMatchObject({ uid, labels: { color: 'blue' } })
})

test('a Pod that has failed stays, and is told as failed', () => {
  const scene = new Scene().commit(never('a'))
  scene.run()
  scene.world.crash(0)
  const last = scene.run()
  expect([last.actions, scene.world.pods.length]).toEqual([[], 1])
  expect(scene.report('Pod', 'one')).toMatchObject({
    health: { kind: 'failed' },
    status: { phase: 'Failed' },
  })
  scene.commit(never('b')).run()
  expect(scene.tags()).toEqual(['b'])
})

function never(tag: string): ReturnType<typeof barePod> {
  const pod = barePod('one', tag)
  return { ...pod, spec: { ...pod.spec, restartPolicy: 'Never' } }
}

test('a Pod that left the commit is deleted', () => {
  const scene = new Scene().commit(barePod('one', 'a'), barePod('two', 'a'))
  scene.run()
  const first = scene.commit(barePod('two', 'a')).plan()
  expect(first.verdicts.map(({ bucket, pod, reason }) => [pod, bucket, reason])).toEqual([
    ['default/one', 'delete', 'is no longer in the repository'],
    ['default/two', 'keep', 'is as the commit wants it'],
  ])
  scene.run()
  expect(scene.world.pods).toHaveLength(1)
})

test("of what left the commit the Deployments' pods go before the pods that stand alone", () => {
  const scene = new Scene().commit(barePod('alone', 'a'), deployment('web', 'a'))
  scene.run()
  const { actions } = scene.commit().plan()
  expect(actions.map((action) => (action.kind === 'deletePod' ? action.object : ''))).toEqual([
    'Deployment/default/web',
    'Pod/default/alone',
  ])
})

test('a pod whose ReplicaSet is not on record any more goes', () => {
  const scene = new Scene().commit(deployment('web', 'a'))
  scene.run()
  scene.world.records.clear()
  const { verdicts } = scene.commit().plan()
  expect(verdicts.map(({ bucket }) => bucket)).toEqual(['delete'])
})

test('the deletion is on record with its time and its grace', () => {
  const scene = new Scene().commit(barePod('one', 'a'))
  scene.run()
  const [action] = scene.commit().plan().actions
  if (action?.kind !== 'deletePod') throw new Error('no deletePod')
  const { metadata } = action.record.pod
  expect(metadata.deletionGracePeriodSeconds).toBe(30)
  expect(Date.parse(metadata.deletionTimestamp ?? '')).toBe(scene.world.now.epochMilliseconds)
})

test('a start under way is given up for a deletion, a stop is not', () => {
  const scene = new Scene().commit(barePod('one', 'a'))
  const [create] = scene.plan().actions
  if (create?.kind !== 'createPod') throw new Error('no createPod')
  scene.world.busy.set(create.uid, create)
  expect(buckets(scene.plan().verdicts)).toEqual({ wait: 1 })
  expect(kinds(scene.commit().plan())).toEqual(['deletePod'])
  scene.world.busy.clear()
  scene.commit(barePod('one', 'a')).run()
  scene.commit().run(1)
  const [stop] = scene.plan().actions
  if (stop?.kind !== 'stopContainers') throw new Error('no stopContainers')
  scene.world.busy.set(stop.uid, stop)
  const waiting = scene.plan()
  expect([waiting.actions, buckets(waiting.verdicts)]).toEqual([[], { delete: 1 }])
})

test('a pod that fits no node waits, under one name, and says why', () => {
  const pod = barePod('one', 'a')
  const scene = new Scene().commit({ ...pod, spec: { ...pod.spec, nodeSelector: { disk: 'ssd' } } })
  const first = scene.plan()
  scene.world.pass(5)
  const second = scene.plan()
  const message =
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
  expect(first.actions).toEqual([])
  expect(second.verdicts.map(({ bucket, pod: name, reason }) => [bucket, name, reason])).toEqual([
    ['wait', 'default/one', message],
  ])
  expect(scene.report('Pod', 'one')).toMatchObject({
    health: { kind: 'progressing', message },
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }],
    },
  })
})

test('pods of a Deployment that fit no node are told in its health', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 20 }))
  scene.run()
  expect(scene.report('Deployment', 'web').health).toEqual({
    kind: 'progressing',
    message:
      '12 of 20 new replicas have been updated; 0/1 nodes are available: 1 Too many pods. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  })
})

test('of two pods of one name the newer one goes, also when both have to be made whole again', () => {
  const scene = new Scene().commit(barePod('one', 'a'))
  const [first] = scene.plan().actions
  scene.run()
  if (first?.kind !== 'createPod') throw new Error('no createPod')
  const metadata = {
    ...first.record.pod.metadata,
    uid: 'twin',
    creationTimestamp: scene.world.now.toString(),
  }
  const record = { ...first.record, pod: { ...first.record.pod, metadata } }
  scene.world.apply({ ...first, uid: podUid('twin'), record }, 'whole')
  scene.world.reboot(0)
  const verdicts = scene.plan().verdicts.map(({ bucket, uid }) => [uid, bucket] as const)
  expect(new Map(verdicts)).toEqual(
    new Map([
      [first.uid, 'change'],
      ['twin', 'delete'],
    ]),
  )
  expect(scene.run().actions).toEqual([])
  expect(scene.world.pods.map(({ record: { pod } }) => pod.metadata.uid)).toEqual([first.uid])
  expect(scene.report('Pod', 'one').health).toEqual({ kind: 'healthy' })
})

test('while a pod of a node cannot be read nothing is made, for it may be the one', () => {
  const scene = new Scene().commit(deployment('web', 'a'), barePod('one', 'a'))
  scene.unreadable('node-0', 'its record is damaged')
  const result = scene.plan()
  expect(kinds(result)).toEqual(['writeRecord'])
  expect(result.verdicts.map(({ bucket, reason }) => [bucket, reason])).toEqual([
    [
      'wait',
      'its record is damaged; it may be this pod, which is not made before that one is mended or gone',
    ],
    [
      'wait',
      'its record is damaged; it may be this pod, which is not made before that one is mended or gone',
    ],
  ])
})

test('while a node was never read nothing is made and no record is forgotten', () => {
  const scene = new Scene(2).commit(deployment('web', 'a'), barePod('one', 'a'))
  const snapshot = scene.world.snapshot(scene.desired)
  expect(snapshot.observed.nodes.size).toBe(2)
  scene.unread('node-1')
  const result = scene.plan()
  expect(kinds(result)).toEqual(['writeRecord'])
  expect(buckets(result.verdicts)).toEqual({ wait: 2 })
})

test('a deadline is set and brought forward in place, and put off only by another pod', () => {
  const late = (seconds: number | undefined): Pod => {
    const pod = barePod('one', 'a')
    if (seconds === undefined) return pod
    return { ...pod, spec: { ...pod.spec, activeDeadlineSeconds: seconds } }
  }
  const scene = new Scene().commit(late(undefined))
  scene.run()
  const [before] = scene.world.pods
  for (const seconds of [600, 300]) {
    scene.commit(late(seconds)).run()
    expect(scene.world.pods).toHaveLength(1)
    expect(scene.world.pods[0]?.record.pod.spec.activeDeadlineSeconds).toBe(seconds)
    expect(scene.world.pods[0]?.record.pod.metadata.uid).toBe(before?.record.pod.metadata.uid)
  }
  expect(kinds(scene.commit(late(301)).plan())).toEqual(['deletePod'])
  expect(kinds(scene.commit(late(undefined)).plan())).toEqual(['deletePod'])
})

test('after a reboot the more important pods are made first, and of the others those that the plan has first', () => {
  const scene = new Scene().commit(
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 },
    deployment('web', 'a'),
    barePod('alone', 'a'),
    important('database', 'high'),
    barePod('zebra', 'a'),
  )
  scene.run()
  for (const pod of scene.world.pods) {
    pod.sandbox = 'broken'
    pod.containers.clear()
  }
  const { actions } = scene.plan()
  const made = actions.flatMap((action) => (action.kind === 'createPod' ? [action.pod.slice(0, 13)] : []))
  expect(made).toHaveLength(scene.world.pods.length)
  expect(made[0]).toBe('default/datab')
  expect(made.slice(1).filter((pod) => !pod.startsWith('default/web'))).toEqual([
    'default/alone',
    'default/zebra',
  ])
})

function important(name: string, priorityClassName: string): Pod {
  const pod = barePod(name, 'a')
  return { ...pod, spec: { ...pod.spec, priorityClassName } }
}
