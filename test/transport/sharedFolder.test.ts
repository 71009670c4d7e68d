import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { inSharedFolder } from '../../engine/transport/sharedFolder.ts'

const above = mkdtempSync(join(tmpdir(), 'reconcile-shared-'))
const folder = join(above, 'run')

afterAll(() => rmSync(above, { recursive: true }))

/** Another one takes the folder away before each of the first calls. */
function makerAfter(removals: number) {
  const maker = {
    calls: 0,
    make: async () => {
      maker.calls += 1
      if (maker.calls <= removals) rmdirSync(folder)
      writeFileSync(join(folder, 'own'), '')
      rmSync(join(folder, 'own'))
      return maker.calls
    },
  }
  return maker
}

test('what was to be made in a folder that another one took away is made once it is there again', async () => {
  expect(await inSharedFolder(folder, makerAfter(0).make)).toBe(1)
  expect(await inSharedFolder(folder, makerAfter(2).make)).toBe(3)
})

test('a folder that never stays is given up', async () => {
  const maker = makerAfter(Infinity)
  await expect(inSharedFolder(folder, maker.make)).rejects.toThrow('ENOENT')
  expect(maker.calls).toBe(5)
})

test('what fails for another reason fails at once', async () => {
  let calls = 0
  const failing = inSharedFolder(folder, async () => {
    calls += 1
    throw new Error('in use')
  })
  await expect(failing).rejects.toThrow('in use')
  expect(calls).toBe(1)
})
