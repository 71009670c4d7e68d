import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import type { Catalog, CatalogListing, ImageRecord } from './catalog.ts'
import { sizeCommand } from './commands.ts'
import { digestHex, layerName } from './digest.ts'
import type { StorePaths } from './paths.ts'
import { blobDirectory, scratchName } from './paths.ts'
import { parseReference, referenceText } from './reference.ts'
import { runOrFail } from './run.ts'
import type { CollectedImages } from './store.ts'

const SIZE_TIMEOUT_MS = 120_000

/**
 * Deletes images that are not in `keep`, then layers and blobs that no image has. What would be torn by a crash goes
 * first (names, then records), so that a crash leaves only files that the next sweep takes.
 */
export async function sweepImages(
  transport: Transport,
  paths: StorePaths,
  catalog: Catalog,
  keep: readonly string[],
  signal: AbortSignal,
): Promise<CollectedImages> {
  const listing = await catalog.list()
  const [unknown] = listing.unknown
  if (unknown !== undefined) {
    throw new RuntimeFailure(
      'ImageGCFailed',
      `collecting unused images: ${unknown} was written by another version of the engine, so nothing was deleted`,
    )
  }
  const kept = keptIds(listing, keep)
  const images = listing.images.filter((image) => !kept.has(image.id))
  for (const name of listing.names) if (!kept.has(name.id)) await catalog.deleteName(name)
  for (const image of images) await catalog.deleteImage(image.id)
  const remaining = listing.images.filter((image) => kept.has(image.id))
  return { images: images.length, bytes: await sweepFiles(transport, paths, remaining, signal) }
}

/** `keep` holds ids, references with a digest, and names as manifests have them. */
function keptIds(listing: CatalogListing, keep: readonly string[]): ReadonlySet<string> {
  const wanted = new Set(keep.flatMap((text) => [text, canonical(text)]))
  const named = listing.names.filter((name) => wanted.has(name.name)).map((name) => name.id)
  const direct = listing.images.filter((image) => wanted.has(image.id) || wanted.has(image.reference))
  return new Set([...named, ...direct.map((image) => image.id)])
}

function canonical(text: string): string {
  const reference = parseReference(text)
  return typeof reference === 'string' ? text : referenceText(reference)
}

async function sweepFiles(
  transport: Transport,
  paths: StorePaths,
  images: readonly ImageRecord[],
  signal: AbortSignal,
): Promise<number> {
  const layers = new Set(images.flatMap((image) => image.layers.map((layer) => layerName(layer.diffId))))
  const blobs = new Set(
    images.flatMap((image) => [digestHex(image.id), ...image.layers.map((layer) => digestHex(layer.blob))]),
  )
  const doomed = [
    ...(await strangers(transport, paths.layers, layers, signal)),
    ...(await strangers(transport, blobDirectory(paths), blobs, signal)),
  ]
  if (doomed.length === 0) return 0
  const bytes = await sizeOf(transport, doomed, signal)
  for (const path of doomed) {
    signal.throwIfAborted()
    // Renamed first: half a layer must never have a layer's name.
    const away = scratchName(paths, 'gone')
    await transport.rename(path, away)
    await transport.remove(away)
  }
  return bytes
}

async function strangers(
  transport: Transport,
  directory: string,
  known: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const names = await transport.listDirectory(directory, signal)
  return names.filter((name) => !known.has(name)).map((name) => `${directory}/${name}`)
}

async function sizeOf(transport: Transport, doomed: readonly string[], signal: AbortSignal): Promise<number> {
  const command = sizeCommand(doomed, SIZE_TIMEOUT_MS)
  const { stdout } = await runOrFail(transport, command, 'measuring unused images', signal)
  const total = stdout.trim().split('\n').at(-1) ?? ''
  return Number.parseInt(total, 10) || 0
}
