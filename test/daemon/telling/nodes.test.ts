import { expect, test } from 'vitest'
import { nodeKey } from '../../../engine/api/nodeRecords.ts'
import { type NodeWord, recordOfWord } from '../../../engine/api/nodeWords.ts'
import type { ObjectRecord } from '../../../engine/api/records.ts'
import { NODE, START } from '../../reconciler/support.ts'
import { telling } from './support.ts'

const KEY = nodeKey(NODE)

function after(word: NodeWord, before?: ObjectRecord): ObjectRecord {
  return recordOfWord({ word, commit: 'c', at: START }, new Map(before && [[KEY, before]]))
}

test('what people say of a node by command is told, and kept as Events with Kubernetes’ reasons', () => {
  const told = telling()
  const cordoned = after({ kind: 'cordon', node: NODE })
  const drained = after({ kind: 'drain', node: NODE, options: {} }, cordoned)
  const kept = after({ kind: 'keepPods', node: NODE }, drained)
  const records = [undefined, cordoned, drained, kept, undefined]
  records.slice(1).forEach((record, index) => {
    const before = records[index]
    told.teller.progress({
      kind: 'recordChanged',
      at: START,
      object: KEY,
      ...(record !== undefined && { record }),
      ...(before !== undefined && { before }),
    })
  })
  expect(told.texts()).toEqual([
    'info node local is cordoned: no new pods are put on it',
    'info node local is drained: its pods are taken off as their budgets allow',
    'info the drain of node local is over',
    'info node local is uncordoned',
  ])
  expect(told.events(Temporal.Instant.from(START)).map((line) => line.split(' ')[1])).toEqual([
    'NodeNotSchedulable',
    'Draining',
    'DrainEnded',
    'NodeSchedulable',
  ])
})
