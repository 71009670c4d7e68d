import { compile } from 'json-schema-to-typescript'
import { refName, type Schema, type SchemaSet } from './schemas.ts'

const banner = `// Made from schemas/ by \`npm run generate\`; edit those instead.\n`

/**
 * One exported interface per schema file. Each file is compiled alone, its references left as names: the compiler would
 * otherwise copy a referred schema that has a description beside its $ref, and number the copies (Probe1, Probe2).
 */
export async function generateTypes(schemas: SchemaSet): Promise<string> {
  const declarations: string[] = []
  for (const [name, schema] of [...schemas.kinds, ...schemas.shared]) {
    declarations.push(await declare(name, schema))
  }
  return [banner, ...declarations, objectUnion([...schemas.kinds.keys()])].join('\n')
}

async function declare(name: string, schema: Schema): Promise<string> {
  const source = await compile({ ...withNamedReferences(schema) }, name, {
    additionalProperties: false,
    bannerComment: '',
    format: true,
    ignoreMinAndMaxItems: true,
    strictIndexSignatures: false,
    style: { printWidth: 110, semi: false, singleQuote: true },
  })
  return asReadonly(source)
}

type NamedReference = { readonly tsType: string; readonly description?: string }

function withNamedReferences(schema: Schema): Record<string, unknown> | NamedReference {
  if (schema.$ref !== undefined) return namedReference(schema.$ref, schema.description)
  const properties = Object.entries(schema.properties ?? {})
  const { items, additionalProperties, properties: _, ...rest } = schema
  return {
    ...rest,
    ...(items && { items: withNamedReferences(items) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: withNamedReferences(additionalProperties),
    }),
    ...(typeof additionalProperties === 'boolean' && { additionalProperties }),
    ...(properties.length > 0 && {
      properties: Object.fromEntries(properties.map(([field, value]) => [field, withNamedReferences(value)])),
    }),
  }
}

function namedReference(ref: string, description: string | undefined): NamedReference {
  return { tsType: refName(ref), ...(description !== undefined && { description }) }
}

const propertyStart = /^( +)(?=(?:[\w$]+|'[^']+'|\[k: string\])\??: )/gm
const arrayType = /((?:\b[\w$]+|\([^()]*\)))\[\]/g

function asReadonly(source: string): string {
  return source.replace(propertyStart, '$1readonly ').replace(arrayType, 'readonly $1[]')
}

function objectUnion(kinds: readonly string[]): string {
  const members = kinds.map((kind) => `  | ${kind}`).join('\n')
  return `/** Every object that a manifest can hold. */\nexport type KubernetesObject =\n${members}\n\nexport type Kind = KubernetesObject['kind']\n`
}
