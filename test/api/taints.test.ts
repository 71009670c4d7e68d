import { expect, test } from 'vitest'
import type { Taint, Toleration } from '../../engine/api/generated/types.ts'
import { DRIVES_OUT, KEEPS_AWAY, staySeconds, tolerates, untoleratedTaint } from '../../engine/api/taints.ts'

const TAINT: Taint = { key: 'key1', value: 'value1', effect: 'NoSchedule' }

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
test.each<readonly [string, Toleration, Taint, boolean]>([
  [
    'key, value and effect',
    { key: 'key1', operator: 'Equal', value: 'value1', effect: 'NoSchedule' },
    TAINT,
    true,
  ],
  ['Equal is the default operator', { key: 'key1', value: 'value1' }, TAINT, true],
  ['another value', { key: 'key1', value: 'value2' }, TAINT, false],
  ['another effect', { key: 'key1', value: 'value1', effect: 'NoExecute' }, TAINT, false],
  ['Exists asks for no value', { key: 'key1', operator: 'Exists', effect: 'NoSchedule' }, TAINT, true],
  ['another key', { key: 'key2', operator: 'Exists' }, TAINT, false],
  ['an empty key with Exists is every key', { operator: 'Exists' }, TAINT, true],
  ['an empty key with Equal is none', { value: 'value1' }, TAINT, false],
  ['a taint without a value', { key: 'a' }, { key: 'a', effect: 'NoExecute' }, true],
  [
    'Gt: the taint is over the toleration',
    { key: 'sla', operator: 'Gt', value: '950' },
    { key: 'sla', value: '990', effect: 'NoSchedule' },
    true,
  ],
  [
    'Gt: the taint is not over it',
    { key: 'sla', operator: 'Gt', value: '990' },
    { key: 'sla', value: '990', effect: 'NoSchedule' },
    false,
  ],
  [
    'Lt: the taint is under it',
    { key: 'sla', operator: 'Lt', value: '950' },
    { key: 'sla', value: '900', effect: 'NoSchedule' },
    true,
  ],
  [
    'Lt of what is no number',
    { key: 'sla', operator: 'Lt', value: '950' },
    { key: 'sla', value: 'low', effect: 'NoSchedule' },
    false,
  ],
])('%s', (_, toleration, taint, tolerated) => {
  expect(tolerates(toleration, taint)).toBe(tolerated)
})

test('of three taints the third one is not tolerated: no pod comes, and none has to leave', () => {
  const taints: readonly Taint[] = [
    TAINT,
    { key: 'key1', value: 'value1', effect: 'NoExecute' },
    { key: 'key2', value: 'value2', effect: 'NoSchedule' },
  ]
  const tolerations: readonly Toleration[] = [
    { key: 'key1', value: 'value1', effect: 'NoSchedule' },
    { key: 'key1', value: 'value1', effect: 'NoExecute' },
  ]
  expect(untoleratedTaint(tolerations, taints, KEEPS_AWAY)?.key).toBe('key2')
  expect(untoleratedTaint(tolerations, taints, DRIVES_OUT)).toBeUndefined()
})

const DRIVEN: Taint = { key: 'key1', value: 'value1', effect: 'NoExecute' }

test.each<readonly [string, readonly Toleration[], number]>([
  ['who does not tolerate it leaves at once', [], 0],
  [
    'who tolerates it without a time stays for good',
    [{ key: 'key1', operator: 'Exists' }],
    Number.POSITIVE_INFINITY,
  ],
  [
    'who tolerates it for an hour stays an hour',
    [{ key: 'key1', value: 'value1', tolerationSeconds: 3600 }],
    3600,
  ],
  [
    'of two times the shorter one counts',
    [
      { key: 'key1', operator: 'Exists', tolerationSeconds: 300 },
      { operator: 'Exists', tolerationSeconds: 60 },
    ],
    60,
  ],
  ['a time below nothing is nothing', [{ key: 'key1', operator: 'Exists', tolerationSeconds: -5 }], 0],
])('%s', (_, tolerations, seconds) => {
  expect(staySeconds(tolerations, [TAINT, DRIVEN])).toBe(seconds)
})
