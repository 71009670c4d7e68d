import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { generateOutputs } from '../../scripts/generate/outputs.ts'

const root = path.resolve(import.meta.dirname, '../..')

test('the generated files are those that the schemas give; if not, run `npm run generate`', async () => {
  for (const [file, content] of await generateOutputs(root)) {
    const found = readFileSync(path.join(root, file), 'utf8')
    expect(found === content, `${file} is stale`).toBe(true)
  }
})

test('the validators import nothing at run time', () => {
  const code = readFileSync(path.join(root, 'engine/manifests/generated/validators.js'), 'utf8')
  expect(code).not.toMatch(/^import |require\(/m)
})
