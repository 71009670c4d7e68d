import { expect, test } from 'vitest'
import { documentValue } from '../../engine/manifests/values.ts'
import { parseDocuments } from '../../engine/manifests/yaml.ts'

/** As go-yaml v2 reads them, which Kubernetes and kubectl use. */
const SCALARS: readonly (readonly [written: string, value: unknown])[] = [
  ['0644', 420],
  ['0o644', 420],
  ['-0644', -420],
  ['0x1f', 31],
  ['0b101', 5],
  ['08', 8],
  ['1_000', 1000],
  ['12', 12],
  ['+12', 12],
  ['1.50', 1.5],
  ['.5', 0.5],
  ['1e3', 1000],
  ['true', true],
  ['yes', true],
  ['Off', false],
  ['n', false],
  ['yEs', 'yEs'],
  ['"yes"', 'yes'],
  ["'0644'", '0644'],
  ['!!str 12', '12'],
  ['22:22', '22:22'],
  ['2026-01-31', '2026-01-31'],
  ['1.2.3', '1.2.3'],
  ['12e345678', '12e345678'],
  ['100m', '100m'],
  ['0755a', '0755a'],
  ['=', '='],
]

function valueOf(text: string): unknown {
  const parsed = parseDocuments(text)
  const document = parsed.kind === 'documents' ? parsed.documents[0] : undefined
  return document === undefined ? undefined : documentValue(document).value
}

test.each(SCALARS)('%s is read as %j', (written, value) => {
  expect(valueOf(`a: ${written}\n`)).toEqual({ a: value })
})

test.each(['', '~', 'null', 'Null', 'NULL'])('a field with the value "%s" is absent', (written) => {
  expect(valueOf(`a: ${written}\nb: 1\n`)).toEqual({ b: 1 })
})

test('an empty item of a list stays in its place', () => {
  expect(valueOf('a: [x, ~, z]\n')).toEqual({ a: ['x', null, 'z'] })
})

test('numbers as keys are text', () => {
  expect(valueOf('1: a\n"2": b\n0x10: c\n')).toEqual({ '1': 'a', '2': 'b', '16': 'c' })
})
