import { expect, test } from 'vitest'
import { type ObjectKey, objectKey } from '../../engine/api/names.ts'
import type { Action } from '../../engine/api/plan.ts'
import { type ObjectRecord, RECORD_VERSION } from '../../engine/api/records.ts'
import { claimViolations } from '../../engine/planner/claims/invariants.ts'
import { worldOf } from '../../engine/planner/world.ts'
import { Scene } from './scene.ts'

const key = (name: string): ObjectKey => objectKey('PersistentVolumeClaim', 'default', name)

function bound(name: string, volumeName: string): ObjectRecord {
  const metadata = { name, annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }
  const object = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: { volumeName } } as const
  return { recordVersion: RECORD_VERSION, generation: 1, key: key(name), commit: '', object }
}

function writing(name: string, volume: string): Action {
  return { kind: 'writeRecord', object: key(name), record: bound(name, volume), reason: '' }
}

test('a plan that gives a volume to a second claim is broken', () => {
  const scene = new Scene()
  const world = worldOf(scene.snapshot(), scene.world.now)
  const broken = (...actions: readonly Action[]): readonly ObjectKey[] =>
    claimViolations(actions, world).map(({ object }) => object)
  expect(broken(writing('a', 'v'), writing('b', 'w'))).toEqual([])
  expect(broken(writing('a', 'v'), writing('b', 'v'))).toEqual([key('b')])
  scene.world.records.set(key('old'), bound('old', 'v'))
  const later = worldOf(scene.snapshot(), scene.world.now)
  expect(claimViolations([writing('old', 'v'), writing('a', 'v')], later)).toMatchObject([
    { invariant: 'no two claims on one volume', object: key('a') },
  ])
})
