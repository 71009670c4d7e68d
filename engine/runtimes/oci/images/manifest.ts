import type { ImageConfig } from './store.ts'

/** What a registry has under a name: one image, or a choice of images by platform. */
export type Manifest = ImageManifest | { readonly kind: 'index'; readonly choices: readonly PlatformChoice[] }

export interface ImageManifest {
  readonly kind: 'image'
  /** The config's digest. */
  readonly config: string
  /** Skopeo rewrites the config of an image in Docker's format when it makes an OCI layout of it. */
  readonly format: 'oci' | 'docker'
  readonly layers: readonly LayerBlob[]
}

export interface LayerBlob {
  readonly digest: string
  readonly compression: 'none' | 'gzip' | 'zstd'
}

export interface PlatformChoice {
  readonly digest: string
  readonly os: string
  readonly architecture: string
  readonly variant: string
}

export interface Platform {
  readonly os: string
  readonly architecture: string
}

/** What the image's config file says: how the process starts, and what its layers are once uncompressed. */
export interface ConfigFile {
  readonly config: ImageConfig
  readonly diffIds: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

const DIGEST = /^sha256:[0-9a-f]{64}$/

/** Throws an Error with a message for people when it is not a manifest that can be run. */
export function parseManifest(text: string): Manifest {
  const manifest = object(parseJson(text), 'the manifest')
  if (Array.isArray(manifest['manifests']))
    return { kind: 'index', choices: manifest['manifests'].map(choice) }
  if (manifest['schemaVersion'] === 1)
    throw new Error('it has a manifest of schema 1, which registries gave up; push it again')
  const layers = manifest['layers']
  if (!Array.isArray(layers)) throw new Error('its manifest has no layers')
  const config = object(manifest['config'], "the manifest's config")
  const configType = String(config['mediaType'])
  if (!/container\.image|oci\.image\.config/.test(configType)) {
    throw new Error(`it is no container image but an artifact (${configType})`)
  }
  const format = configType.startsWith('application/vnd.docker.') ? 'docker' : 'oci'
  return { kind: 'image', config: digestOf(config), format, layers: layers.map(layer) }
}

function choice(value: unknown): PlatformChoice {
  const entry = object(value, "the index's entry")
  const platform = isObject(entry['platform']) ? entry['platform'] : {}
  return {
    digest: digestOf(entry),
    os: text(platform['os']),
    architecture: text(platform['architecture']),
    variant: text(platform['variant']),
  }
}

function layer(value: unknown): LayerBlob {
  const entry = object(value, 'a layer')
  const mediaType = String(entry['mediaType'])
  if (/encrypted/.test(mediaType)) throw new Error('its layers are encrypted, which is not supported')
  if (/\+zstd|\.zstd/.test(mediaType)) return { digest: digestOf(entry), compression: 'zstd' }
  if (/[+.]gzip$/.test(mediaType)) return { digest: digestOf(entry), compression: 'gzip' }
  if (/[./]tar$/.test(mediaType)) return { digest: digestOf(entry), compression: 'none' }
  throw new Error(`it has a layer of the unknown type ${mediaType}`)
}

/** The first that fits, as containerd and Docker have it; of the variants of arm64, v8 is the plain one. */
export function choosePlatform(
  choices: readonly PlatformChoice[],
  platform: Platform,
): PlatformChoice | undefined {
  const fitting = choices.filter((c) => c.os === platform.os && c.architecture === platform.architecture)
  return fitting.find((c) => c.variant === '' || c.variant === 'v8') ?? fitting[0]
}

export function platformNames(choices: readonly PlatformChoice[]): string {
  const names = choices
    .filter((c) => c.os !== '' && c.os !== 'unknown')
    .map((c) => `${c.os}/${c.architecture}`)
  return [...new Set(names)].toSorted().join(', ')
}

/** Registries and runtimes name machines as Go does. */
export function goArchitecture(machine: string): string {
  const names: Readonly<Record<string, string>> = {
    x64: 'amd64',
    x86_64: 'amd64',
    aarch64: 'arm64',
    ia32: '386',
  }
  return names[machine] ?? machine
}

export function parseConfigFile(content: string): ConfigFile {
  const file = object(parseJson(content), "the image's config")
  const config = isObject(file['config']) ? file['config'] : {}
  const rootfs = object(file['rootfs'], "the config's rootfs")
  const diffIds = texts(rootfs['diff_ids'])
  for (const id of diffIds) {
    if (!DIGEST.test(id))
      throw new Error(`its config names the layer ${JSON.stringify(id)}, which is not a digest`)
  }
  return { diffIds, config: imageConfig(config) }
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md; other programs print the same names. */
export function imageConfig(config: Json): ImageConfig {
  return {
    entrypoint: texts(config['Entrypoint']),
    cmd: texts(config['Cmd']),
    env: texts(config['Env']),
    workingDir: text(config['WorkingDir']),
    user: text(config['User']),
    stopSignal: text(config['StopSignal']),
    volumes: isObject(config['Volumes']) ? Object.keys(config['Volumes']).toSorted() : [],
  }
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch (cause) {
    throw new Error('the registry answered with something that is not JSON', { cause })
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function object(value: unknown, what: string): Json {
  if (!isObject(value)) throw new Error(`${what} is not an object`)
  return value
}

function digestOf(entry: Json): string {
  const digest = entry['digest']
  if (typeof digest !== 'string' || !DIGEST.test(digest)) {
    throw new Error(`its manifest has ${JSON.stringify(digest)} where a sha256 digest belongs`)
  }
  return digest
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
