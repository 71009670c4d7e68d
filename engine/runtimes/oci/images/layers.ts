import type { Command, Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { isDiskFull } from '../commands.ts'
import {
  decompressCommand,
  digestCommand,
  directoriesCommand,
  extractCommand,
  opaqueCommand,
  syncCommand,
  takeWhiteoutsCommand,
  whiteoutsCommand,
} from './commands.ts'
import { layerName } from './digest.ts'
import type { LayerBlob } from './manifest.ts'
import type { StorePaths } from './paths.ts'
import { blobFile, layerDirectory, scratchName } from './paths.ts'
import { commandFailure, runCommand, runOrFail } from './run.ts'
import { createShare } from './sharing.ts'
import { parseWhiteouts, whiteoutsTar } from './whiteouts.ts'

/** Makes the layer's folder from its blob, unless it is there. Asked for several times at once, it is made once. */
export type EnsureLayer = (blob: LayerBlob, diffId: string, signal: AbortSignal) => Promise<void>

/** The blob on the disk is not what the image names: it was damaged there, or the image lies. */
export class DamagedBlob extends Error {
  override readonly name = 'DamagedBlob'
  readonly digest: string

  constructor(digest: string, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options)
    this.digest = digest
  }
}

/** Arguments of one setfattr call. */
const PATHS_A_CALL = 500

interface Unpacking {
  readonly transport: Transport
  readonly paths: StorePaths
  readonly timeoutMs: number
}

export function createLayers(transport: Transport, paths: StorePaths, timeoutMs: number): EnsureLayer {
  const share = createShare<void>()
  const unpacking = { transport, paths, timeoutMs }
  return async (blob, diffId, signal) =>
    await share(diffId, signal, async (shared) => await makeLayer(unpacking, blob, diffId, shared))
}

async function makeLayer(
  unpacking: Unpacking,
  blob: LayerBlob,
  diffId: string,
  signal: AbortSignal,
): Promise<void> {
  const { transport, paths, timeoutMs } = unpacking
  const there = await transport.listDirectory(paths.layers, signal)
  if (there.includes(layerName(diffId))) return
  const scratch = scratchName(paths, 'layer')
  const directory = `${scratch}/root`
  try {
    await transport.makeDirectory(directory, 0o755, signal)
    const tarFile = await plainTar(unpacking, blob, scratch, signal)
    await extract(unpacking, { blob, diffId, tarFile, directory }, signal)
    await convertWhiteouts(unpacking, directory, signal)
    await runOrFail(transport, syncCommand(directory, timeoutMs), 'writing a layer to the disk', signal)
    await transport.rename(directory, layerDirectory(paths, diffId), signal)
  } finally {
    await transport.remove(scratch)
  }
}

async function plainTar(
  { transport, paths, timeoutMs }: Unpacking,
  blob: LayerBlob,
  scratch: string,
  signal: AbortSignal,
): Promise<string> {
  const file = blobFile(paths, blob.digest)
  if (blob.compression === 'none') return file
  const tarFile = `${scratch}/layer.tar`
  const doing = `unpacking layer ${blob.digest}`
  const command = decompressCommand(file, tarFile, timeoutMs)
  const result = await runCommand(transport, command, doing, signal)
  if (result.timedOut || isDiskFull(result.stderr)) throw commandFailure(command, result, doing)
  if (result.exitCode === 0) return tarFile
  throw new DamagedBlob(blob.digest, `${doing}: ${result.stderr.trim()}`)
}

interface Extraction {
  readonly blob: LayerBlob
  readonly diffId: string
  readonly tarFile: string
  readonly directory: string
}

/** Both read the same file at once; the folder counts only when the digest turns out to be the right one. */
async function extract(
  { transport, timeoutMs }: Unpacking,
  { blob, diffId, tarFile, directory }: Extraction,
  signal: AbortSignal,
): Promise<void> {
  const [digest, extraction] = await Promise.allSettled([
    runOrFail(transport, digestCommand(tarFile, timeoutMs), `checking layer ${blob.digest}`, signal),
    runOrFail(
      transport,
      extractCommand(tarFile, directory, timeoutMs),
      `extracting layer ${blob.digest}`,
      signal,
    ),
  ])
  if (digest.status === 'rejected') throw digest.reason
  // GNU coreutils puts a backslash before the line when the name had to be escaped.
  const found = `sha256:${digest.value.stdout.replace(/^\\/, '').slice(0, 64)}`
  if (found !== diffId) {
    throw new DamagedBlob(
      blob.digest,
      `layer ${blob.digest} is ${found} once unpacked, and the image says ${diffId}`,
    )
  }
  if (extraction.status === 'rejected') throw extraction.reason
}

async function convertWhiteouts(
  { transport, timeoutMs }: Unpacking,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const run = async (command: Command): Promise<string> =>
    (await runOrFail(transport, command, 'converting whiteouts of a layer', signal)).stdout
  const printed = await run(takeWhiteoutsCommand(directory, timeoutMs))
  if (printed === '') return
  const { gone, opaque } = parseWhiteouts(printed)
  // Overlayfs merges the roots of its layers whatever they say, so the lower layers would shine through.
  if (opaque.includes('')) throw opaqueRoot()
  const absolute = (path: string): string => `${directory}/${path}`
  const anew = await foldersAmong(transport, gone.map(absolute), timeoutMs, signal)
  if (gone.length > 0) await run(whiteoutsCommand(directory, whiteoutsTar(gone), timeoutMs))
  const hiding = [...new Set([...opaque.map(absolute), ...anew])].toSorted()
  for (let at = 0; at < hiding.length; at += PATHS_A_CALL) {
    await run(opaqueCommand(hiding.slice(at, at + PATHS_A_CALL), timeoutMs))
  }
}

/** A folder that is removed and made anew in one layer hides the old one's content. */
async function foldersAmong(
  transport: Transport,
  paths: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (paths.length === 0) return []
  const command = directoriesCommand(paths, timeoutMs)
  const { stdout } = await runCommand(transport, command, 'converting whiteouts of a layer', signal)
  return stdout.split('\0').filter((path) => path !== '')
}

function opaqueRoot(): RuntimeFailure {
  return new RuntimeFailure(
    'ErrImagePull',
    'a layer of the image hides everything below it (.wh..wh..opq at its root), which overlayfs cannot show; build the image from scratch instead',
    { certain: true },
  )
}
