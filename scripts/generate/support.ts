import { refName, type Schema, type SchemaSet } from './schemas.ts'

const banner = '// Made from schemas/ by `npm run generate`; edit those instead.\n'

/** Three tables: the kinds; each type's fields, with the type that a field leads to; and the marks, for marked fields alone. */
export function generateSupport(schemas: SchemaSet): string {
  const types = objectTypes(schemas)
  return [
    banner,
    "import type { Kind } from '../../api/generated/types.ts'\n",
    declarations,
    table('kinds', 'Readonly<Record<Kind, KindInfo>>', [...schemas.kinds].map(kindEntry)),
    table('typeFields', 'Readonly<Record<string, Readonly<Record<string, string>>>>', types.map(fieldsEntry)),
    table(
      'typeMarks',
      'Readonly<Record<string, Readonly<Record<string, Marks>>>>',
      types.flatMap(marksEntry),
    ),
  ].join('\n')
}

const declarations = `export interface KindInfo {
  readonly apiVersion: string
  readonly namespaced: boolean
  /** Why objects of this kind are refused, if they are. */
  readonly unsupported?: string
  /** Why objects of this kind are read and change nothing, if they do. */
  readonly noEffect?: string
}

/** What is said of one field, or of some of its values (a boolean's value is 'true' or 'false'): the reason, in plain words. */
export interface Marks {
  readonly unsupported?: string
  readonly unsupportedValues?: Readonly<Record<string, string>>
  readonly noEffect?: string
  readonly noEffectValues?: Readonly<Record<string, string>>
}
`

type NamedSchema = readonly [name: string, schema: Schema]

function objectTypes(schemas: SchemaSet): readonly NamedSchema[] {
  return [...schemas.kinds, ...schemas.shared].filter(([, schema]) => schema.properties !== undefined)
}

function table(name: string, type: string, entries: readonly (readonly [string, unknown])[]): string {
  const lines = entries.map(([key, value]) => `  ${key}: ${JSON.stringify(value)},`)
  return `export const ${name}: ${type} = {\n${lines.join('\n')}\n}\n`
}

function kindEntry([kind, schema]: NamedSchema): readonly [string, unknown] {
  const info = {
    apiVersion: schema.properties?.['apiVersion']?.const,
    namespaced: schema['x-scope'] !== 'Cluster',
    unsupported: schema['x-unsupported'],
    noEffect: schema['x-no-effect'],
  }
  return [kind, info]
}

function fieldsEntry([name, schema]: NamedSchema): readonly [string, unknown] {
  const fields = Object.entries(schema.properties ?? {})
  return [name, Object.fromEntries(fields.map(([field, value]) => [field, leadsTo(value)]))]
}

/** The type of a field's value, or of its items; empty for what has no fields of its own. */
export function leadsTo(property: Schema): string {
  const ref = property.$ref ?? property.items?.$ref
  const name = ref === undefined ? '' : refName(ref)
  return name === 'Quantity' || name === 'IntOrString' ? '' : name
}

function marksEntry([name, schema]: NamedSchema): readonly (readonly [string, unknown])[] {
  const marked = Object.entries(schema.properties ?? {}).flatMap(([field, value]) => {
    const marks = marksOf(value)
    return Object.values(marks).some((mark) => mark !== undefined) ? [[field, marks] as const] : []
  })
  return marked.length === 0 ? [] : [[name, Object.fromEntries(marked)]]
}

function marksOf(property: Schema) {
  return {
    unsupported: property['x-unsupported'],
    unsupportedValues: property['x-unsupported-values'],
    noEffect: property['x-no-effect'],
    noEffectValues: property['x-no-effect-values'],
  }
}
