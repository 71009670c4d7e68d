import type { ImageInfo, PullImageRequest } from '../../../api/imageRequests.ts'
import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { once } from '../once.ts'
import { authAttempts, authKey } from './auth.ts'
import { createBlobs } from './blobs.ts'
import type { Catalog, ImageRecord } from './catalog.ts'
import { createCatalog } from './catalog.ts'
import { layerName } from './digest.ts'
import { createGate } from './gate.ts'
import { createLayers } from './layers.ts'
import type { Platform } from './manifest.ts'
import { goArchitecture } from './manifest.ts'
import type { StorePaths } from './paths.ts'
import { blobDirectory, layerDirectory, storePaths } from './paths.ts'
import type { PullParts } from './pull.ts'
import { presentImage, pullImage } from './pull.ts'
import { parseReference, referenceText } from './reference.ts'
import type { Mirrors } from './registries.ts'
import { mirrorHosts, registriesConf } from './registries.ts'
import { runOrFail, worldly } from './run.ts'
import { createLimit, createShare } from './sharing.ts'
import { sweepImages } from './sweep.ts'

/** What an image says about the process it is made for. Lists are empty where it says nothing. */
export interface ImageConfig {
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  /** As written, `NAME=value`. */
  readonly env: readonly string[]
  readonly workingDir: string
  /** `user`, `uid`, `user:group` ... as written; empty: root. */
  readonly user: string
  /** Such as `SIGQUIT`, or a number; empty: SIGTERM. */
  readonly stopSignal: string
  readonly volumes: readonly string[]
}

/** An image that is on the node, ready to be mounted. */
export interface LocalImage {
  /** The config's digest, `sha256:...`. */
  readonly id: string
  /** `registry/repository@sha256:...` */
  readonly reference: string
  /** Absolute paths of read-only overlay layers, bottom first; overlayfs' lowerdir wants them the other way round. */
  readonly layerDirs: readonly string[]
  readonly config: ImageConfig
}

export interface CollectedImages {
  readonly images: number
  readonly bytes: number
}

export interface ImageStore {
  /** Rejects with a RuntimeFailure. Calls for one image that are under way at once are one pull. */
  pull(request: PullImageRequest, signal?: AbortSignal, asking?: () => void): Promise<ImageInfo>
  /** By id; undefined when the image, or a layer of it, is not on the node. */
  resolve(id: string): Promise<LocalImage | undefined>
  /** Images on record here of which somebody has removed a layer. */
  incomplete(): Promise<readonly { readonly id: string; readonly reference: string }[]>
  /** Deletes what is not in `keep` (ids, or references as written in manifests). */
  collect(keep: readonly string[], signal?: AbortSignal): Promise<CollectedImages>
}

export interface ImageStoreOptions {
  readonly transport: Transport
  /** The cluster's folder on the node's disk: `images/` and `layers/` are made in it. */
  readonly root: string
  /** On a tmpfs, root's alone: generated registries.conf, and auth files while they are needed. */
  readonly runDir: string
  /** From the Cluster: registry host to URLs that are asked before it, `docker.io: [http://127.0.0.1:5000]`. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>
  /** For skopeo, beside PATH: HOME and XDG_RUNTIME_DIR (the usual auth files), proxies, SSL_CERT_FILE. */
  readonly environment?: Readonly<Record<string, string>>
  /** Images pulled at the same time; 4 when absent. */
  readonly pullsMax?: number
  /** For one image; half an hour when absent. */
  readonly pullTimeoutMs?: number
}

