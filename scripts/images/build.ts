import { createHash } from 'node:crypto'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { TarEntry } from '../../engine/runtimes/oci/images/tar.ts'
import { tarBytes } from '../../engine/runtimes/oci/images/tar.ts'

export interface ImageSource {
  readonly layers: readonly LayerSource[]
  /** As in an OCI config file: Entrypoint, Cmd, Env, User ... */
  readonly config?: Readonly<Record<string, unknown>>
  /** Go's name; the machine's own when absent. */
  readonly architecture?: string
  /** What the config says of the layers; absent: the truth. */
  readonly diffIds?: readonly string[]
  /** Docker's media types, or the OCI's when absent. */
  readonly format?: 'oci' | 'docker'
}

export interface LayerSource {
  readonly entries: readonly TarEntry[]
  readonly compression?: 'gzip' | 'zstd' | 'none'
}

export interface Blob {
  readonly digest: string
  readonly mediaType: string
  readonly content: Uint8Array<ArrayBuffer>
}

/** Something that a registry can hold under a name. */
export interface BuiltImage {
  readonly manifest: Blob
  readonly blobs: readonly Blob[]
  /** The images of an index; pushed by their digests. */
  readonly parts: readonly BuiltImage[]
  /** The config's digest, and the layers' once uncompressed; empty for an index. */
  readonly id: string
  readonly diffIds: readonly string[]
}

const TYPES = {
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: { none: '.tar', gzip: '.tar+gzip', zstd: '.tar+zstd' },
    layerPrefix: 'application/vnd.oci.image.layer.v1',
  },
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: { none: '.tar', gzip: '.tar.gzip', zstd: '.tar.zstd' },
    layerPrefix: 'application/vnd.docker.image.rootfs.diff',
  },
} as const

/** The same source gives the same bytes, and so the same digests. */
export function buildImage(source: ImageSource): BuiltImage {
  const types = TYPES[source.format ?? 'oci']
  const layers = source.layers.map((layer) => {
    const compression = layer.compression ?? 'gzip'
    const tar = cachedTar(layer.entries)
    return {
      diffId: tar.digest,
      blob: blob(types.layerPrefix + types.layer[compression], compressed(tar, compression)),
    }
  })
  const diffIds = source.diffIds ?? layers.map((layer) => layer.diffId)
  const config = jsonBlob(types.config, {
    architecture: source.architecture ?? goArchitecture(),
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: source.config ?? {},
    rootfs: { type: 'layers', diff_ids: diffIds },
  })
  const blobs = layers.map((layer) => layer.blob)
  const manifest = jsonBlob(types.manifest, {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: descriptor(config),
    layers: blobs.map(descriptor),
  })
  return { manifest, blobs: [config, ...blobs], parts: [], id: config.digest, diffIds }
}

export interface PlatformImage {
  readonly architecture: string
  readonly image: BuiltImage
}

/** One name for several machines. */
export function buildIndex(images: readonly PlatformImage[]): BuiltImage {
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const manifest = jsonBlob(mediaType, {
    schemaVersion: 2,
    mediaType,
    manifests: images.map(({ architecture, image }) => ({
      ...descriptor(image.manifest),
      platform: { os: 'linux', architecture },
    })),
  })
  return { manifest, blobs: [], parts: images.map(({ image }) => image), id: '', diffIds: [] }
}

export function goArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch
}

interface Tar {
  readonly digest: string
  readonly content: Uint8Array<ArrayBuffer>
  readonly gzip: () => Uint8Array<ArrayBuffer>
}

/** Images share their layers' entries: each is packed once. */
const tars = new WeakMap<readonly TarEntry[], Tar>()

function cachedTar(entries: readonly TarEntry[]): Tar {
  const known = tars.get(entries)
  if (known !== undefined) return known
  const content = tarBytes(entries)
  let zipped: Uint8Array<ArrayBuffer> | undefined
  const tar = { content, digest: digestOf(content), gzip: () => (zipped ??= gzipSync(content, { level: 1 })) }
  tars.set(entries, tar)
  return tar
}

function compressed(tar: Tar, compression: 'gzip' | 'zstd' | 'none'): Uint8Array<ArrayBuffer> {
  switch (compression) {
    case 'gzip':
      return tar.gzip()
    case 'zstd':
      return zstdCompressSync(tar.content)
    case 'none':
      return tar.content
    default:
      return compression satisfies never
  }
}

function jsonBlob(mediaType: string, value: unknown): Blob {
  return blob(mediaType, new TextEncoder().encode(JSON.stringify(value)))
}

function blob(mediaType: string, content: Uint8Array<ArrayBuffer>): Blob {
  return { mediaType, content, digest: digestOf(content) }
}

function descriptor({ mediaType, digest, content }: Blob): Readonly<Record<string, unknown>> {
  return { mediaType, digest, size: content.length }
}

function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}
