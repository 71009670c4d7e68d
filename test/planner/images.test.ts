import { expect, test } from 'vitest'
import { objectKey } from '../../engine/api/names.ts'
import type { ObjectRecord } from '../../engine/api/records.ts'
import { imagesWanted } from '../../engine/planner/images.ts'
import { commitOf } from '../simulation/wanted.ts'

test('the images of the commit and of the revisions on record are wanted, each once', () => {
  const desired = commitOf([
    { kind: 'Pod', name: 'a', tag: '1', label: 'red' },
    { kind: 'Pod', name: 'b', tag: '1', label: 'red' },
  ])
  const key = objectKey('ReplicaSet', 'default', 'web-old')
  const template = {
    metadata: {},
    spec: { containers: [{ name: 'app', image: 'old' }], initContainers: [{ name: 'init', image: 'older' }] },
  }
  const record: ObjectRecord = {
    recordVersion: 1,
    generation: 1,
    key,
    commit: 'x',
    object: { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'web-old' }, spec: { template } },
  }
  expect(imagesWanted({ desired, records: new Map([[key, record]]) })).toEqual(
    [...new Set(['old', 'older', ...imagesWanted({ desired, records: new Map() })])].toSorted(),
  )
  expect(imagesWanted({ desired, records: new Map() })).toHaveLength(1)
})
