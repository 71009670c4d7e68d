import { expect, test } from 'vitest'
import * as commands from '../../../../engine/runtimes/oci/images/commands.ts'
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
