import { expect, test } from 'vitest'
import type { PersistentVolumeClaim, Pod, PodSpec } from '../../engine/api/generated/types.ts'
import { objectKey } from '../../engine/api/names.ts'
import type { Plan } from '../../engine/api/plan.ts'
import { barePod, deployment, Scene } from './scene.ts'
import { statefulSet } from './sets.ts'

type ClaimSpec = PersistentVolumeClaim['spec']

function claim(name: string, changes: Partial<ClaimSpec> = {}): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...changes },
  }
}

function using(name: string, ...claims: readonly string[]): Pod {
  return withVolumes(
    barePod(name, '1'),
    claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
  )
}

function withVolumes(pod: Pod, volumes: NonNullable<PodSpec['volumes']>): Pod {
  return { ...pod, spec: { ...pod.spec, volumes } }
}

const key = (name: string) => objectKey('PersistentVolumeClaim', 'default', name)

function nodeOf(scene: Scene, name: string): string | undefined {
  return scene.world.records.get(key(name))?.object.metadata.annotations?.[
    'volume.kubernetes.io/selected-node'
  ]
}

function pending(plan: Plan): readonly string[] {
  return plan.verdicts.filter(({ bucket }) => bucket === 'wait').map(({ pod, reason }) => `${pod}: ${reason}`)
}

function nodesOf(scene: Scene): readonly string[] {
  return scene.world.pods.map(({ record }) => record.node)
}

test('a claim waits for its first pod, and is bound to the node of that one before it is made', () => {
  const scene = new Scene(3).commit(claim('data'))
  scene.run()
  expect(scene.report('PersistentVolumeClaim', 'data')).toMatchObject({
    health: { kind: 'healthy' },
    status: { phase: 'Pending' },
  })
  scene.commit(claim('data'), using('db', 'data'))
  const kinds = scene.plan().actions.map(({ kind }) => kind)
  expect(kinds).toEqual(['writeRecord', 'createPod'])
  scene.run()
  expect([nodeOf(scene, 'data')]).toEqual(nodesOf(scene))
  expect(scene.report('PersistentVolumeClaim', 'data').status).toEqual({
    phase: 'Bound',
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
  })
  expect(scene.plan().actions).toEqual([])
})

test('every later pod goes where the claim is, also those of one plan', () => {
  const scene = new Scene(3).commit(claim('data'), using('a', 'data'), using('b', 'data'), using('c', 'data'))
  scene.run()
  expect(new Set(nodesOf(scene)).size).toBe(1)
  const node = nodeOf(scene, 'data')
  scene.commit(claim('data'), using('d', 'data'))
  scene.run()
  expect(nodesOf(scene)).toEqual([node])
})

test('claims on two nodes leave no node for a pod that wants both', () => {
  const scene = new Scene(2).commit(claim('one'), claim('two'), using('a', 'one'), using('b', 'two'))
  scene.run()
  expect(nodeOf(scene, 'one')).not.toBe(nodeOf(scene, 'two'))
  scene.commit(claim('one'), claim('two'), using('both', 'one', 'two'))
  expect(pending(scene.run())).toEqual([
    expect.stringMatching(
      /^default\/both: 0\/2 nodes are available: 2 node\(s\) had volume node affinity conflict/,
    ),
  ])
})

test('a record that was lost is made again from the pod that uses the claim', () => {
  const scene = new Scene(3).commit(claim('data'), using('db', 'data'))
  scene.run()
  const node = nodeOf(scene, 'data')
  scene.world.records.delete(key('data'))
  scene.run()
  expect(nodeOf(scene, 'data')).toBe(node)
})

test('ReadWriteOncePod is for one pod at a time', () => {
  const only = claim('data', { accessModes: ['ReadWriteOncePod'] })
  const scene = new Scene(2).commit(only, using('a', 'data'), using('b', 'data'))
  expect(pending(scene.run())).toEqual([
    'default/b: 0/2 nodes are available: node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.',
  ])
  scene.commit(only, using('b', 'data'))
  expect(pending(scene.run())).toEqual([])
})

