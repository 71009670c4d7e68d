import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { MAIN, runProgram } from './process.ts'

test('a reader that takes its time gets all of a long output', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reconcile-output-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (let index = 0; index < 500; index += 1)
    writeFileSync(
      join(folder, `${index}.yaml`),
      `apiVersion: v1\nkind: Pod\nmetadata: {name: p${index}}\nspec: {}\n`,
    )
  const script = `"$0" "$1" validate "$2" -o json 2>/dev/null | (sleep 1; cat)`
  const { stdout } = await runProgram('sh', ['-c', script, process.execPath, MAIN, folder])
  // More than a pipe holds.
  expect(stdout.length).toBeGreaterThan(100_000)
  expect((JSON.parse(stdout) as { readonly errors: readonly unknown[] }).errors).toHaveLength(500)
})
