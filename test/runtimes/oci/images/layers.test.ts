import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TarEntry } from '../../../../engine/runtimes/oci/images/tar.ts'
import { tarBytes } from '../../../../engine/runtimes/oci/images/tar.ts'
import type { LayerSource } from '../../../../scripts/images/build.ts'
import type { Registry } from '../../../support/registry.ts'
import { buildImage, startRegistry } from '../../../support/registry.ts'
import type { StoreWorld } from './support.ts'
import { createWorld, failureOf, inOverlay } from './support.ts'

let registry: Registry
let outside: string
let imageCount = 0

beforeAll(async () => {
  registry = await startRegistry({ images: 'none' })
  outside = mkdtempSync(join(tmpdir(), 'reconcile-outside-'))
  writeFileSync(join(outside, 'file'), 'untouched')
})

afterAll(async () => {
  await registry.stop()
  rmSync(outside, { recursive: true, force: true })
})

const file = (path: string, content = path): TarEntry => ({ kind: 'file', path, content })
const folder = (path: string): TarEntry => ({ kind: 'directory', path: `${path}/`, mode: 0o755 })
const whiteout = (path: string): TarEntry => ({ kind: 'file', path, content: '' })

async function pulled(world: StoreWorld, layers: readonly LayerSource[]): Promise<readonly string[]> {
  imageCount += 1
  await registry.push(`layers/image:${imageCount}`, buildImage({ layers }))
  const info = await world.pull(`${registry.host}/layers/image:${imageCount}`)
  return (await world.store.resolve(info.id))?.layerDirs ?? []
}

test('what upper layers take away is away, as overlayfs shows it', async () => {
  using world = createWorld()
  const layerDirs = await pulled(world, [
    {
      entries: [
        folder('d'),
        file('d/kept'),
        file('d/gone'),
        folder('o'),
        file('o/old'),
        folder('whole'),
        file('whole/x'),
        file('top'),
      ],
    },
    {
      entries: [
        folder('d'),
        whiteout('d/.wh.gone'),
        folder('o'),
        whiteout('o/.wh..wh..opq'),
        file('o/new'),
        whiteout('.wh.whole'),
        whiteout('.wh.top'),
      ],
    },
    { entries: [folder('whole'), file('whole/y')] },
  ])
  expect(inOverlay(layerDirs, 'find . | sort').split('\n').filter(Boolean)).toEqual([
    '.',
    './d',
    './d/kept',
    './o',
    './o/new',
    './whole',
    './whole/y',
  ])
})

test('what a layer removes and makes anew is only the new one', async () => {
  using world = createWorld()
  const layerDirs = await pulled(world, [
    { entries: [folder('d'), file('d/old'), file('f', 'old'), folder('to-file'), file('to-file/x')] },
    {
      entries: [
        whiteout('.wh.d'),
        folder('d'),
        file('d/new'),
        whiteout('.wh.f'),
        file('f', 'new'),
        whiteout('.wh.to-file'),
        file('to-file', 'a file now'),
      ],
    },
  ])
  expect(inOverlay(layerDirs, 'find . | sort; cat f to-file').split('\n')).toEqual([
    '.',
    './d',
    './d/new',
    './f',
    './to-file',
    'newa file now',
  ])
})

test('a layer whose root is opaque is refused, for overlayfs would show what it hides', async () => {
  using world = createWorld()
  const layers = [{ entries: [file('old')] }, { entries: [whiteout('.wh..wh..opq'), file('new')] }]
  const failure = await failureOf(pulled(world, layers))
  expect(failure.certain).toBe(true)
  expect(failure.message).toContain('hides everything below it')
})

test('a whiteout in a folder with an odd name is found', async () => {
  using world = createWorld()
  const odd = ' a\n"b" $(c) ü'
  const layerDirs = await pulled(world, [
    { entries: [folder(odd), file(`${odd}/x`), file(`${odd}/-y`)] },
    { entries: [folder(odd), whiteout(`${odd}/.wh.x`)] },
  ])
  expect(inOverlay(layerDirs, 'ls ./*')).toBe('-y\n')
})

