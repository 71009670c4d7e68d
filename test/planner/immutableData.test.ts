import { expect, test } from 'vitest'
import type { ConfigMap, Secret } from '../../engine/api/generated/types.ts'
import { objectKey } from '../../engine/api/names.ts'
import { Scene } from './scene.ts'

function map(level: string, more: Partial<ConfigMap> = {}): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'default' },
    immutable: true,
    data: { level },
    ...more,
  }
}

function secret(data: Partial<Secret>): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'token', namespace: 'default' },
    immutable: true,
    ...data,
  }
}

const KEY = objectKey('ConfigMap', 'default', 'settings')

test('an immutable ConfigMap that changes has failed, in the words of Kubernetes, until it is as it was', () => {
  const scene = new Scene().commit(map('1'))
  scene.run()
  expect(scene.plan().statuses.get(KEY)).toBeUndefined()
  scene.commit(map('2'))
  expect(scene.report('ConfigMap', 'settings', scene.run()).health).toMatchObject({
    kind: 'failed',
    reason: 'Invalid',
    message: expect.stringContaining(
      'ConfigMap "settings" is invalid: data: Forbidden: field is immutable when `immutable` is set',
    ),
  })
  scene.commit(map('2', { immutable: false }))
  expect(scene.report('ConfigMap', 'settings', scene.run()).health).toMatchObject({
    message: expect.stringContaining('immutable: Forbidden'),
  })
  scene.commit(map('1'))
  expect(scene.run().statuses.get(KEY)).toBeUndefined()
})

test('the annotation to replace it allows the change, and a name that is free again remembers nothing', () => {
  const metadata = {
    name: 'settings',
    namespace: 'default',
    annotations: { 'reconcile.dev/replace': 'true' },
  }
  const scene = new Scene().commit(map('1'))
  scene.run()
  scene.commit(map('2', { metadata }))
  expect(scene.run().statuses.get(KEY)).toBeUndefined()
  scene.commit(map('2'))
  expect(scene.run().statuses.get(KEY)).toBeUndefined()
  scene.commit()
  scene.run()
  expect(scene.world.records.has(KEY)).toBe(false)
  scene.commit(map('3'))
  expect(scene.run().statuses.get(KEY)).toBeUndefined()
})

test('what may change leaves no record, and a Secret is the same however it is written', () => {
  const scene = new Scene().commit(map('1', { immutable: false }), secret({ stringData: { token: 'hush' } }))
  scene.run()
  expect([...scene.world.records.keys()]).toEqual(['Secret/default/token'])
  expect(JSON.stringify([...scene.world.records.values()])).not.toMatch(/hush|aHVzaA/)
  scene.commit(secret({ data: { token: 'aHVz\naA==' } }))
  expect(scene.run().statuses.has(objectKey('Secret', 'default', 'token'))).toBe(false)
  expect(scene.plan().actions).toEqual([])
})
