import path from 'node:path'
import { expect, test } from 'vitest'
import { countPaths } from '../../scripts/generate/paths.ts'
import { loadSchemas, type Schema, type SchemaSet } from '../../scripts/generate/schemas.ts'

function ref(name: string): Schema {
  return { $ref: `${name}.json` }
}

function schemas(shared: Readonly<Record<string, Schema>>): SchemaSet {
  return { kinds: new Map(), shared: new Map(Object.entries(shared)) }
}

const SMALL = schemas({
  Spec: {
    properties: {
      plain: { type: 'string' },
      disk: { ...ref('Disk'), 'x-aside': 'cloud provider', 'x-unsupported': 'no clouds' },
      list: { type: 'array', items: ref('Item') },
      refused: { ...ref('Item'), 'x-unsupported': 'not yet' },
      idle: { ...ref('Item'), 'x-no-effect': 'nobody asks' },
      template: ref('PodTemplateSpec'),
      status: ref('Item'),
    },
  },
  Disk: { properties: { size: { type: 'string' } } },
  Item: {
    properties: { a: { type: 'string' }, b: { type: 'boolean', 'x-unsupported-values': { true: 'no' } } },
  },
  PodTemplateSpec: { properties: { spec: { type: 'string' } } },
})

test('every path counts, with what is above it; templates, statuses and what is set aside do not', () => {
  expect(countPaths('Spec', SMALL)).toEqual({
    honoured: 4,
    withoutEffect: 2,
    notHonoured: 5,
    aside: 2,
    left: [
      { path: 'list[].b', fields: 1, reason: 'no' },
      { path: 'refused', fields: 3, reason: 'not yet' },
      { path: 'idle', fields: 3, reason: 'nobody asks' },
    ],
  })
})

test('what is left of the real specs says why', () => {
  const real = loadSchemas(path.resolve(import.meta.dirname, '../../schemas'))
  for (const spec of ['PodSpec', 'Container', 'StatefulSetSpec']) {
    for (const { path: field, reason } of countPaths(spec, real).left)
      expect(reason, `${spec} ${field}`).toMatch(/\S/)
  }
})