test('owners, modes, set-uid bits, links, fifos and devices are kept', async () => {
  using world = createWorld()
  const [layer = ''] = await pulled(world, [
    {
      entries: [
        { kind: 'directory', path: 'tmp/', mode: 0o1777 },
        { kind: 'file', path: 'suid', mode: 0o4755, uid: 12_345, gid: 54_321, content: 'x' },
        { kind: 'hardlink', path: 'linked', target: 'suid' },
        { kind: 'symlink', path: 'absolute', target: '/etc/passwd' },
        { kind: 'symlink', path: 'upwards', target: '../../etc/passwd' },
        { kind: 'fifo', path: 'fifo' },
        { kind: 'character', path: 'null', major: 1, minor: 3 },
      ],
    },
  ])
  const shown = execFileSync('stat', ['-c', '%n %F %a %u:%g %t:%T', 'tmp', 'suid', 'fifo', 'null'], {
    cwd: layer,
    encoding: 'utf8',
  })
  expect(shown.trim().split('\n')).toEqual([
    'tmp directory 1777 0:0 0:0',
    'suid regular file 4755 12345:54321 0:0',
    'fifo fifo 644 0:0 0:0',
    'null character special file 644 0:0 1:3',
  ])
  expect(lstatSync(join(layer, 'linked')).ino).toBe(lstatSync(join(layer, 'suid')).ino)
  expect(['absolute', 'upwards'].map((name) => readlinkSync(join(layer, name)))).toEqual([
    '/etc/passwd',
    '../../etc/passwd',
  ])
})

test('the attributes of users and of files with capabilities are kept, and none that overlayfs obeys', async () => {
  using world = createWorld()
  // cap_net_bind_service=ep, as `setcap` writes it.
  const capability =
    '\u0001\u0000\u0000\u0002\u0000\u0004\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000'
  const xattrs = {
    'user.note': 'kept',
    'security.capability': capability,
    'trusted.overlay.redirect': '/etc',
    'trusted.overlay.opaque': 'y',
  }
  const [layer = ''] = await pulled(world, [
    {
      entries: [
        { kind: 'file', path: 'f', content: 'x', xattrs },
        { kind: 'directory', path: 'd/', mode: 0o755, xattrs },
      ],
    },
  ])
  const shown = execFileSync('getfattr', ['--match=-', '--', 'f'], { cwd: layer, encoding: 'utf8' })
  expect(shown.trim().split('\n').slice(1)).toEqual(['security.capability', 'user.note'])
  const folderShown = execFileSync('getfattr', ['--match=-', '--', 'd'], { cwd: layer, encoding: 'utf8' })
  expect(folderShown).not.toContain('overlay')
})

test.each(['gzip', 'zstd', 'none'] as const)('a layer compressed by %s is unpacked', async (compression) => {
  using world = createWorld()
  const [layer = ''] = await pulled(world, [{ compression, entries: [file('f', `by ${compression}`)] }])
  expect(readFileSync(join(layer, 'f'), 'utf8')).toBe(`by ${compression}`)
})

test('gzip with several members, as pigz and lazy-pulling formats write it, is read to its end', async () => {
  using world = createWorld()
  const tar = tarBytes([file('f', 'x'.repeat(5000))])
  const split = Buffer.concat([gzipSync(tar.subarray(0, 1000)), gzipSync(tar.subarray(1000))])
  const image = buildImage({ layers: [{ entries: [file('f', 'x'.repeat(5000))] }] })
  const { createHash } = await import('node:crypto')
  const digest = `sha256:${createHash('sha256').update(split).digest('hex')}`
  const [config, layer] = image.blobs
  if (config === undefined || layer === undefined) throw new Error('an image has a config and a layer')
  const members = { ...layer, digest, content: new Uint8Array(split) }
  const text = new TextDecoder()
    .decode(image.manifest.content)
    .replace(layer.digest, digest)
    .replace(`"size":${layer.content.length}`, `"size":${split.length}`)
  const content = new TextEncoder().encode(text)
  const manifestDigest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  await registry.push('layers/members:1', {
    ...image,
    blobs: [config, members],
    manifest: { ...image.manifest, content, digest: manifestDigest },
  })
  const info = await world.pull(`${registry.host}/layers/members:1`)
  const local = await world.store.resolve(info.id)
  expect(lstatSync(join(local?.layerDirs[0] ?? '', 'f')).size).toBe(5000)
})

