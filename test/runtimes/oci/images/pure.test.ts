import { expect, test } from 'vitest'
import * as commands from '../../../../engine/runtimes/oci/images/commands.ts'
import {
  choosePlatform,
  goArchitecture,
  parseConfigFile,
  parseManifest,
  platformNames,
} from '../../../../engine/runtimes/oci/images/manifest.ts'
import { registriesConf } from '../../../../engine/runtimes/oci/images/registries.ts'
import { parseWhiteouts } from '../../../../engine/runtimes/oci/images/whiteouts.ts'

const access = { plainHttp: false, environment: { HOME: '/root' } }

test('a manifest is asked for with one skopeo call', () => {
  expect(commands.inspectCommand('docker.io/library/busybox:1', access, 1000)).toEqual({
    argv: ['skopeo', 'inspect', '--raw', 'docker://docker.io/library/busybox:1'],
    env: { HOME: '/root' },
    timeoutMs: 1000,
  })
  const full = { ...access, registriesConf: '/run/r.conf', authFile: '/run/a.json', plainHttp: true }
  expect(commands.inspectCommand('127.0.0.1:5000/x:1', full, 1000).argv).toEqual(
    'skopeo --registries-conf /run/r.conf inspect --raw --authfile /run/a.json --tls-verify=false docker://127.0.0.1:5000/x:1'.split(
      ' ',
    ),
  )
})

test('blobs are fetched as they are into the shared folder', () => {
  const full = { ...access, registriesConf: '/run/r.conf', authFile: '/run/a.json', plainHttp: true }
  const to = { scratch: '/root/tmp/1', blobDir: '/root/blobs' }
  expect(commands.copyCommand('r.example/x@sha256:1', full, to, 5).argv).toEqual(
    'skopeo --registries-conf /run/r.conf copy --quiet --src-authfile /run/a.json --src-tls-verify=false --dest-oci-accept-uncompressed-layers --remove-signatures --dest-shared-blob-dir /root/blobs docker://r.example/x@sha256:1 oci:/root/tmp/1'.split(
      ' ',
    ),
  )
})

test('layers are unpacked with owners by number, and without attributes that overlayfs would obey', () => {
  expect(commands.extractCommand('/l.tar', '/dir', 5).argv).toEqual(
    'tar --extract --file /l.tar --directory /dir --numeric-owner --same-owner --preserve-permissions --delay-directory-restore --xattrs --xattrs-include=security.capability --xattrs-include=user.* --warning=no-timestamp --warning=no-unknown-keyword'.split(
      ' ',
    ),
  )
  expect(commands.decompressCommand('/b', '/l.tar', 5).argv).toEqual(
    'zstd --decompress --quiet --force -o /l.tar -- /b'.split(' '),
  )
  expect(commands.takeWhiteoutsCommand('/dir', 5).argv).toEqual([
    'find',
    '/dir',
    '-depth',
    '-name',
    '.wh.*',
    '-printf',
    '%P\\0',
    '-delete',
  ])
})

test('mirrors become a registries.conf, sorted, and plain http only where it was written', () => {
  const mirrors = {
    'quay.io': ['https://mirror.example/quay/'],
    'docker.io': ['http://127.0.0.1:5000', 'mirror.example'],
  }
  expect(registriesConf(mirrors)).toBe(`[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "127.0.0.1:5000"
insecure = true
[[registry.mirror]]
location = "mirror.example"
insecure = false

[[registry]]
prefix = "quay.io"
location = "quay.io"
[[registry.mirror]]
location = "mirror.example/quay"
insecure = false
`)
})

test('whiteouts are told apart, and the bookkeeping of AUFS is dropped', () => {
  const printed = [
    'etc/.wh.passwd',
    '.wh.top',
    'data/.wh..wh..opq',
    '.wh..wh..opq',
    '.wh..wh.plnk',
    'x/.wh...',
    'x/.wh.',
  ].join('\0')
  expect(parseWhiteouts(`${printed}\0`)).toEqual({ gone: ['top', 'etc/passwd'], opaque: ['', 'data'] })
  expect(parseWhiteouts('')).toEqual({ gone: [], opaque: [] })
})

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