test('another storage class is nobody’s, and pods wait', () => {
  const scene = new Scene().commit(claim('data', { storageClassName: 'fast' }), using('db', 'data'))
  expect(pending(scene.run())).toEqual([
    'default/db: 0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
  ])
  expect(scene.report('PersistentVolumeClaim', 'data').health).toEqual({
    kind: 'failed',
    reason: 'ProvisioningFailed',
    message: expect.stringContaining('storageclass.storage.k8s.io "fast" not found'),
  })
})

test('a claim that is not there makes its pod wait, in the words of Kubernetes', () => {
  const scene = new Scene().commit(using('db', 'data'))
  expect(pending(scene.run())).toEqual([
    'default/db: 0/1 nodes are available: persistentvolumeclaim "data" not found',
  ])
})

test('outlives its pods, and its data goes once it has left the commit and no pod uses it', () => {
  const scene = new Scene(2).commit(claim('data'), using('db', 'data'))
  scene.run()
  scene.commit(claim('data'))
  scene.run()
  expect(scene.world.records.has(key('data'))).toBe(true)
  scene.commit(claim('data'), using('db', 'data'))
  scene.run()
  scene.commit()
  const first = scene.plan().actions.map(({ kind }) => kind)
  expect(first).not.toContain('deleteClaim')
  expect(scene.report('PersistentVolumeClaim', 'data').health).toEqual({
    kind: 'progressing',
    message: 'goes once pod default/db is gone',
  })
  scene.run()
  expect(scene.world.records.has(key('data'))).toBe(false)
  expect(scene.world.trashed).toEqual([key('data')])
})

test('nothing of a claim is deleted while its node is silent, or while there may be pods that nobody has read', () => {
  const scene = new Scene(2).commit(claim('data'), using('db', 'data'))
  scene.run()
  scene.commit(claim('data'))
  scene.run()
  scene.commit()
  const node = scene.world.nodes.findIndex(({ name }) => name === nodeOf(scene, 'data'))
  scene.world.setReachable(node, false)
  expect(scene.plan().actions.map(({ kind }) => kind)).not.toContain('deleteClaim')
  scene.world.setReachable(node, true)
  scene.unreadable('node-0', 'a pod of another version')
  expect(scene.plan().actions).toEqual([])
})

test('a change that may not be made leaves the old spec in force and is told; a larger size is taken', () => {
  const scene = new Scene().commit(claim('data'), using('db', 'data'))
  scene.run()
  scene.commit(claim('data', { accessModes: ['ReadWriteMany'] }), using('db', 'data'))
  scene.run()
  expect(scene.report('PersistentVolumeClaim', 'data')).toMatchObject({
    health: {
      kind: 'failed',
      reason: 'Invalid',
      message: expect.stringContaining('spec is immutable after creation'),
    },
    status: { accessModes: ['ReadWriteOnce'] },
  })
  scene.commit(claim('data', { resources: { requests: { storage: '2Gi' } } }), using('db', 'data'))
  scene.run()
  expect(scene.report('PersistentVolumeClaim', 'data')).toMatchObject({
    health: { kind: 'healthy' },
    status: { capacity: { storage: '2Gi' } },
  })
})

const scratch = {
  name: 'scratch',
  ephemeral: { volumeClaimTemplate: { spec: claim('').spec } },
}

test('an ephemeral volume has a claim of its own, which goes with the pod', () => {
  const scene = new Scene(2).commit(withVolumes(barePod('db', '1'), [scratch]))
  scene.run()
  const record = scene.world.records.get(key('db-scratch'))
  expect(record?.object.metadata.ownerReferences).toEqual([
    expect.objectContaining({ kind: 'Pod', name: 'db', uid: scene.world.pods[0]?.record.pod.metadata.uid }),
  ])
  expect([nodeOf(scene, 'db-scratch')]).toEqual(nodesOf(scene))
  scene.commit()
  scene.run()
  expect(scene.world.records.has(key('db-scratch'))).toBe(false)
})

