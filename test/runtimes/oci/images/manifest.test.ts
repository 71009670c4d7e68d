import { expect, test } from 'vitest'
import {
  choosePlatform,
  goArchitecture,
  parseConfigFile,
  parseManifest,
  platformNames,
} from '../../../../engine/runtimes/oci/images/manifest.ts'

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`

test('of an index the image for this machine is taken', () => {
  const entry = (letter: string, platform: object): object => ({ digest: digest(letter), platform })
  const index = parseManifest(
    JSON.stringify({
      schemaVersion: 2,
      manifests: [
        entry('a', { os: 'linux', architecture: 'arm64', variant: 'v7' }),
        entry('b', { os: 'linux', architecture: 'arm64', variant: 'v8' }),
        entry('c', { os: 'windows', architecture: 'amd64' }),
        entry('d', { os: 'linux', architecture: 'amd64' }),
        entry('e', { os: 'unknown', architecture: 'unknown' }),
      ],
    }),
  )
  if (index.kind !== 'index') throw new Error('an index was written')
  expect(choosePlatform(index.choices, { os: 'linux', architecture: 'amd64' })?.digest).toBe(digest('d'))
  expect(choosePlatform(index.choices, { os: 'linux', architecture: 'arm64' })?.digest).toBe(digest('b'))
  expect(choosePlatform(index.choices, { os: 'linux', architecture: 's390x' })).toBeUndefined()
  expect(platformNames(index.choices)).toBe('linux/amd64, linux/arm64, windows/amd64')
})

function manifestWith(layerType: string, configType = 'application/vnd.oci.image.config.v1+json'): string {
  return JSON.stringify({
    schemaVersion: 2,
    config: { mediaType: configType, digest: digest('c') },
    layers: [{ mediaType: layerType, digest: digest('a') }],
  })
}

test.each([
  ['application/vnd.oci.image.layer.v1.tar', 'none'],
  ['application/vnd.oci.image.layer.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.v1.tar+zstd', 'zstd'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar', 'none'],
])('a layer of type %s is unpacked by %s', (type, compression) => {
  const layers = [{ digest: digest('a'), compression }]
  expect(parseManifest(manifestWith(type))).toEqual({
    kind: 'image',
    format: 'oci',
    config: digest('c'),
    layers,
  })
})

test.each([
  ['{', 'is not JSON'],
  ['[]', 'the manifest is not an object'],
  ['{"schemaVersion":1,"fsLayers":[]}', 'manifest of schema 1'],
  [manifestWith('application/x-thing'), 'unknown type application/x-thing'],
  [manifestWith('application/vnd.oci.image.layer.v1.tar+gzip+encrypted'), 'encrypted'],
  [
    manifestWith('application/vnd.oci.image.layer.v1.tar', 'application/vnd.cncf.helm.config.v1+json'),
    'an artifact',
  ],
  [
    manifestWith('application/vnd.oci.image.layer.v1.tar').replace(digest('a'), '../../etc/passwd'),
    'where a sha256 digest belongs',
  ],
])('%s cannot be run', (text, why) => {
  expect(() => parseManifest(text)).toThrow(why)
})

test("an image's config is read, and what it leaves out is empty", () => {
  const rootfs = { type: 'layers', diff_ids: [digest('a')] }
  const config = {
    Entrypoint: ['/e'],
    Cmd: ['c'],
    Env: ['A=b'],
    WorkingDir: '/w',
    User: 'www',
    StopSignal: 'SIGQUIT',
    Volumes: { '/v': {} },
  }
  expect(parseConfigFile(JSON.stringify({ config, rootfs }))).toEqual({
    diffIds: [digest('a')],
    config: {
      entrypoint: ['/e'],
      cmd: ['c'],
      env: ['A=b'],
      workingDir: '/w',
      user: 'www',
      stopSignal: 'SIGQUIT',
      volumes: ['/v'],
    },
  })
  expect(parseConfigFile(JSON.stringify({ config: { Cmd: null }, rootfs })).config).toEqual({
    entrypoint: [],
    cmd: [],
    env: [],
    workingDir: '',
    user: '',
    stopSignal: '',
    volumes: [],
  })
  expect(() => parseConfigFile(JSON.stringify({ rootfs: { diff_ids: ['../x'] } }))).toThrow('not a digest')
})

test('machines are named as registries name them', () => {
  expect(['x86_64', 'aarch64', 's390x'].map(goArchitecture)).toEqual(['amd64', 'arm64', 's390x'])
})
