import { expect, test } from 'vitest'
import type { HorizontalPodAutoscaler, KubernetesObject, Pod } from '../../engine/api/generated/types.ts'
import { objectKey, type ObjectKey } from '../../engine/api/names.ts'
import type { Plan } from '../../engine/api/plan.ts'
import { resume, suspend } from '../../engine/api/syncWords.ts'
import { suspendProblem } from '../../engine/planner/suspendable.ts'
import { planText } from '../../engine/planner/text.ts'
import { verdict } from '../../engine/reconciler/outcome.ts'
import { barePod, deployment, minutely, Scene } from './scene.ts'
import { statefulSet } from './sets.ts'

const AT = '2026-01-01T00:00:00Z'
const web = objectKey('Deployment', 'default', 'web')

function suspended(scene: Scene, ...objects: readonly ObjectKey[]): Scene {
  for (const object of objects) {
    scene.remember((memory) => {
      const said = suspend(memory, object, AT)
      if (said.kind === 'refused') throw new Error(said.message)
      return said.memory
    })
  }
  return scene
}

function resumed(scene: Scene, object: ObjectKey): Scene {
  return scene.remember((memory) => {
    const said = resume(memory, object)
    if (said.kind === 'refused') throw new Error(said.message)
    return said.memory
  })
}

function inDetectMode<T extends KubernetesObject>(object: T): T {
  const annotations = { ...object.metadata?.annotations, 'reconcile.dev/sync-mode': 'detect' }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

function would(plan: Plan, object: ObjectKey): readonly string[] | undefined {
  return plan.leftAlone?.get(object)?.would
}

/** Without those that remember what outlives its manifest. */
function actions({ actions: all }: Plan): readonly string[] {
  return all
    .filter(({ object }) => !object.startsWith('Kept/'))
    .map(({ kind, object }) => `${kind} ${object}`)
}

test('a suspended Deployment stays as it is while the commit asks for another image, and others go on', () => {
  const scene = new Scene().commit(deployment('web', '1'), deployment('api', '1'))
  scene.run()
  suspended(scene, web)
  scene.commit(deployment('web', '2'), deployment('api', '2'))
  const plan = scene.run()
  expect(scene.tags()).toEqual(['1', '2'])
  expect(plan.leftAlone?.get(web)).toMatchObject({ by: 'suspended', since: AT })
  expect(would(plan, web)).toEqual([expect.stringMatching(/^would create default\/web-/)])
  expect(planText(plan)).toContain(`suspended since ${AT}: left as it is`)
  expect(plan.changes.get(web)).toBeDefined()
  resumed(scene, web).run()
  expect(scene.tags()).toEqual(['2', '2'])
})

test('a suspended Deployment is not scaled, and pods of it that vanish are not made again', () => {
  const scene = new Scene().commit(deployment('web', '1', { replicas: 2 }))
  scene.run()
  suspended(scene, web).commit(deployment('web', '1', { replicas: 5 }))
  expect(actions(scene.plan())).toEqual([])
  for (const node of scene.world.nodes) node.pods.clear()
  const plan = scene.plan()
  expect(actions(plan)).toEqual([])
  expect(would(plan, web)).toHaveLength(5)
})

test('what is suspended and has left the repository stays, until it is resumed', () => {
  const scene = new Scene().commit(deployment('web', '1'), barePod('other', '1'))
  scene.run()
  suspended(scene, web).commit(barePod('other', '1'))
  const plan = scene.run()
  expect(scene.world.pods).toHaveLength(2)
  expect(would(plan, web)).toEqual([
    expect.stringMatching(/would delete default\/web-.*no longer in the repository/),
  ])
  resumed(scene, web).run()
  expect(scene.world.pods).toHaveLength(1)
})

test('nothing is done to a container of a suspended pod, not even what its probes or its state ask for', () => {
  const pod = barePod('one', '1')
  const scene = new Scene().commit(pod)
  scene.run()
  const key = objectKey('Pod', 'default', 'one')
  suspended(scene, key)
  scene.world.reboot(0)
  const plan = scene.plan()
  expect(actions(plan)).toEqual([])
  expect(would(plan, key)).toEqual([expect.stringMatching(/^would make again default\/one/)])
  expect(resumed(scene, key).plan().actions).not.toEqual([])
})

test('a pod that is being deleted when its object is suspended is brought to its end, and none comes after it', () => {
  const scene = new Scene().commit(barePod('one', '1'))
  scene.run()
  for (const action of scene.commit(barePod('one', '2')).plan().actions) scene.world.apply(action, 'whole')
  suspended(scene, objectKey('Pod', 'default', 'one'))
  const plan = scene.run()
  expect(scene.world.pods).toEqual([])
  expect(would(plan, objectKey('Pod', 'default', 'one'))).toEqual([
    expect.stringMatching(/^would create default\/one/),
  ])
})

test('a suspended CronJob starts no Jobs, and those that it has are left alone with their pods', () => {
  const tick = minutely('tick')
  const scene = new Scene().commit(tick)
  scene.run()
  scene.world.pass(61)
  scene.run(5)
  expect(scene.world.pods).toHaveLength(1)
  suspended(scene, objectKey('CronJob', 'default', 'tick'))
  const [pod] = scene.world.pods
  if (pod === undefined) throw new Error('no pod')
  scene.world.end(pod, 0)
  scene.world.pass(61)
  expect(actions(scene.plan())).toEqual([])
  expect(actions(resumed(scene, objectKey('CronJob', 'default', 'tick')).plan())).not.toEqual([])
})

test('a suspended StatefulSet keeps its pods and its claims when it leaves the repository', () => {
  const spec = { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '1Gi' } } }
  const db = statefulSet('db', '1', {
    replicas: 1,
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec }],
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
  })
  const scene = new Scene().commit(db)
  scene.run()
  suspended(scene, objectKey('StatefulSet', 'default', 'db')).commit()
  for (const node of scene.world.nodes) node.pods.clear()
  scene.run()
  expect(scene.world.records.has(objectKey('PersistentVolumeClaim', 'default', 'data-db-0'))).toBe(true)
  expect(scene.world.trashed).toEqual([])
})

