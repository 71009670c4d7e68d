import path from 'node:path'
import { loadSchemas } from './schemas.ts'
import { generateTypes } from './types.ts'

/** The content of every generated file by its path from the project's root. Nothing is written. */
export async function generateOutputs(root: string): Promise<ReadonlyMap<string, string>> {
  const schemas = loadSchemas(path.join(root, 'schemas'))
  return new Map([['engine/api/generated/types.ts', await generateTypes(schemas)]])
}
