import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** A JSON Schema of this repository: draft 2020-12 as far as the schemas use it, and our marks (`x-...`). */
export interface Schema {
  readonly $schema?: string
  readonly $id?: string
  readonly title?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly const?: string
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: boolean | Schema
  readonly $ref?: string
  readonly 'x-scope'?: 'Namespaced' | 'Cluster'
  readonly 'x-unsupported'?: string
  readonly 'x-unsupported-values'?: Readonly<Record<string, string>>
  readonly 'x-no-effect'?: string
  readonly 'x-no-effect-values'?: Readonly<Record<string, string>>
  /** Left out of the figures of docs/fields.md. */
  readonly 'x-aside'?: 'cloud provider' | 'windows' | 'deprecated' | 'not for manifests'
}

/** The schemas by name, which is the file's name and the schema's title. Sorted, so that every output is stable. */
export interface SchemaSet {
  readonly kinds: ReadonlyMap<string, Schema>
  readonly shared: ReadonlyMap<string, Schema>
}

export function loadSchemas(folder: string): SchemaSet {
  return { kinds: loadFolder(folder), shared: loadFolder(path.join(folder, 'shared')) }
}

function loadFolder(folder: string): ReadonlyMap<string, Schema> {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
  return new Map(files.map((file) => [path.basename(file, '.json'), loadFile(path.join(folder, file))]))
}

function loadFile(file: string): Schema {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** `shared/Probe.json` and `Probe.json` both name the shared schema Probe. */
export function refName(ref: string): string {
  return path.posix.basename(ref, '.json')
}