test('pods of what is suspended make room for nobody', () => {
  const low = (pod: Pod, priority: number): Pod => ({
    ...pod,
    spec: {
      ...pod.spec,
      priority,
      containers: [
        { name: 'app', image: 'registry.example/app:1', ports: [{ containerPort: 80, hostPort: 80 }] },
      ],
    },
  })
  const scene = new Scene().commit(low(barePod('low', '1'), 0))
  scene.run()
  suspended(scene, objectKey('Pod', 'default', 'low'))
  scene.commit(low(barePod('low', '1'), 0), low(barePod('high', '1'), 100))
  expect(actions(scene.plan())).toEqual([])
  const free = resumed(scene, objectKey('Pod', 'default', 'low')).plan()
  expect(actions(free)).toEqual(['deletePod Pod/default/low'])
})

test('an autoscaler whose target is suspended scales nothing, and a suspended one leaves the number as it is', () => {
  const hpa: HorizontalPodAutoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 3,
      maxReplicas: 5,
    },
  }
  const scene = new Scene().commit(deployment('web', '1', { replicas: 2 }))
  scene.run()
  suspended(scene, web).commit(deployment('web', '1', { replicas: 2 }), hpa)
  expect(actions(scene.plan())).toEqual([])
  resumed(scene, web).run()
  expect(scene.world.pods).toHaveLength(3)
  const key = objectKey('HorizontalPodAutoscaler', 'default', 'web')
  suspended(scene, key).commit(deployment('web', '1', { replicas: 2 }), {
    ...hpa,
    spec: { ...hpa.spec, minReplicas: 5 },
  })
  expect(actions(scene.plan())).toEqual([])
})

test('in detect mode of the whole Cluster nothing is done at all, and the drift of each object is told', () => {
  const scene = new Scene().sync({ mode: 'detect' }).commit(deployment('web', '1'), barePod('one', '1'))
  const plan = scene.plan()
  expect(plan.actions).toEqual([])
  expect(plan.verdicts.map(({ bucket }) => bucket)).toEqual(['wait', 'wait'])
  expect([...(plan.leftAlone?.values() ?? [])].map(({ by, would: all }) => [by, all.length])).toEqual([
    ['detect', 1],
    ['detect', 1],
  ])
  expect(scene.report('Deployment', 'web', plan).health).toMatchObject({ kind: 'failed', reason: 'Drifted' })
  const held = scene.sync({}).plan()
  expect(held.leftAlone).toBeUndefined()
  expect(held.actions).not.toEqual([])
})

