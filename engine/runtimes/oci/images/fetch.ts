import type { Command } from '../../../transport/transport.ts'
import { configCommand, copyCommand } from './commands.ts'
import { pullFailure, pullProblem } from './failures.ts'
import { blobFile, scratchName } from './paths.ts'
import { pinnedText, referenceText } from './reference.ts'
import type { RegistryOptions, RemoteImage } from './registry.ts'
import { inspectTimeoutMs } from './registry.ts'
import { runCommand } from './run.ts'

/** Fetches the missing ones of the image's blobs; both ways have ended when it ends. */
export async function fetchBlobs(
  options: RegistryOptions,
  image: RemoteImage,
  missing: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { config, format } = image.manifest
  const apart = format === 'docker' && missing.includes(config)
  const ways = [
    ...(apart ? [fetchConfig(options, image, signal)] : []),
    ...(apart && missing.length === 1 ? [] : [copyBlobs(options, image, signal)]),
  ]
  for (const end of await Promise.allSettled(ways)) if (end.status === 'rejected') throw end.reason
}

async function copyBlobs(options: RegistryOptions, image: RemoteImage, signal: AbortSignal): Promise<void> {
  const { transport, paths, pullTimeoutMs } = options
  const scratch = scratchName(paths, 'copy')
  await transport.makeDirectory(scratch, 0o700, signal)
  try {
    const to = { scratch: `${scratch}/layout`, blobDir: paths.blobs }
    await fetchWith(
      options,
      image,
      copyCommand(pinnedManifest(image), image.access, to, pullTimeoutMs),
      signal,
    )
  } finally {
    await transport.remove(scratch)
  }
}

async function fetchConfig(options: RegistryOptions, image: RemoteImage, signal: AbortSignal): Promise<void> {
  const command = configCommand(pinnedManifest(image), image.access, inspectTimeoutMs(options))
  const config = await fetchWith(options, image, command, signal)
  await options.transport.writeFile(blobFile(options.paths, image.manifest.config), config, 0o600, signal)
}

async function fetchWith(
  options: RegistryOptions,
  image: RemoteImage,
  command: Command,
  signal: AbortSignal,
): Promise<string> {
  const doing = `pulling ${referenceText(image.reference)}`
  const result = await runCommand(options.transport, command, doing, signal)
  if (result.exitCode === 0 && !result.timedOut) return result.stdout
  throw pullFailure(image.reference, pullProblem(result), options.paths.blobs)
}

function pinnedManifest(image: RemoteImage): string {
  return pinnedText(image.reference, image.manifestDigest)
}
