import type { DockerConfig } from '../../../api/imageRequests.ts'
import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import type { AuthAttempt } from './auth.ts'
import { authAttempts } from './auth.ts'
import type { RegistryAccess } from './commands.ts'
import { inspectCommand } from './commands.ts'
import { digestText } from './digest.ts'
import type { PullProblem } from './failures.ts'
import { pullFailure, pullProblem } from './failures.ts'
import type { ImageManifest, Manifest, Platform } from './manifest.ts'
import { choosePlatform, parseManifest, platformNames } from './manifest.ts'
import type { StorePaths } from './paths.ts'
import type { ImageReference } from './reference.ts'
import { isLoopback, referenceText } from './reference.ts'
import type { Mirrors } from './registries.ts'
import { mirrorHosts } from './registries.ts'
import { runCommand } from './run.ts'

export interface RegistryOptions {
  readonly transport: Transport
  readonly paths: StorePaths
  readonly mirrors: Mirrors
  readonly environment: Readonly<Record<string, string>>
  readonly pullTimeoutMs: number
}

/** What the registry has under a name, and how it let itself be asked. */
export interface RemoteImage {
  readonly reference: ImageReference
  /** Of the manifest, or of the index that offered it: what the name stands for. */
  readonly digest: string
  readonly manifestDigest: string
  readonly manifest: ImageManifest
  readonly access: RegistryAccess
}

/** An answer about a name, without the blobs, takes no longer than this. */
const INSPECT_TIMEOUT_MS = 60_000

/**
 * Asks for the image with each of the pod's secrets that fit, then with what the node's own user has, and hands `use`
 * what it got. The auth file is there, on the tmpfs, only for so long.
 */
export async function withRemoteImage<T>(
  options: RegistryOptions,
  reference: ImageReference,
  secrets: readonly DockerConfig[],
  platform: Platform,
  signal: AbortSignal,
  use: (image: RemoteImage) => Promise<T>,
): Promise<T> {
  const attempts = authAttempts(reference, mirrorHosts(options.mirrors, reference.registry), secrets)
  let refusal: PullProblem | undefined
  for (const attempt of [...attempts, undefined]) {
    const outcome = await withAccess(options, reference, attempt, signal, async (access) => {
      const answer = await ask(options, reference, access, signal)
      if (answer.kind === 'problem') return answer
      return {
        kind: 'done' as const,
        value: await use(await choose(options, reference, answer.text, platform, access, signal)),
      }
    })
    if (outcome.kind === 'done') return outcome.value
    refusal ??= outcome.problem
    if (outcome.problem.kind !== 'denied') throw pullFailure(reference, outcome.problem, options.paths.blobs)
  }
  // The first refusal is the one to tell of: the later tries were only a hope.
  throw pullFailure(reference, refusal ?? { kind: 'other', detail: 'no answer' }, options.paths.blobs)
}

export function inspectTimeoutMs(options: RegistryOptions): number {
  return Math.min(INSPECT_TIMEOUT_MS, options.pullTimeoutMs)
}

async function withAccess<T>(
  options: RegistryOptions,
  reference: ImageReference,
  attempt: AuthAttempt | undefined,
  signal: AbortSignal,
  use: (access: RegistryAccess) => Promise<T>,
): Promise<T> {
  const { transport, paths, mirrors, environment } = options
  const mirrored = Object.keys(mirrors).length > 0
  const access = {
    // Skopeo's flag would allow plain http to the mirrors too; these have their own setting.
    plainHttp: isLoopback(reference.registry) && !(reference.registry in mirrors),
    environment,
    ...(mirrored ? { registriesConf: paths.registriesConf } : {}),
  }
  if (attempt === undefined) return await use(access)
  const authFile = `${paths.auth}/${crypto.randomUUID()}.json`
  await transport.writeFile(authFile, attempt.content, 0o600, signal)
  try {
    return await use({ ...access, authFile })
  } finally {
    await transport.remove(authFile)
  }
}

type Answer =
  | { readonly kind: 'manifest'; readonly text: string }
  | { readonly kind: 'problem'; readonly problem: PullProblem }

async function ask(
  options: RegistryOptions,
  reference: ImageReference,
  access: RegistryAccess,
  signal: AbortSignal,
): Promise<Answer> {
  const name = referenceText(reference)
  const result = await runCommand(
    options.transport,
    inspectCommand(name, access, inspectTimeoutMs(options)),
    `pulling ${name}`,
    signal,
  )
  if (result.exitCode === 0 && !result.timedOut) return { kind: 'manifest', text: result.stdout }
  return { kind: 'problem', problem: pullProblem(result) }
}

/** Follows an index to the manifest for this machine. */
async function choose(
  options: RegistryOptions,
  reference: ImageReference,
  text: string,
  platform: Platform,
  access: RegistryAccess,
  signal: AbortSignal,
): Promise<RemoteImage> {
  const manifest = read(reference, text)
  const digest = checkedDigest(reference, text)
  if (manifest.kind === 'image') return { reference, digest, manifestDigest: digest, manifest, access }
  const choice = choosePlatform(manifest.choices, platform)
  if (choice === undefined) {
    const offered = platformNames(manifest.choices)
    throw unusable(
      reference,
      `it is not made for ${platform.os}/${platform.architecture}, but for ${offered}`,
    )
  }
  const pinned: ImageReference = {
    registry: reference.registry,
    repository: reference.repository,
    digest: choice.digest,
  }
  const answer = await ask(options, pinned, access, signal)
  if (answer.kind === 'problem') throw pullFailure(pinned, answer.problem, options.paths.blobs)
  const chosen = read(pinned, answer.text)
  if (chosen.kind === 'index') throw unusable(reference, 'its index leads to another index')
  return { reference, digest, manifestDigest: checkedDigest(pinned, answer.text), manifest: chosen, access }
}

/** A digest in the name is a promise about the bytes. */
function checkedDigest(reference: ImageReference, text: string): string {
  const digest = digestText(text)
  if (reference.digest === undefined || reference.digest === digest) return digest
  throw new RuntimeFailure(
    'ErrImagePull',
    `pulling ${referenceText(reference)}: registry ${reference.registry} answered with ${digest} instead`,
  )
}

function read(reference: ImageReference, text: string): Manifest {
  try {
    return parseManifest(text)
  } catch (cause) {
    throw unusable(reference, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

export function unusable(reference: ImageReference, why: string, cause?: unknown): RuntimeFailure {
  return new RuntimeFailure('ErrImagePull', `pulling ${referenceText(reference)}: ${why}`, {
    certain: true,
    cause,
  })
}
