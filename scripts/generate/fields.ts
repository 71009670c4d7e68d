import {
  ROOTLESS_DIFFERENCES,
  ROOTLESS_LIMITS,
  RUNTIME_DIFFERENCES,
  RUNTIME_LIMITS,
  type RuntimeDifference,
  type RuntimeLimit,
} from '../../engine/api/runtimeLimits.ts'
import { otherKinds } from '../../engine/manifests/otherKinds.ts'
import {
  add,
  countKind,
  countType,
  type Counts,
  type Reason,
  reasonOf,
  type Standing,
  standingOf,
} from './counts.ts'
import { COUNTED_SPECS, countPaths, type PathCounts } from './paths.ts'
import { refName, type Schema, type SchemaSet } from './schemas.ts'

const head = `# Which fields are honoured

Made from \`schemas/\` by \`npm run generate\`; edit those instead.

A field is *honoured*; or *accepted without effect*, with a warning that gives the reason; or *not honoured*, and then a
manifest that uses it is refused with the reason. No field is silently ignored. Status fields are not counted: the
engine writes them.
`

export function generateFields(schemas: SchemaSet): string {
  const standing = standingOf(schemas, [...schemas.kinds.keys()].sort())
  const parts = [...schemas.shared].filter(([name]) => standing.has(name))
  const values = [...schemas.shared].filter(([, schema]) => schema.properties === undefined)
  return [
    head,
    specCounts(schemas),
    kindCounts(schemas),
    partCounts(parts, standing),
    runtimesSection(),
    otherKindsSection(),
    '## Kinds\n',
    ...[...schemas.kinds].map(([name, schema]) => section(name, schema, standing)),
    '## Shared parts\n',
    ...[...parts, ...values].map(([name, schema]) => section(name, schema, standing)),
  ].join('\n')
}

type NamedSchema = readonly [name: string, schema: Schema]

const countColumns = 'fields | honoured | without effect | not honoured | % honoured'

function specCounts(schemas: SchemaSet): string {
  const counted = COUNTED_SPECS.map((spec) => [spec, countPaths(spec, schemas)] as const)
  const rows = counted.map(([spec, counts]) => `| ${link(spec)} | ${countCells(counts)} | ${counts.aside} |`)
  const all = counted.map(([, counts]) => counts).reduce(addPaths)
  const left = counted.flatMap(([spec, counts]) =>
    counts.left.map(({ path, fields, reason }) => `| ${link(spec)} | \`${path}\` | ${fields} | ${reason} |`),
  )
  return `## How much of Kubernetes

Every field that a manifest can write, path by path, as in Kubernetes' own reference. Containers and pod templates are
counted on their own. Set aside are the volumes of cloud providers, Windows, what Kubernetes has deprecated, and what
it refuses in manifests itself.

| spec | ${countColumns} | aside |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}
| together | ${countCells(all)} | ${all.aside} |

What is left, with the number of fields that each stands for:

| spec | field | fields | why |
| --- | --- | ---: | --- |
${left.join('\n')}
`
}

function addPaths(a: PathCounts, b: PathCounts): PathCounts {
  return { ...add(a, b), aside: a.aside + b.aside, left: [] }
}

function runtimesSection(): string {
  return `## By runtime

What is said below holds on nodes with the \`oci\` runtime. A node with \`runtime: podman\` or \`runtime: docker\` does the same, but for this
([runtimes.md](runtimes.md)). What no node of the repository can do is refused, with file and line.

${runtimeTables('podman nodes', RUNTIME_LIMITS.podman, RUNTIME_DIFFERENCES.podman)}

${runtimeTables('docker nodes', RUNTIME_LIMITS.docker, RUNTIME_DIFFERENCES.docker)}

On a podman node whose account is not root ([runtimes.md](runtimes.md#an-account-that-is-not-root)) there is beside what holds on podman nodes:

${runtimeTables('such nodes', ROOTLESS_LIMITS, ROOTLESS_DIFFERENCES)}
`
}

function runtimeTables(
  nodes: string,
  allLimits: readonly RuntimeLimit[],
  allDifferences: readonly RuntimeDifference[],
): string {
  const limits = allLimits.map(({ field, why }) => `| \`${field}\` | ${why} |`)
  const differences = allDifferences.map(({ field, how }) => `| \`${field}\` | ${how} |`)
  return `| not on ${nodes} | why |
| --- | --- |
${limits.join('\n')}

And this is honoured in another way:

| on ${nodes} | how |
| --- | --- |
${differences.join('\n')}`
}