test('a layer that is there twice is mounted once', async () => {
  using world = createWorld()
  const twice = { entries: [file('twice')] }
  const layerDirs = await pulled(world, [twice, { entries: [whiteout('.wh.twice'), file('between')] }, twice])
  expect(layerDirs).toHaveLength(2)
  expect(inOverlay(layerDirs, 'ls')).toBe('between\ntwice\n')
})

/** Each tries to write to, or to get hold of, a file outside of the layer. */
function attacks(): ReadonlyMap<string, readonly TarEntry[]> {
  const target = join(outside, 'file')
  const up = `${'../'.repeat(20)}${target.slice(1)}`
  return new Map<string, readonly TarEntry[]>([
    ['an absolute path', [file(target, 'overwritten')]],
    ['a path with ..', [file(up, 'overwritten')]],
    ['a path with .. inside', [folder('d'), file(`d/${up}`, 'overwritten')]],
    [
      'a symlink to a folder, then a file in it',
      [{ kind: 'symlink', path: 'd', target: outside }, file('d/file', 'overwritten')],
    ],
    [
      'a symlink upwards, then a file in it',
      [{ kind: 'symlink', path: 'd', target: up.slice(0, -'/file'.length) }, file('d/file', 'overwritten')],
    ],
    [
      'a symlink to the file, then the file',
      [{ kind: 'symlink', path: 'f', target }, file('f', 'overwritten')],
    ],
    [
      'two symlinks in a chain',
      [
        { kind: 'symlink', path: 'a', target: '..' },
        { kind: 'symlink', path: 'b', target: `a/${up.slice(3)}` },
        file('b', 'overwritten'),
      ],
    ],
    [
      'a hard link to the file, then the file',
      [{ kind: 'hardlink', path: 'f', target }, file('f', 'overwritten')],
    ],
    ['a hard link upwards', [{ kind: 'hardlink', path: 'f', target: up }]],
    [
      'a hard link through a symlink',
      [
        { kind: 'symlink', path: 'd', target: outside },
        { kind: 'hardlink', path: 'f', target: 'd/file' },
      ],
    ],
    [
      'a whiteout in a symlinked folder',
      [{ kind: 'symlink', path: 'd', target: outside }, whiteout('d/.wh.file')],
    ],
    [
      'an opaque mark in a symlinked folder',
      [{ kind: 'symlink', path: 'd', target: outside }, whiteout('d/.wh..wh..opq')],
    ],
    ['a whiteout of ..', [folder('d'), whiteout('d/.wh...')]],
  ])
}

test.each([
  'an absolute path',
  'a path with ..',
  'a path with .. inside',
  'a symlink to a folder, then a file in it',
  'a symlink upwards, then a file in it',
  'a symlink to the file, then the file',
  'two symlinks in a chain',
  'a hard link to the file, then the file',
  'a hard link upwards',
  'a hard link through a symlink',
  'a whiteout in a symlinked folder',
  'an opaque mark in a symlinked folder',
  'a whiteout of ..',
])('a layer cannot reach out of its folder by %s', async (name) => {
  using world = createWorld()
  const entries = attacks().get(name)
  if (entries === undefined) throw new Error(`no attack is named ${name}`)
  const layers = await pulled(world, [{ entries }]).catch((error: unknown) => String(error))
  expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('untouched')
  expect(lstatSync(join(outside, 'file')).nlink).toBe(1)
  expect(readdirSync(outside)).toEqual(['file'])
  expect(execFileSync('getfattr', ['--match=-', outside], { encoding: 'utf8' })).toBe('')
  // Either it was refused with its reason, or the layer holds only what is below it.
  const escaped = typeof layers === 'string' ? !layers.includes('extracting layer') : layers.length !== 1
  expect(escaped).toBe(false)
})

test('a layer that cannot be unpacked leaves nothing and says why', async () => {
  using world = createWorld()
  const failure = await failureOf(pulled(world, [{ entries: [file('../x')] }]))
  expect(failure.reason).toBe('ErrImagePull')
  expect(failure.message).toMatch(
    /extracting layer sha256:[0-9a-f]{64}: tar ended with 2: .*contains '\.\.'/s,
  )
  expect(readdirSync(`${world.root}/layers`)).toEqual([])
  expect(readdirSync(`${world.root}/images/tmp`)).toEqual([])
  expect(existsSync(`${world.root}/images/records`)).toBe(true)
  expect(readdirSync(`${world.root}/images/records`)).toEqual([])
})
