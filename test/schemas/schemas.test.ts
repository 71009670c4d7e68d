import { Ajv2020 } from 'ajv/dist/2020.js'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadSchemas, type Schema } from '../../scripts/generate/schemas.ts'

const schemas = loadSchemas(path.resolve(import.meta.dirname, '../../schemas'))
const files: readonly (readonly [file: string, name: string, schema: Schema])[] = [
  ...[...schemas.kinds].map(([name, schema]) => [`${name}.json`, name, schema] as const),
  ...[...schemas.shared].map(([name, schema]) => [`shared/${name}.json`, name, schema] as const),
]
const marks = [
  'x-scope',
  'x-unsupported',
  'x-unsupported-values',
  'x-no-effect',
  'x-no-effect-values',
  'x-aside',
]

function strictAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    allowUnionTypes: true,
    keywords: marks,
    strict: true,
    strictTypes: true,
    formats: { 'date-time': true, int32: true, int64: true },
  })
  ajv.addSchema(files.map(([, , schema]) => schema))
  return ajv
}

describe('every schema', () => {
  test('is valid draft 2020-12 and compiles under strict mode', () => {
    const ajv = strictAjv()
    for (const [file, , schema] of files) {
      expect(ajv.validateSchema(schema), file).toBe(true)
      expect(ajv.getSchema(schema.$id ?? ''), file).toBeTypeOf('function')
    }
  })

  test('is named by its file, and says what it is', () => {
    for (const [file, name, schema] of files) {
      expect(schema.$id).toBe(`https://reconcile.dev/schemas/${file}`)
      expect(schema.title, file).toBe(name)
      expect(schema.description, file).toMatch(/^[A-Z].*\.$/)
    }
  })

  test('describes every field, and lets no other field pass', () => {
    for (const [file, , schema] of files) {
      if (schema.properties === undefined) continue
      expect(schema.additionalProperties, file).toBe(false)
      for (const [field, property] of Object.entries(schema.properties)) {
        if (property.const === undefined) expect(property.description, `${file} ${field}`).toMatch(/\S/)
      }
    }
  })

  test('requires only fields that it has', () => {
    for (const [file, , schema] of files) {
      for (const field of schema.required ?? []) expect(schema.properties, file).toHaveProperty(field)
    }
  })

  test('marks only values that the field can have', () => {
    for (const [file, , schema] of files) {
      for (const [field, property] of Object.entries(schema.properties ?? {})) {
        const possible = property.type === 'boolean' ? ['true', 'false'] : (property.enum ?? [])
        for (const value of markedValues(property)) expect(possible, `${file} ${field}`).toContain(value)
      }
    }
  })
})

function markedValues(property: Schema): readonly string[] {
  const values = { ...property['x-unsupported-values'], ...property['x-no-effect-values'] }
  return Object.keys(values)
}

test('each kind has its own name and version as constants, and a scope', () => {
  for (const [kind, schema] of schemas.kinds) {
    expect(schema.properties?.['kind']?.const).toBe(kind)
    expect(schema.properties?.['apiVersion']?.const, kind).toMatch(/^([a-z0-9.]+\/)?v\d(?:beta\d)?$/)
    expect(['Namespaced', 'Cluster'], kind).toContain(schema['x-scope'])
  }
})
