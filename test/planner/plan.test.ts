import { expect, test } from 'vitest'
import type { Pod } from '../../engine/api/generated/types.ts'
import { nodeName, podUid } from '../../engine/api/names.ts'
import type { Action } from '../../engine/api/plan.ts'
import type { Snapshot } from '../../engine/api/snapshot.ts'
import { brokenInvariants } from '../../engine/planner/invariants.ts'
import { planJson } from '../../engine/planner/json.ts'
import { plan } from '../../engine/planner/plan.ts'
import { worldOf } from '../../engine/planner/world.ts'
import { barePod, deployment, Scene } from './scene.ts'

test('the same snapshot gives a byte-identical plan, in whatever order it was put together', () => {
  const scene = new Scene(3).commit(
    barePod('one', 'a'),
    deployment('web', 'a', { replicas: 4 }),
    deployment('api', 'a', { replicas: 3 }),
  )
  scene.run()
  scene.commit(
    barePod('two', 'a'),
    deployment('web', 'b', { replicas: 5 }),
    deployment('api', 'a', { replicas: 1 }),
  )
  for (let tick = 0; tick < 12; tick++) {
    const snapshot = scene.snapshot()
    const straight = JSON.stringify(planJson(plan(snapshot, scene.world.now)))
    expect(JSON.stringify(planJson(plan(reversed(snapshot), scene.world.now)))).toBe(straight)
    scene.run(1)
  }
})

function reversed({ busy, desired, observed, records }: Snapshot): Snapshot {
  const nodes = new Map(
    [...observed.nodes].map(([name, node]) => [name, { ...node, pods: backwards(node.pods) }]),
  )
  return {
    busy,
    desired: { ...desired, objects: backwards(desired.objects) },
    observed: { nodes: backwards(nodes) },
    records: backwards(records),
  }
}

function backwards<K, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  return new Map([...map].toReversed())
}

test('planning leaves the snapshot as it is', () => {
  const scene = new Scene().commit(barePod('one', 'a'), deployment('web', 'a'))
  scene.run()
  scene.commit(deployment('web', 'b'))
  const snapshot = scene.snapshot()
  const before = structuredClone(snapshot)
  plan(snapshot, scene.world.now)
  expect(snapshot).toEqual(before)
})

test('a snapshot without a node makes nothing and says why', () => {
  const snapshot = { ...new Scene().commit(barePod('one', 'a')).snapshot(), observed: { nodes: new Map() } }
  const result = plan(snapshot, new Scene().world.now)
  expect([result.actions, result.verdicts.map(({ reason }) => reason)]).toEqual([
    [],
    ['no nodes available to schedule pods'],
  ])
})

test('a pod whose record cannot be read makes its object wait, and the rest of the plan goes on', () => {
  const scene = new Scene().commit(deployment('web', 'a'), barePod('one', 'a'))
  scene.run()
  const { observed, ...rest } = scene.snapshot()
  const nodes = new Map(
    [...observed.nodes].map(([name, node]) => {
      const pods = new Map(
        [...node.pods].map(([uid, pod]) => {
          if (pod.record.pod.metadata.name !== 'one') return [uid, pod]
          return [uid, { ...pod, record: { ...pod.record, pod: damaged(pod.record.pod) } }]
        }),
      )
      return [name, { ...node, pods }]
    }),
  )
  const result = plan({ ...rest, observed: { nodes } }, scene.world.now)
  expect(result.violations.map(({ object }) => object)).toContain('Pod/default/one')
  expect(result.verdicts.map(({ bucket, pod }) => [pod.slice(0, 11), bucket])).toEqual([
    ['default/one', 'wait'],
    ['default/web', 'keep'],
  ])
})

/** As a damaged file would have it: no type allows for this. */
function damaged(pod: Pod): Pod {
  return { ...pod, spec: JSON.parse('{"containers": null}') }
}

