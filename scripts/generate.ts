import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { generateOutputs } from './generate/outputs.ts'

const root = path.resolve(import.meta.dirname, '..')
for (const [file, content] of await generateOutputs(root)) {
  const target = path.join(root, file)
  mkdirSync(path.dirname(target), { recursive: true })
  writeFileSync(target, content)
}
