import { Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import type { Schema, SchemaSet } from './schemas.ts'

const int32 = { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }

const marks = [
  'x-scope',
  'x-unsupported',
  'x-unsupported-values',
  'x-no-effect',
  'x-no-effect-values',
  'x-aside',
]

/**
 * ajv's checks as plain functions, one a schema, so that starting the engine compiles nothing. The dialect is left out,
 * because ajv's code for draft 2020-12 tracks what was evaluated, which no schema here asks for. `unicode: false` counts
 * UTF-16 units for minLength, which spares the only helper that the code would import at run time; ajv's logger is off
 * as it would warn of that option.
 */
export function generateValidators(schemas: SchemaSet): string {
  const ajv = new Ajv({
    allErrors: true,
    allowUnionTypes: true,
    code: { source: true, esm: true, lines: true },
    inlineRefs: false,
    logger: false,
    messages: false,
    schemas: [...schemas.kinds.values(), ...schemas.shared.values()].map(whatIsChecked),
    strictTypes: true,
    unicode: false,
    validateFormats: false,
  })
  const names = Object.fromEntries(
    [...schemas.kinds].map(([kind, schema]) => [kind, schemaId(kind, schema)] as const),
  )
  const code = standalone.default(ajv, names)
  if (code.includes('require(')) throw new Error('the validators must not import ajv at run time')
  return `// Made from schemas/ by \`npm run generate\`; edit those instead.\n${code}\n`
}

function schemaId(kind: string, schema: Schema): string {
  if (schema.$id === undefined) throw new Error(`schemas/${kind}.json has no $id`)
  return schema.$id
}

/** A kind's status is not read from a manifest, and any use of an unsupported field is an error: neither is checked within. */
function whatIsChecked(schema: Schema): Schema {
  const properties = Object.entries(schema.properties ?? {})
  const { $schema: _, ...rest } = withoutWords(schema)
  if (properties.length === 0) return rest
  return {
    ...rest,
    properties: Object.fromEntries(properties.map(([field, value]) => [field, checked(value)])),
  }
}

function checked(property: Schema): Schema {
  if (property['x-unsupported'] !== undefined) return {}
  if (property['x-no-effect'] !== undefined && property.$ref !== undefined) return { type: 'object' }
  return property.format === 'int32' ? { ...int32, ...withoutWords(property) } : withoutWords(property)
}

/** An error's parameters take the whole schema into the code, so it should not carry what no check reads. */
function withoutWords(schema: Schema): Schema {
  const words = new Set(['title', 'description', 'format', ...marks])
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !words.has(keyword)))
}

export function generateValidatorTypes(schemas: SchemaSet): string {
  const validators = [...schemas.kinds.keys()].map((kind) => `export const ${kind}: Validate`)
  return `// Made from schemas/ by \`npm run generate\`; edit those instead.

/** What ajv says of one violation. \`instancePath\` is a JSON pointer; \`params\` depends on the keyword. */
export interface Violation {
  readonly instancePath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  readonly schemaPath: string
}

/** Checks one object. After \`false\`, \`errors\` holds every violation until the next call. */
export interface Validate {
  (object: unknown): boolean
  readonly errors?: readonly Violation[] | null
}

${validators.join('\n')}
`
}
