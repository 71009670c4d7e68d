import { expect, test } from 'vitest'
import { nodeName, type ObjectKey } from '../../engine/api/names.ts'
import { nodeKey, nodeMemory } from '../../engine/api/nodeRecords.ts'
import { type NodeWord, parseNodeWord, recordOfWord } from '../../engine/api/nodeWords.ts'
import type { ObjectRecord } from '../../engine/api/records.ts'

const NODE = nodeName('rack-1')
const AT = '2026-01-01T00:00:00Z'
const TAINT = { key: 'gone', effect: 'NoExecute', timeAdded: AT } as const

function after(...words: readonly NodeWord[]) {
  let records: ReadonlyMap<ObjectKey, ObjectRecord> = new Map()
  for (const word of words) {
    const record = recordOfWord({ word, commit: 'c', at: AT }, records)
    records = new Map([[record.key, record]])
  }
  const record = records.get(nodeKey(NODE))
  return { memory: nodeMemory(record), generation: record?.generation }
}

const cordon: NodeWord = { kind: 'cordon', node: NODE }
const drain: NodeWord = { kind: 'drain', node: NODE, options: { force: true } }

test.each<readonly [readonly NodeWord[], unknown]>([
  [[cordon], { unschedulable: true }],
  [[drain], { unschedulable: true, drain: { force: true, startedAt: AT } }],
  [[drain, cordon], { unschedulable: true, drain: { force: true, startedAt: AT } }],
  [[drain, { kind: 'keepPods', node: NODE }], { unschedulable: true }],
  [[drain, { kind: 'uncordon', node: NODE }], {}],
])('after %j a node is remembered as %j', (words, memory) => {
  expect(after(...words)).toEqual({ memory, generation: words.length })
})

test('what else is remembered of a node stays', () => {
  const { key, ...record } = recordOfWord({ word: cordon, commit: 'c', at: AT }, new Map())
  const spec = { taints: [TAINT], drainedSince: AT }
  const before: ObjectRecord = { ...record, key, object: { ...record.object, spec } }
  const next = recordOfWord({ word: drain, commit: 'c', at: AT }, new Map([[key, before]]))
  expect(nodeMemory(next)).toMatchObject({ taints: [TAINT], drainedSince: AT, unschedulable: true })
})

test.each<readonly [unknown, unknown]>([
  [
    { kind: 'cordon', node: 'a' },
    { kind: 'cordon', node: 'a' },
  ],
  [
    { kind: 'drain', node: 'a' },
    { kind: 'drain', node: 'a', options: {} },
  ],
  [
    {
      kind: 'drain',
      node: 'a',
      options: { force: true, gracePeriodSeconds: 0, deleteEmptyDirData: 'yes', more: 1 },
    },
    { kind: 'drain', node: 'a', options: { force: true, gracePeriodSeconds: 0 } },
  ],
  [{ kind: 'cordon', node: '' }, undefined],
  [{ kind: 'delete', node: 'a' }, undefined],
  [{ kind: 'cordon' }, undefined],
  ['cordon', undefined],
])('%j is read as %j', (text, word) => {
  expect(parseNodeWord(text)).toEqual(word)
})
