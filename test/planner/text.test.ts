import { expect, test } from 'vitest'
import { planJson } from '../../engine/planner/json.ts'
import { planText } from '../../engine/planner/text.ts'
import { barePod, deployment, Scene } from './scene.ts'

test('the plan of a first commit', () => {
  const scene = new Scene().commit(barePod('one', 'a'), deployment('web', 'a', { replicas: 2 }))
  expect(`\n${planText(scene.plan())}`).toMatchInlineSnapshot(`
    "
    Deployment default/web
      + create web-792p2w6ssg-kdlgn: 2 of 2 of web-792p2w6ssg
      + create web-792p2w6ssg-zqh58: 1 of 2 of web-792p2w6ssg
        record Deployment web: is in the commit and not on record
        record ReplicaSet web-792p2w6ssg: is to have 2 pods, revision 1

    Pod default/one
      + create one: is in the commit and not on a node

    3 to create
    "
  `)
})

test('the plan of a commit that changes, adds and removes', () => {
  const scene = new Scene().commit(
    barePod('one', 'a'),
    barePod('two', 'a'),
    deployment('web', 'a', { replicas: 3 }),
  )
  scene.run()
  scene.commit(barePod('one', 'b'), barePod('three', 'a'), deployment('web', 'b', { replicas: 3 }))
  expect(`\n${planText(scene.plan())}`).toMatchInlineSnapshot(`
    "
    Deployment default/web
        spec.template.spec.containers[app].image: registry.example/app:a -> registry.example/app:b
      + create web-lmxgcnv2jp-mt4gk: 1 of 1 of web-lmxgcnv2jp
      . wait web-792p2w6ssg-6k5tt: is of an older revision: goes once enough new pods are available
      . wait web-792p2w6ssg-kdlgn: is of an older revision: goes once enough new pods are available
      . wait web-792p2w6ssg-zqh58: is of an older revision: goes once enough new pods are available
        record Deployment web: its spec changed
        record ReplicaSet web-lmxgcnv2jp: is to have 1 pod, revision 2

    Pod default/one
        spec.containers[app].image: registry.example/app:a -> registry.example/app:b
      ~ change one: its spec changed: it is removed, then made again

    Pod default/three
      + create three: is in the commit and not on a node

    Pod default/two
      - delete two: is no longer in the repository

    2 to create, 1 to delete, 1 to change, 3 waiting
    "
  `)
})

test('with nothing to do it says so, and on demand shows what stays', () => {
  const scene = new Scene().commit(barePod('one', 'a'), deployment('web', 'a', { replicas: 2 }))
  const last = scene.run()
  expect(planText(last)).toBe('nothing to do: 3 unchanged\n')
  expect(`\n${planText(last, { all: true })}`).toMatchInlineSnapshot(`
    "
    Deployment default/web
      = keep web-792p2w6ssg-kdlgn: is as the commit wants it
      = keep web-792p2w6ssg-zqh58: is as the commit wants it

    Pod default/one
      = keep one: is as the commit wants it

    nothing to do: 3 unchanged
    "
  `)
})

test('an empty commit on empty nodes has nothing to do', () => {
  expect(planText(new Scene().plan())).toBe('nothing to do\n')
})

test('a namespace shows its objects alone', () => {
  const other = barePod('one', 'a', { namespace: 'other' })
  const scene = new Scene().commit(other, deployment('web', 'a'))
  expect(planText(scene.plan(), { namespace: 'other' })).toBe(
    'Pod other/one\n  + create one: is in the commit and not on a node\n\n1 to create\n',
  )
})

test('silent nodes are shown, and what waits for them', () => {
  const scene = new Scene(2).commit(deployment('web', 'a', { replicas: 2 }))
  scene.run()
  scene.world.setReachable(1, false)
  expect(`\n${planText(scene.commit().plan())}`).toMatchInlineSnapshot(`
    "
    Deployment default/web
      - delete web-792p2w6ssg-zqh58: Deployment default/web is no longer in the repository
      ? unknown web-792p2w6ssg-kdlgn: node node-1 does not answer; Deployment default/web is no longer in the repository: is to be deleted once node node-1 answers

    Node node-1
        record Node node-1: it does not answer

    1 to delete, 1 unknown
    "
  `)
})

test('as JSON the plan holds the same, and goes through JSON.stringify whole', () => {
  const plan = new Scene().commit(barePod('one', 'a')).plan()
  const json = JSON.parse(JSON.stringify(planJson(plan)))
  expect(json).toMatchObject({
    actions: [{ kind: 'createPod', pod: 'default/one', object: 'Pod/default/one' }],
    verdicts: [{ bucket: 'create', pod: 'default/one' }],
    changes: {},
    violations: [],
  })
})
