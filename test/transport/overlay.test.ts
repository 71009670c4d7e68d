import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { localTransport } from '../../engine/transport/local.ts'

const folder = mkdtempSync(join(tmpdir(), 'reconcile-layers-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Files = Readonly<Record<string, string>>

function layer(name: string, files: Files, links: Files = {}): string {
  const directory = join(folder, name)
  for (const path of [...Object.keys(files), ...Object.keys(links)]) {
    mkdirSync(join(directory, path, '..'), { recursive: true })
  }
  for (const [path, content] of Object.entries(files)) writeFileSync(join(directory, path), content)
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(directory, path))
  return directory
}

const { readOverlaid, run } = localTransport()

test('a file comes from the topmost layer that has it', async () => {
  const lower = layer('lower', { 'etc/passwd': 'lower', 'etc/group': 'lower' })
  const upper = layer('upper', { 'etc/passwd': 'upper' })
  expect(await readOverlaid([lower, upper], '/etc/passwd')).toBe('upper')
  expect(await readOverlaid([lower, upper], '/etc/group')).toBe('lower')
  expect(await readOverlaid([lower, upper], '/etc/none')).toBeUndefined()
  expect(await readOverlaid([lower, upper], '/etc')).toBeUndefined()
})

test('what an upper layer has deleted is not there', async () => {
  const lower = layer('full', { 'etc/passwd': 'lower' })
  const upper = layer('whiteout', { 'etc/other': '' })
  await run({ argv: ['mknod', join(upper, 'etc/passwd'), 'c', '0', '0'] })
  expect(await readOverlaid([lower, upper], '/etc/passwd')).toBeUndefined()
})

test('what lies below a directory that an upper layer has made anew is not there', async () => {
  const lower = layer('old', { 'etc/passwd': 'lower', 'etc/deep/group': 'lower' })
  const upper = layer('opaque', { 'etc/other': 'upper', 'etc/deep/other': 'upper' })
  expect(await readOverlaid([lower, upper], '/etc/deep/group')).toBe('lower')
  await run({ argv: ['setfattr', '-n', 'trusted.overlay.opaque', '-v', 'y', join(upper, 'etc')] })
  expect(await readOverlaid([lower, upper], '/etc/passwd')).toBeUndefined()
  expect(await readOverlaid([lower, upper], '/etc/deep/group')).toBeUndefined()
  expect(await readOverlaid([lower, upper], '/etc/other')).toBe('upper')
})

test('links are followed across layers, and never lead out of the image', async () => {
  const base = layer('base', { 'usr/etc/passwd': 'linked' })
  const linked = layer('linked', {}, { 'etc/passwd': '../usr/etc/passwd', 'etc/group': '/usr/etc/passwd' })
  expect(await readOverlaid([base, linked], '/etc/passwd')).toBe('linked')
  expect(await readOverlaid([base, linked], '/etc/group')).toBe('linked')
  writeFileSync(join(folder, 'secret'), 'of the host')
  const outside = { 'etc/passwd': '../../../secret', 'etc/group': join(folder, 'secret') }
  const escaping = layer('escaping', {}, outside)
  expect(await readOverlaid([escaping], '/etc/passwd')).toBeUndefined()
  expect(await readOverlaid([escaping], '/etc/group')).toBeUndefined()
  const round = layer('round', {}, { 'etc/passwd': 'passwd' })
  expect(await readOverlaid([round], '/etc/passwd')).toBeUndefined()
})
