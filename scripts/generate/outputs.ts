import { readFileSync } from 'node:fs'
import path from 'node:path'
import { generateFields } from './fields.ts'
import { generateMetrics } from './metrics.ts'
import { loadSchemas } from './schemas.ts'
import { generateSupport } from './support.ts'
import { generateTypes } from './types.ts'
import { generateValidators, generateValidatorTypes } from './validators.ts'

/** The content of every generated file by its path from the project's root. Nothing is written. */
export async function generateOutputs(root: string): Promise<ReadonlyMap<string, string>> {
  const schemas = loadSchemas(path.join(root, 'schemas'))
  return new Map([
    ['engine/api/generated/types.ts', await generateTypes(schemas)],
    ['engine/manifests/generated/validators.js', generateValidators(schemas)],
    ['engine/manifests/generated/validators.d.ts', generateValidatorTypes(schemas)],
    ['engine/manifests/generated/support.ts', generateSupport(schemas)],
    ['docs/fields.md', generateFields(schemas)],
    ['docs/metrics.md', generateMetrics(readFileSync(path.join(root, 'docs/metrics.md'), 'utf8'))],
  ])
}