function kindCounts(schemas: SchemaSet): string {
  const rows = [...schemas.kinds].map(([kind, schema]) => {
    return `| ${link(kind)} | ${countCells(countKind(kind, schemas))} | ${schema['x-unsupported'] ?? schema['x-no-effect'] ?? ''} |`
  })
  return `## In figures

A kind's fields are its own and those of every part that it can hold, each counted once.

| kind | ${countColumns} | the whole kind is refused, or changes nothing, because |
| --- | ---: | ---: | ---: | ---: | ---: | --- |
${rows.join('\n')}
`
}

function partCounts(parts: readonly NamedSchema[], standing: Standing): string {
  const rows = parts.map(([name, schema]) => {
    return `| ${link(name)} | ${countCells(countType(schema, standing.get(name) ?? 'not honoured'))} |`
  })
  return `The shared parts, by their own fields alone (none is honoured where only a refused field or kind holds the part):

| part | ${countColumns} |
| --- | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}
`
}

function countCells({ honoured, withoutEffect, notHonoured }: Counts): string {
  const fields = honoured + withoutEffect + notHonoured
  const percent = fields === 0 ? 100 : Math.round((100 * honoured) / fields)
  return [fields, honoured, withoutEffect, notHonoured, percent].join(' | ')
}

function otherKindsSection(): string {
  const rows = [...otherKinds].map(([kind, { group, reason }]) => `| ${kind} | ${group} | ${reason} |`)
  return `## Other kinds of Kubernetes\n\nNot supported, and said so:\n\n| kind | group | why |\n| --- | --- | --- |\n${rows.sort().join('\n')}\n`
}

function section(name: string, schema: Schema, standing: Standing): string {
  const lines = [`### ${name}\n`]
  if (schema.description !== undefined) lines.push(`${schema.description}\n`)
  const refused = refusal(name, schema, standing)
  if (refused !== undefined) lines.push(`${refused}\n`)
  const own = refused === undefined ? 'honoured' : (standing.get(name) ?? 'not honoured')
  const rows = Object.entries(schema.properties ?? {}).map(([field, value]) =>
    fieldRow(field, value, schema, own),
  )
  if (rows.length > 0)
    lines.push('| field | type | support | what it is |\n| --- | --- | --- | --- |', ...rows, '')
  return lines.join('\n')
}

function refusal(name: string, schema: Schema, standing: Standing): string | undefined {
  if (schema['x-unsupported'] !== undefined) return `**Not supported:** ${schema['x-unsupported']}.`
  if (schema['x-no-effect'] !== undefined) return `**Without effect:** ${schema['x-no-effect']}.`
  if (standing.get(name) === 'not honoured') return '**Not honoured:** whatever holds it is refused.'
  if (standing.get(name) === 'without effect') return '**Without effect:** whatever holds it is.'
  return undefined
}

function fieldRow(field: string, property: Schema, parent: Schema, standing: Reason): string {
  const required = parent.required?.includes(field) ? ' (required)' : ''
  const cells = [
    `\`${field}\`${required}`,
    field === 'status' && property.$ref !== undefined ? 'a status' : typeWords(property),
    supportWords(property, standing),
    property.description ?? '',
  ]
  return `| ${cells.join(' | ')} |`
}

function typeWords(property: Schema): string {
  if (property.$ref !== undefined) return link(refName(property.$ref))
  if (property.const !== undefined) return `\`${property.const}\``
  if (property.enum !== undefined)
    return property.enum.map((value) => `\`${value === '' ? '""' : value}\``).join(', ')
  if (property.items !== undefined) return `list of ${typeWords(property.items)}`
  if (typeof property.additionalProperties === 'object')
    return `map to ${typeWords(property.additionalProperties)}`
  return [property.type ?? 'any'].flat().join(' or ')
}

/** A field of a part that is refused as a whole is no better than the part. */
function supportWords(property: Schema, standing: Reason): string {
  const support = standing === 'honoured' ? reasonOf(property) : standing
  const reason = property['x-unsupported'] ?? property['x-no-effect']
  const words = [reason === undefined ? support : `${support}: ${reason}`]
  words.push(...valueWords(property['x-unsupported-values'], 'not'))
  words.push(...valueWords(property['x-no-effect-values'], 'without effect'))
  return words.join('; ')
}

function valueWords(values: Readonly<Record<string, string>> | undefined, words: string): readonly string[] {
  return Object.entries(values ?? {}).map(([value, reason]) => `${words} \`${value}\`: ${reason}`)
}

function link(name: string): string {
  return `[${name}](#${name.toLowerCase()})`
}