test('a Pod of the commit that is named like a pod of a Deployment waits', () => {
  const scene = new Scene().commit(deployment('web', 'a'))
  scene.run()
  const { name = '' } = firstOf(scene).metadata
  const { actions, verdicts } = scene.commit(deployment('web', 'a'), barePod(name, 'a')).plan()
  expect(actions).toEqual([])
  expect(verdicts.map(({ bucket, reason }) => [bucket, reason])).toContainEqual([
    'wait',
    'another pod has its name',
  ])
})

interface Case {
  readonly name: string
  readonly actions: (scene: Scene) => readonly Action[]
  readonly invariant: string
}

/** What a planner gone wrong could plan. */
const CASES: readonly Case[] = [
  {
    name: 'deletes so many that the floor is broken',
    actions: (scene) => scene.world.pods.map((_, index) => deletion(scene, index)),
    invariant: "available pods stay at the rollout's floor",
  },
  {
    name: 'makes more than the ceiling',
    actions: (scene) => [creation(scene, 'web-x'), creation(scene, 'web-y')],
    invariant: "pods stay under the rollout's ceiling",
  },
  {
    name: 'does two things to one pod',
    actions: (scene) => [removal(scene), removal(scene)],
    invariant: 'one action for a pod',
  },
  {
    name: 'removes a pod whose deletion is not on record',
    actions: (scene) => [removal(scene)],
    invariant: 'nothing is removed whose deletion is not on record',
  },
  {
    name: 'makes a second pod of one name',
    actions: (scene) => [creation(scene, firstOf(scene).metadata.name ?? '')],
    invariant: 'never two live copies of one pod',
  },
  {
    name: 'deletes what is not there',
    actions: (scene) => [{ ...deletion(scene, 0), uid: podUid('other') }],
    invariant: 'nothing is done to what is not ours',
  },
  {
    name: 'acts on a silent node',
    actions: (scene) => {
      scene.world.setReachable(0, false)
      return [deletion(scene, 0)]
    },
    invariant: 'no action on a node that does not answer',
  },
  {
    name: 'acts on a pod that is busy',
    actions: (scene) => {
      const action = removal(scene)
      scene.world.busy.set(action.uid, action)
      return [deletion(scene, 0)]
    },
    invariant: 'no action for a busy pod',
  },
]

test.each(CASES)('a plan that $name is found out', ({ actions, invariant }) => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 3 }))
  scene.run()
  const bad = actions(scene)
  const world = worldOf(scene.snapshot(), scene.world.now)
  expect(brokenInvariants([], world)).toEqual([])
  expect(brokenInvariants(bad, world).map((violation) => violation.invariant)).toContain(invariant)
})

function firstOf(scene: Scene): Scene['world']['pods'][number]['record']['pod'] {
  const [pod] = scene.world.pods
  if (pod === undefined) throw new Error('no pod')
  return pod.record.pod
}

type Of<K extends Action['kind']> = Extract<Action, { readonly kind: K }>

function creation(scene: Scene, name: string): Of<'createPod'> {
  const action = scene.commit(barePod(name, 'a'), deployment('web', 'a', { replicas: 3 })).plan()
  const found = action.actions.find(({ kind }) => kind === 'createPod')
  const record = found?.kind === 'createPod' ? found.record : undefined
  const base = { ...deletion(scene, 0), uid: podUid(name), pod: `default/${name}` }
  return { ...base, kind: 'createPod', record: record ?? base.record }
}

function deletion(scene: Scene, index: number): Of<'deletePod'> {
  const record = scene.world.pods[index]?.record
  if (record === undefined) throw new Error('no pod')
  const { name, uid } = record.pod.metadata
  const base = { node: nodeName('node-0'), uid: podUid(uid ?? ''), pod: `default/${name}`, reason: '' }
  const web = scene.desired.objects.keys().find((key) => key.startsWith('Deployment/'))
  if (web === undefined) throw new Error('no Deployment')
  return { ...base, kind: 'deletePod', object: web, record }
}

function removal(scene: Scene): Of<'removePod'> {
  const { record: _, ...rest } = deletion(scene, 0)
  return { ...rest, kind: 'removePod' }
}
