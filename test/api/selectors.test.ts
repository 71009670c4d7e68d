import { expect, test } from 'vitest'
import type { LabelSelector } from '../../engine/api/generated/types.ts'
import { isEmptySelector, matchesSelector } from '../../engine/api/selectors.ts'

const LABELS = { app: 'web', tier: 'front' }

const CASES: readonly (readonly [selector: LabelSelector | undefined, matches: boolean])[] = [
  [undefined, false],
  [{}, true],
  [{ matchLabels: {} }, true],
  [{ matchLabels: { app: 'web' } }, true],
  [{ matchLabels: { app: 'web', tier: 'back' } }, false],
  [{ matchLabels: { toString: 'x' } }, false],
  [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['db', 'web'] }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['db'] }] }, false],
  [{ matchExpressions: [{ key: 'none', operator: 'In', values: ['db'] }] }, false],
  [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
  [{ matchExpressions: [{ key: 'none', operator: 'NotIn', values: ['web'] }] }, true],
  [{ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
  [{ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
  [{ matchExpressions: [{ key: 'toString', operator: 'Exists' }] }, false],
  [{ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'none', operator: 'Exists' }] }, false],
]

test.each(CASES)('the selector %j matches the labels: %s', (selector, matches) => {
  expect(matchesSelector(selector, LABELS)).toBe(matches)
})

test('an object without labels is matched by the empty selector alone', () => {
  expect(matchesSelector({}, undefined)).toBe(true)
  expect(matchesSelector({ matchLabels: { app: 'web' } }, undefined)).toBe(false)
})

test('a selector that asks for nothing is empty', () => {
  expect([{}, { matchLabels: {} }, { matchExpressions: [] }].every(isEmptySelector)).toBe(true)
  expect(isEmptySelector({ matchLabels: { app: 'web' } })).toBe(false)
})