test('a claim of that name that is another’s is not taken for it', () => {
  const scene = new Scene().commit(claim('db-scratch'), withVolumes(barePod('db', '1'), [scratch]))
  expect(pending(scene.run())).toEqual([
    'default/db: 0/1 nodes are available: PVC "default/db-scratch" was not created for pod "default/db" (pod is not owner)',
  ])
})

test('claims of a StatefulSet bind with its pods, stay when it is scaled down, and bring them back where they are', () => {
  const template = { metadata: { name: 'data', namespace: '' }, spec: claim('').spec }
  const set = (replicas: number) => statefulSet('web', 'a', { replicas, volumeClaimTemplates: [template] })
  const scene = new Scene(3).commit(set(2))
  scene.run()
  const nodes = [nodeOf(scene, 'data-web-0'), nodeOf(scene, 'data-web-1')]
  expect(nodes).toEqual(nodesOf(scene))
  scene.commit(set(0))
  scene.run()
  expect([nodeOf(scene, 'data-web-0'), nodeOf(scene, 'data-web-1')]).toEqual(nodes)
  scene.commit(set(2))
  scene.run()
  expect(nodesOf(scene)).toEqual(nodes)
  expect(scene.plan().actions).toEqual([])
  scene.commit()
  scene.run()
  expect(scene.world.trashed).toEqual([])
})

test('claims of a StatefulSet that wants them deleted go with it', () => {
  const template = { metadata: { name: 'data', namespace: '' }, spec: claim('').spec }
  const set = statefulSet('web', 'a', {
    replicas: 1,
    volumeClaimTemplates: [template],
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
  })
  const scene = new Scene().commit(set)
  scene.run()
  scene.commit()
  scene.run()
  expect(scene.world.trashed).toEqual([key('data-web-0')])
})

test('a template that asks for it rolls its pods when what they refer to changes, and tells nothing of it', () => {
  const annotations = { 'reconcile.dev/restart-on-config-change': 'true' }
  const base = deployment('web', '1')
  const [own] = base.spec.template.spec.containers
  const spec = {
    ...base.spec.template.spec,
    containers: own === undefined ? [] : [{ ...own, envFrom: [{ secretRef: { name: 'token' } }] }],
  }
  const rolling = {
    ...base,
    spec: {
      ...base.spec,
      template: { metadata: { labels: { app: 'web' }, annotations }, spec },
    },
  }
  const secret = (text: string) =>
    ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'token', namespace: 'default' },
      stringData: { text },
    }) as const
  const scene = new Scene().commit(rolling, secret('hush'))
  scene.run()
  const before = scene.world.pods.map(({ record }) => record.pod.metadata.uid)
  scene.commit(rolling, secret('hush'))
  expect(scene.plan().actions).toEqual([])
  scene.commit(rolling, secret('quiet'))
  const plan = scene.run()
  expect(scene.world.pods.map(({ record }) => record.pod.metadata.uid)).not.toEqual(before)
  expect(JSON.stringify([plan, [...scene.world.records.values()]])).not.toMatch(/hush|quiet/)
})

test('a copy of a claim is made where its source is, once that is somewhere', () => {
  const dataSource = { kind: 'PersistentVolumeClaim', name: 'data' }
  const copy = claim('copy', { dataSource })
  const scene = new Scene(5).commit(claim('data'), copy, using('reader', 'copy'))
  scene.run()
  expect(pending(scene.plan()).join()).toContain(
    'the claim default/data that is to be copied is not bound: no pod has used it yet',
  )
  scene.commit(claim('data'), copy, using('reader', 'copy'), using('writer', 'data'))
  scene.run()
  expect(nodeOf(scene, 'copy')).toBe(nodeOf(scene, 'data'))
  expect(scene.world.pods).toHaveLength(2)
})

test('a copy of a claim that is not there waits', () => {
  const dataSourceRef = { kind: 'PersistentVolumeClaim', name: 'nothing' }
  const scene = new Scene(1).commit(claim('copy', { dataSourceRef }), using('reader', 'copy'))
  scene.run()
  expect(pending(scene.plan()).join()).toContain(
    'the claim default/nothing that is to be copied does not exist',
  )
})
