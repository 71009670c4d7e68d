import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Memory, statusAt } from '../../engine/transport/localMemory.ts'

/** Two files that nobody has changed for a while. */
const OLD = [process.execPath, '/bin/sh'] as const

function reader() {
  let reads = 0
  const memory = new Memory<number>()
  return (key: string, file: string): number => {
    const status = statusAt(file)
    if (status === undefined) throw new Error(`${file} is not there`)
    return memory.get(key, status, () => (reads += 1))
  }
}

test('what has not changed is read once', () => {
  const read = reader()
  expect([read('a', OLD[0]), read('a', OLD[0])]).toEqual([1, 1])
})

test('another file of the same name is read', () => {
  const read = reader()
  expect([read('a', OLD[0]), read('a', OLD[1]), read('a', OLD[0])]).toEqual([1, 2, 3])
})

test('what was changed a moment ago is read each time: its next change may bear the same time', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reconcile-memory-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'new')
  writeFileSync(path, 'x')
  const read = reader()
  expect([read('a', path), read('a', path)]).toEqual([1, 2])
})
