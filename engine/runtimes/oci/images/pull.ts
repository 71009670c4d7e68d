import type { ImageInfo, PullImageRequest } from '../../../api/imageRequests.ts'
import { RuntimeFailure } from '../../runtime.ts'
import type { EnsureBlobs } from './blobs.ts'
import type { Catalog, ImageRecord } from './catalog.ts'
import { digestText } from './digest.ts'
import { fetchBlobs } from './fetch.ts'
import type { Gate } from './gate.ts'
import type { EnsureLayer } from './layers.ts'
import { DamagedBlob } from './layers.ts'
import type { ConfigFile, LayerBlob, Platform } from './manifest.ts'
import { parseConfigFile } from './manifest.ts'
import { blobFile } from './paths.ts'
import type { ImageReference } from './reference.ts'
import { pinnedText, referenceText } from './reference.ts'
import type { RegistryOptions, RemoteImage } from './registry.ts'
import { unusable, withRemoteImage } from './registry.ts'
import type { Limit } from './sharing.ts'

/** What one pull works with. */
export interface PullParts {
  readonly registry: RegistryOptions
  readonly catalog: Catalog
  readonly ensureBlobs: EnsureBlobs
  readonly ensureLayer: EnsureLayer
  readonly pulls: Limit
  readonly gate: Gate
  readonly platform: () => Promise<Platform>
}

/** What is on the node under the name already; no registry is asked. */
export async function presentImage(
  catalog: Catalog,
  reference: ImageReference,
): Promise<ImageInfo | undefined> {
  const name = await catalog.name(referenceText(reference))
  const image = name === undefined ? undefined : await catalog.image(name.id)
  if (name === undefined || image === undefined) return undefined
  return { id: image.id, reference: pinnedText(reference, name.digest) }
}

/** Asks the registry, and fetches and unpacks what is not here. */
export async function pullImage(
  parts: PullParts,
  reference: ImageReference,
  request: PullImageRequest,
  signal: AbortSignal,
): Promise<ImageInfo> {
  const platform = await parts.platform()
  return await parts.pulls(
    signal,
    async () =>
      await withRemoteImage(
        parts.registry,
        reference,
        request.auths,
        platform,
        signal,
        async (remote) => await bringIn(parts, remote, signal),
      ),
  )
}

async function bringIn(parts: PullParts, remote: RemoteImage, signal: AbortSignal): Promise<ImageInfo> {
  const { reference, digest, manifest } = remote
  using _inside = await parts.gate.enter(signal)
  const pinned = pinnedText(reference, digest)
  if ((await parts.catalog.image(manifest.config)) === undefined) {
    await parts.catalog.addImage(await unpackTwice(parts, remote, signal), signal)
  }
  for (const name of new Set([pinned, referenceText(reference)])) {
    await parts.catalog.addName({ recordVersion: 1, name, digest, id: manifest.config }, signal)
  }
  return { id: manifest.config, reference: pinned }
}

/** A blob that was damaged on this disk is fetched once more; one that came damaged twice is the image's own fault. */
async function unpackTwice(parts: PullParts, remote: RemoteImage, signal: AbortSignal): Promise<ImageRecord> {
  try {
    return await unpack(parts, remote, signal)
  } catch (error) {
    if (!(error instanceof DamagedBlob)) throw error
    await parts.registry.transport.remove(blobFile(parts.registry.paths, error.digest))
  }
  try {
    return await unpack(parts, remote, signal)
  } catch (error) {
    if (!(error instanceof DamagedBlob)) throw error
    await parts.registry.transport.remove(blobFile(parts.registry.paths, error.digest))
    throw unusable(remote.reference, error.message, error)
  }
}

async function unpack(parts: PullParts, remote: RemoteImage, signal: AbortSignal): Promise<ImageRecord> {
  const { reference, manifest } = remote
  const blobs = [manifest.config, ...manifest.layers.map((layer) => layer.digest)]
  await parts.ensureBlobs(blobs, signal, async (missing) => {
    await fetchBlobs(parts.registry, remote, missing, signal)
  })
  const file = await readConfig(parts, remote, signal)
  const layers = pairs(reference, manifest.layers, file.diffIds)
  await eachLayer(layers, async ({ blob, diffId }) => await parts.ensureLayer(blob, diffId, signal))
  return {
    recordVersion: 1,
    id: manifest.config,
    reference: pinnedText(reference, remote.digest),
    layers: layers.map(({ blob, diffId }) => ({ blob: blob.digest, diffId })),
    config: file.config,
  }
}

async function readConfig(parts: PullParts, remote: RemoteImage, signal: AbortSignal): Promise<ConfigFile> {
  const { transport, paths } = parts.registry
  const content = await transport.readFile(blobFile(paths, remote.manifest.config), signal)
  if (content === undefined) {
    throw new RuntimeFailure(
      'ErrImagePull',
      `pulling ${referenceText(remote.reference)}: its config did not arrive`,
    )
  }
  if (digestText(content) !== remote.manifest.config) {
    throw new DamagedBlob(remote.manifest.config, 'its config is damaged')
  }
  try {
    return parseConfigFile(new TextDecoder().decode(content))
  } catch (cause) {
    throw unusable(remote.reference, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

interface LayerPair {
  readonly blob: LayerBlob
  readonly diffId: string
}

function pairs(
  reference: ImageReference,
  blobs: readonly LayerBlob[],
  diffIds: readonly string[],
): readonly LayerPair[] {
  if (blobs.length !== diffIds.length) {
    throw unusable(reference, `its manifest has ${blobs.length} layers and its config ${diffIds.length}`)
  }
  return blobs.flatMap((blob, i) => {
    const diffId = diffIds[i]
    return diffId === undefined ? [] : [{ blob, diffId }]
  })
}

/** Unpacking is the disk's and one core's work: a few at a time. All have ended when it ends, also when one failed. */
const LAYERS_AT_ONCE = 3

async function eachLayer(
  layers: readonly LayerPair[],
  make: (layer: LayerPair) => Promise<void>,
): Promise<void> {
  const queue = layers.values()
  const worker = async (): Promise<void> => {
    for (const layer of queue) await make(layer)
  }
  const ends = await Promise.allSettled(Array.from({ length: LAYERS_AT_ONCE }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
