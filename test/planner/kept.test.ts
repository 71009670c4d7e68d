import { expect, test } from 'vitest'
import type { ConfigMap, KubernetesObject, PersistentVolumeClaim } from '../../engine/api/generated/types.ts'
import { objectKey } from '../../engine/api/names.ts'
import { withKept } from '../../engine/planner/kept.ts'
import { verdict } from '../../engine/reconciler/outcome.ts'
import { barePod, deployment, kinds, Scene } from './scene.ts'
import { daemonSet, statefulSet } from './sets.ts'

function neverPruned<T extends KubernetesObject>(object: T): T {
  const annotations = { ...object.metadata?.annotations, 'reconcile.dev/prune': 'false' }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

const REASON = 'no longer in the repository, kept because of reconcile.dev/prune: "false"'
const other = barePod('other', '1')

test.each([
  deployment('x', '1', { replicas: 2 }),
  statefulSet('x', '1'),
  daemonSet('x', '1'),
  barePod('x', '1'),
])(
  'a $kind that is never pruned stays when it has left the repository, and what goes of it is made again',
  (object) => {
    const scene = new Scene().commit(neverPruned(object), other)
    scene.run()
    const before = scene.world.pods.length
    const plan = scene.commit(other).run()
    expect(scene.world.pods).toHaveLength(before)
    const key = objectKey(object.kind, 'default', 'x')
    expect(plan.kept).toEqual(new Map([[key, REASON]]))
    expect(plan.statuses.get(key)?.health).toEqual({ kind: 'healthy' })
    expect(verdict(plan, scene.snapshot(), () => false)).toEqual({ kind: 'healthy' })
    for (const node of scene.world.nodes) {
      for (const [uid, { record }] of node.pods)
        if (record.pod.metadata.name !== 'other') node.pods.delete(uid)
    }
    scene.run()
    expect(scene.world.pods).toHaveLength(before)
  },
)

test('it goes with the next commit once it has been back without the annotation', () => {
  const scene = new Scene().commit(neverPruned(deployment('web', '1')), other)
  scene.run()
  scene.commit(other).run()
  const back = scene.commit(deployment('web', '1'), other).run()
  expect(back.kept).toBeUndefined()
  expect([...scene.world.records.keys()].filter((key) => key.startsWith('Kept/'))).toEqual([])
  scene.commit(other).run()
  expect(scene.world.pods).toHaveLength(1)
})

test('what it was last like in the repository is what is kept', () => {
  const scene = new Scene().commit(neverPruned(deployment('web', '1')))
  scene.run()
  scene.commit(neverPruned(deployment('web', '2'))).run()
  scene.commit(other).run()
  expect(scene.tags()).toEqual(['1', '2'])
})

test('a claim that is never pruned keeps its data', () => {
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
  const pod = barePod('db', '1')
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }]
  const scene = new Scene().commit(neverPruned(claim), { ...pod, spec: { ...pod.spec, volumes } })
  scene.run()
  scene.commit(other).run()
  expect(scene.world.trashed).toEqual([])
  expect(scene.world.records.has(objectKey('PersistentVolumeClaim', 'default', 'data'))).toBe(true)
})

test('configuration that is never pruned is there for those who carry plans out, and a Secret is never remembered', () => {
  const config: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'config', namespace: 'default' },
    data: { key: 'value' },
  }
  const secret = { ...config, kind: 'Secret', data: { key: 'dmFsdWU=' } } as const
  const scene = new Scene().commit(neverPruned(config), neverPruned(secret), other)
  scene.run()
  const { desired, records } = scene.commit(other).snapshot()
  expect([...withKept(desired, records).objects.keys()]).toEqual([
    'Pod/default/other',
    'ConfigMap/default/config',
  ])
  expect(JSON.stringify([...records.values()])).not.toContain('dmFsdWU=')
})

test('what is remembered is written before anything else is done, and only once', () => {
  const scene = new Scene().commit(neverPruned(barePod('one', '1')))
  expect(scene.plan().actions.map(({ kind }) => kind)).toEqual(['writeRecord', 'createPod'])
  expect(kinds(scene.run())).toEqual([])
})

test('taking everything down takes what is never pruned, too', () => {
  const scene = new Scene().commit(neverPruned(deployment('web', '1')))
  scene.run()
  const snapshot = scene.snapshot()
  const desired = { ...snapshot.desired, objects: new Map<never, never>(), keepsClaims: true as const }
  expect(kinds(scene.planOf({ ...snapshot, desired }))).toContain('deletePod')
})

test('pods of a node that does not answer, or was never read, are not pruned when their objects leave', () => {
  const scene = new Scene(2).commit(deployment('web', '1', { replicas: 2 }), barePod('one', '1'))
  scene.run()
  scene.commit(other)
  scene.world.setReachable(0, false)
  const silent = scene.plan().actions.filter((action) => 'node' in action && action.node === 'node-0')
  expect(silent).toEqual([])
  scene.world.setReachable(0, true)
  scene.unread('node-1')
  const { actions } = scene.plan()
  // What is to go on the node that answers goes; no record does, for the other node may have pods that need it.
  expect(actions.filter(({ kind }) => kind === 'deleteRecord')).toEqual([])
  expect(actions.filter((action) => 'node' in action && action.node === 'node-1')).toEqual([])
})
