import { expect, test } from 'vitest'
import type { ConfigMap, PersistentVolumeClaim, PodSpec } from '../../../engine/api/generated/types.ts'
import { objectKey } from '../../../engine/api/names.ts'
import type { Weather } from '../../../engine/runtimes/simulated/weather.ts'
import { createWorld, once, startEngine, type World } from './engine.ts'
import { container, deployment, desiredOf, pod } from './manifests.ts'

function settings(level: string): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'default' },
    data: { level },
  }
}

const claim: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
}

function specWith(volumes: NonNullable<PodSpec['volumes']>): PodSpec {
  return { terminationGracePeriodSeconds: 0, containers: [container('app')], volumes }
}

function only(world: World) {
  const [first] = world.node.pods.values()
  if (first === undefined) throw new Error('there is no pod')
  return first
}

test('files of a running pod follow a commit, also when the answer to that is lost', async () => {
  const world = createWorld()
  const web = pod('web', specWith([{ name: 'map', configMap: { name: 'settings' } }]))
  expect(await once(world, desiredOf('a', [web, settings('1')]))).toEqual({ kind: 'healthy' })
  const { uid, volumes } = only(world)
  const facts = world.node.facts.length
  let lost = 0
  const weather: Weather = (verb) => {
    if (verb !== 'updateVolumes') return { latencyMs: 1, fault: 'none' }
    lost += 1
    return { latencyMs: 1, fault: 'lost' }
  }
  expect(await once(world, desiredOf('b', [web, settings('2')]), { weather })).toEqual({ kind: 'healthy' })
  expect(lost).toBe(1)
  expect(only(world).uid).toBe(uid)
  expect(only(world).volumes).not.toEqual(volumes)
  expect(world.node.facts).toHaveLength(facts)
  expect(only(world).record.failures).toBeUndefined()
})

test('a claim’s data is there for the next pod, and in the trash once the claim is gone', async () => {
  const world = createWorld()
  const user = pod('db', specWith([{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]))
  expect(await once(world, desiredOf('a', [claim, user]))).toEqual({ kind: 'healthy' })
  expect([...world.node.claims]).toEqual(['default/data'])
  expect(await once(world, desiredOf('b', [claim]))).toEqual({ kind: 'healthy' })
  expect([...world.node.claims]).toEqual(['default/data'])
  expect(await once(world, desiredOf('c', []))).toEqual({ kind: 'healthy' })
  expect([...world.node.claims]).toEqual([])
  expect([...world.node.trash.keys()]).toEqual([expect.stringContaining('default/data')])
  expect(world.node.objectRecords.has(objectKey('PersistentVolumeClaim', 'default', 'data'))).toBe(false)
})

test('a pod that fills its empty directory is evicted, and its Deployment makes another one', async () => {
  const world = createWorld()
  const spec = specWith([{ name: 'cache', emptyDir: { sizeLimit: '1Mi' } }])
  const engine = startEngine(world, desiredOf('a', [deployment('web', { replicas: 1 }, spec)]))
  await world.clock.runUntil(engine.loop.untilHealthy({ timeoutMs: 60_000 }))
  const { uid } = only(world)
  world.node.diskBytes.set(uid, { cache: 2 ** 20 })
  await world.clock.runFor(30_000)
  expect(only(world).uid).toBe(uid)
  const reasons = new Set<string | undefined>()
  world.node.onRecord = ({ record }) => reasons.add(record.ended?.reason)
  world.node.diskBytes.set(uid, { cache: 2 ** 20 + 1 })
  await world.clock.runFor(30_000)
  expect([...world.node.pods.keys()]).not.toContain(uid)
  expect(world.node.pods.size).toBe(1)
  expect(reasons).toContain('Evicted')
  await engine.stop()
  expect(world.log.filter(({ level }) => level === 'error')).toEqual([])
})