test('an object in detect mode is left alone, one that says heal is put right whatever the Cluster says', () => {
  const scene = new Scene().commit(inDetectMode(deployment('web', '1')), deployment('api', '1'))
  expect(new Set(scene.plan().actions.flatMap((action) => ('uid' in action ? [action.object] : [])))).toEqual(
    new Set([objectKey('Deployment', 'default', 'api')]),
  )
  const heals = deployment('api', '1')
  const annotated = {
    ...heals,
    metadata: { ...heals.metadata, annotations: { 'reconcile.dev/sync-mode': 'heal' } },
  }
  scene.sync({ mode: 'detect' }).commit(deployment('web', '1'), annotated).run()
  expect(scene.world.pods).toHaveLength(1)
})

test('an object in detect mode that has no drift is as healthy as it is', () => {
  const scene = new Scene().commit(deployment('web', '1'))
  scene.run()
  const plan = scene.commit(inDetectMode(deployment('web', '1'))).run()
  expect(scene.report('Deployment', 'web', plan).health).toEqual({ kind: 'healthy' })
  expect(would(plan, web)).toEqual([])
})

test('an object in detect mode stays when it has left the repository', () => {
  const scene = new Scene().commit(inDetectMode(deployment('web', '1')))
  scene.sync({ mode: 'heal' })
  scene.world.records.clear()
  scene.commit(deployment('web', '1')).run()
  scene.commit(inDetectMode(deployment('web', '1'))).run()
  const plan = scene.commit(barePod('other', '1')).run()
  expect(scene.world.pods).toHaveLength(2)
  expect(plan.kept?.get(web)).toBe(
    'no longer in the repository, kept because of reconcile.dev/sync-mode: detect',
  )
})

test('whoever waits does not wait for what is suspended, and is told of drift as a failure', () => {
  const scene = new Scene().commit(deployment('web', '1'))
  scene.run()
  suspended(scene, web).commit(deployment('web', '2'))
  const ignore = () => false
  expect(verdict(scene.run(), scene.snapshot(), ignore)).toEqual({ kind: 'healthy' })
  resumed(scene, web).commit(inDetectMode(deployment('web', '2')))
  expect(verdict(scene.run(), scene.snapshot(), ignore)).toMatchObject({
    kind: 'failed',
    objects: [{ object: web, health: { reason: 'Drifted' } }],
  })
})

test('taking everything down means what is suspended as well', () => {
  const scene = new Scene().commit(deployment('web', '1'))
  scene.run()
  suspended(scene, web)
  const snapshot = scene.snapshot()
  const desired = { ...snapshot.desired, objects: new Map<never, never>(), keepsClaims: true as const }
  expect(scene.planOf({ ...snapshot, desired }).actions.map(({ kind }) => kind)).toContain('deletePod')
})

test.each([
  ['Deployment/default/web', undefined],
  ['Deployment/default/gone', 'there is no Deployment default/gone'],
  ['ConfigMap/default/any', 'nothing runs of ConfigMap default/any by itself: suspend what uses it'],
  ['Pod/default/one', undefined],
  ['ReplicaSet', 'is made from Deployment default/web: suspend that one'],
  ['Pod', 'is a pod of Deployment default/web: suspend that one'],
] as const)('suspending %s: %s', (asked, problem) => {
  const scene = new Scene().commit(deployment('web', '1'), barePod('one', '1'))
  scene.run()
  const set = [...scene.world.records.keys()].find((key) => key.startsWith('ReplicaSet/'))
  const pod = scene.world.pods.find(({ record }) => record.pod.metadata.ownerReferences !== undefined)
  const made = asked === 'ReplicaSet' ? set : `Pod/default/${pod?.record.pod.metadata.name}`
  const [kind = '', namespace, name = ''] = (asked.includes('/') ? asked : (made ?? '')).split('/')
  const found = suspendProblem(objectKey(kind, namespace, name), scene.snapshot())
  if (problem === undefined) expect(found).toBeUndefined()
  else expect(found).toContain(problem)
})

test('resuming what is not suspended names what is', () => {
  const memory = { suspended: [{ object: web, since: AT }] }
  expect(resume(memory, objectKey('Pod', 'default', 'x'))).toEqual({
    kind: 'refused',
    message: 'Pod default/x is not suspended; suspended: Deployment default/web',
  })
})
