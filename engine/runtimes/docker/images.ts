import type { CommandResult, Transport } from '../../transport/transport.ts'
import { imageRemoveArgs } from '../dockerLike/commands.ts'
import { createToolImages, type ImageOptions } from '../dockerLike/images.ts'
import type { ToolImages, ToolNode } from '../dockerLike/tool.ts'
import { type ImageReference, parseReference, pinnedText, referenceText } from '../oci/images/reference.ts'
import { mirrorLocations, type Mirrors } from '../oci/images/registries.ts'
import type { CollectedImages } from '../oci/images/store.ts'
import { readText } from '../oci/node/node.ts'
import { imageListArgs, pullArgs } from './commands.ts'
import { parseImageLines } from './imageLines.ts'
import type { DockerPlace } from './place.ts'

interface Docker extends Pick<ToolNode, 'ask' | 'tool'> {
  readonly place: DockerPlace
  readonly transport: Transport
}

const HALF_AN_HOUR_MS = 30 * 60_000

/** Among those of the node's docker: only what was pulled for this root is ever removed. */
export function createDockerImages(docker: Docker, options: ImageOptions): ToolImages {
  const namesOf = (reference: ImageReference) => namesWith(options.mirrors ?? {}, reference)
  return createToolImages(
    {
      ...docker,
      store: "docker's data-root",
      namesOf,
      pull: async (reference, auth, signal) => await pull(docker, options, reference, auth, signal),
      collect: async (keep, signal) => await collect(docker, namesOf, keep, signal),
    },
    options,
  )
}

/** docker asks mirrors of its own configuration alone: so an image has the name that it has on each of ours, and its own last. */
export function namesWith(mirrors: Mirrors, reference: ImageReference): readonly string[] {
  const { digest, registry, repository, tag = 'latest' } = reference
  const locations = mirrorLocations(mirrors, registry).map((location) => `${location}/${repository}`)
  const elsewhere = locations.map((name) => (digest === undefined ? `${name}:${tag}` : `${name}@${digest}`))
  return [...elsewhere, digest === undefined ? referenceText(reference) : pinnedText(reference, digest)]
}

async function pull(
  docker: Docker,
  options: ImageOptions,
  reference: ImageReference,
  auth: string | undefined,
  signal: AbortSignal,
): Promise<CommandResult> {
  const { place, transport } = docker
  const config = auth === undefined ? undefined : `${place.auth}/${crypto.randomUUID()}`
  if (config !== undefined) {
    await transport.makeDirectory(config, 0o700)
    await transport.writeFile(`${config}/config.json`, auth ?? '', 0o600, signal)
  }
  try {
    return await pullOne(docker, options, namesWith(options.mirrors ?? {}, reference), config, signal)
  } finally {
    if (config !== undefined) await transport.remove(config)
  }
}

/** What each of these names was refused with; as skopeo says it, those of the mirrors before the registry's own. */
export function refusals(said: readonly { readonly name: string; readonly text: string }[]): string {
  const lines = said.map(({ name, text }) => ({ name, text: text.replaceAll('\n', ' ') }))
  const mirrors = lines.slice(0, -1).map(({ name, text }) => `[${name}: ${text}]`)
  const own = lines.at(-1)?.text ?? ''
  return mirrors.length === 0 ? own : `(Mirrors also failed: ${mirrors.join(' ')}): ${own}`
}

/** By the first of the names that gives it. */
async function pullOne(
  docker: Docker,
  options: ImageOptions,
  names: readonly string[],
  config: string | undefined,
  signal: AbortSignal,
): Promise<CommandResult> {
  const { ask, place, tool, transport } = docker
  let result: CommandResult = { exitCode: 1, stdout: '', stderr: 'it has no name', timedOut: false }
  const said: { name: string; text: string }[] = []
  for (const name of names) {
    const failing = { reason: 'ErrImagePull', doing: `pulling ${name}`, signal }
    const before = await ask(imageListArgs([name]), failing)
    const limits = { env: { ...options.environment }, timeoutMs: options.pullTimeoutMs ?? HALF_AN_HOUR_MS }
    result = await ask(pullArgs(name, config), { ...failing, ...limits })
    if (result.exitCode !== 0 || result.timedOut) {
      said.push({ name, text: tool.refusal(result.stderr) })
      continue
    }
    if (before.exitCode !== 0) await transport.appendFile(place.images, `${name}\n`, 0o600)
    return result
  }
  return { ...result, stderr: refusals(said) }
}

/** docker itself refuses to delete what a container is made of. */
async function collect(
  { ask, place, transport }: Docker,
  namesOf: (reference: ImageReference) => readonly string[],
  keep: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<CollectedImages> {
  const failing = { reason: 'ImageGCFailed', doing: 'collecting unused images', signal }
  const ours = (await readText(transport, place.images)).split('\n').filter(Boolean)
  if (ours.length === 0) return { images: 0, bytes: 0 }
  const kept = new Set([...keep].flatMap((name) => [name, ...allNames(name, namesOf)]))
  const list = async () => parseImageLines((await ask(imageListArgs(ours), failing)).stdout)
  const before = await list()
  const unused = before.filter(({ id, names }) => ![id, ...names].some((name) => kept.has(name)))
  const names = unused.flatMap((image) => image.names.filter((name) => ours.includes(name)))
  if (names.length === 0) return { images: 0, bytes: 0 }
  await ask(imageRemoveArgs(names), failing)
  const after = new Set((await list()).map(({ id }) => id))
  const removed = unused.filter(({ id }) => !after.has(id))
  return { images: removed.length, bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) }
}

function allNames(
  name: string,
  namesOf: (reference: ImageReference) => readonly string[],
): readonly string[] {
  const reference = parseReference(name)
  return typeof reference === 'string' ? [] : namesOf(reference)
}