export function createImageStore(options: ImageStoreOptions): ImageStore {
  const { transport, mirrors = {} } = options
  const paths = storePaths(options.root, options.runDir)
  const catalog = createCatalog(transport, paths)
  const share = createShare<ImageInfo>()
  const parts = pullParts(options, paths, catalog)
  const first = once(async () => await prepare(transport, paths, mirrors))
  const ready = async (): Promise<void> => {
    await first()
    // What is on the tmpfs may have been removed by somebody since.
    if ((await transport.stat(paths.auth)) === undefined) await makeFolders(transport, paths, mirrors)
  }

  return {
    pull: async (request, signal, asking) => {
      const reference = parseReference(request.image)
      if (typeof reference === 'string') throw invalidName(request.image, reference)
      if (request.policy !== 'Always') {
        const present = await presentImage(catalog, reference)
        if (present !== undefined) return present
        if (request.policy === 'Never') throw neverPulled(request.image)
      }
      asking?.()
      // Another pod's credentials must not answer for this pod's: only requests with the same ones share a pull.
      const hosts = mirrorHosts(mirrors, reference.registry)
      const key = `${referenceText(reference)} ${authKey(authAttempts(reference, hosts, request.auths))}`
      return await worldly(`pulling ${referenceText(reference)}`, 'ErrImagePull', async () => {
        return await share(key, signal, async (shared) => {
          await Promise.all([ready(), parts.platform()])
          return await pullImage(parts, reference, request, shared)
        })
      })
    },
    resolve: async (id) => {
      const image = await catalog.image(id)
      return image === undefined ? undefined : localImage(paths, image)
    },
    incomplete: async () => {
      const present = new Set(await transport.listDirectory(paths.layers))
      const { images } = await catalog.list()
      return images.filter(({ layers }) => layers.some(({ diffId }) => !present.has(layerName(diffId))))
    },
    collect: async (keep, signal) => {
      await ready()
      const end = signal ?? new AbortController().signal
      const swept = await parts.gate.sweep(
        async () => await sweepImages(transport, paths, catalog, keep, end),
      )
      return swept ?? { images: 0, bytes: 0 }
    },
  }
}

const HALF_AN_HOUR_MS = 30 * 60_000

function pullParts(options: ImageStoreOptions, paths: StorePaths, catalog: Catalog): PullParts {
  const { transport } = options
  const pullTimeoutMs = options.pullTimeoutMs ?? HALF_AN_HOUR_MS
  return {
    registry: {
      transport,
      paths,
      mirrors: options.mirrors ?? {},
      environment: options.environment ?? { HOME: '/root' },
      pullTimeoutMs,
    },
    catalog,
    ensureBlobs: createBlobs(transport, paths),
    ensureLayer: createLayers(transport, paths, pullTimeoutMs),
    pulls: createLimit(options.pullsMax ?? 4),
    gate: createGate(),
    platform: once(async () => await nodePlatform(transport)),
  }
}

/** Makes the folders, and clears what a run that was cut off left behind: the caller has the lock on the root. */
async function prepare(transport: Transport, paths: StorePaths, mirrors: Mirrors): Promise<void> {
  // A command that outlived its engine may be writing there still; what it leaves is for the run after this one.
  await Promise.allSettled([paths.scratch, paths.auth].map(async (folder) => await clear(transport, folder)))
  await makeFolders(transport, paths, mirrors)
}

async function makeFolders(transport: Transport, paths: StorePaths, mirrors: Mirrors): Promise<void> {
  const folders = [blobDirectory(paths), paths.layers, paths.records, paths.names, paths.scratch, paths.auth]
  await Promise.all(folders.map(async (folder) => await transport.makeDirectory(folder, 0o700)))
  if (Object.keys(mirrors).length > 0) {
    await transport.writeFile(paths.registriesConf, registriesConf(mirrors), 0o600)
  }
}

async function clear(transport: Transport, folder: string): Promise<void> {
  if ((await transport.listDirectory(folder)).length > 0) await transport.remove(folder)
}

async function nodePlatform(transport: Transport): Promise<Platform> {
  const never = new AbortController().signal
  const { stdout } = await runOrFail(
    transport,
    { argv: ['uname', '-m'] },
    "asking for the node's architecture",
    never,
  )
  return { os: 'linux', architecture: goArchitecture(stdout.trim()) }
}

function localImage(paths: StorePaths, image: ImageRecord): LocalImage {
  const directories = image.layers.map((layer) => layerDirectory(paths, layer.diffId))
  // Overlayfs refuses a layer that is there twice; the upper one hides all of the lower one.
  const layerDirs = directories.filter((directory, i) => directories.lastIndexOf(directory) === i)
  return { id: image.id, reference: image.reference, layerDirs, config: image.config }
}

export function invalidName(image: string, why: string): RuntimeFailure {
  return new RuntimeFailure('InvalidImageName', `image name ${JSON.stringify(image)} is not valid: ${why}`, {
    certain: true,
  })
}

export function neverPulled(image: string): RuntimeFailure {
  return new RuntimeFailure(
    'ErrImageNeverPull',
    `image ${image} is not on the node, and its pull policy is Never`,
    { certain: true },
  )
}
