import type { CommandResult, Transport } from '../../transport/transport.ts'
import { imageRemoveArgs } from '../dockerLike/commands.ts'
import { createToolImages, type ImageOptions } from '../dockerLike/images.ts'
import type { ToolImages, ToolNode } from '../dockerLike/tool.ts'
import { type ImageReference, isLoopback, referenceText } from '../oci/images/reference.ts'
import type { CollectedImages } from '../oci/images/store.ts'
import { imageListArgs, pullArgs } from './commands.ts'
import { parseImageList } from './imageList.ts'
import type { PodmanPlace } from './place.ts'

interface Podman extends Pick<ToolNode, 'ask' | 'tell' | 'tool'> {
  readonly place: PodmanPlace
  readonly transport: Transport
}

const HALF_AN_HOUR_MS = 30 * 60_000

/** In the store of the root. */
export function createPodmanImages(podman: Podman, options: ImageOptions): ToolImages {
  return createToolImages(
    {
      ...podman,
      store: podman.place.store,
      namesOf: (reference) => [referenceText(reference)],
      pull: async (reference, auth, signal) => {
        const result = await pull(podman, options, reference, auth, signal)
        return { ...result, stderr: podmanMessage(result.stderr) }
      },
      collect: async (keep, signal) => await collect(podman, keep, signal),
    },
    options,
  )
}

async function pull(
  { ask, place, transport }: Podman,
  options: ImageOptions,
  reference: ImageReference,
  auth: string | undefined,
  signal: AbortSignal,
): Promise<CommandResult> {
  const mirrors = options.mirrors ?? {}
  const name = referenceText(reference)
  const plainHttp = isLoopback(reference.registry) && !(reference.registry in mirrors)
  const authFile = auth === undefined ? undefined : `${place.auth}/${crypto.randomUUID()}.json`
  if (authFile !== undefined) await transport.writeFile(authFile, auth ?? '', 0o600, signal)
  try {
    return await ask(pullArgs(name, { plainHttp, ...(authFile !== undefined && { authFile }) }), {
      reason: 'ErrImagePull',
      doing: `pulling ${name}`,
      env: {
        ...options.environment,
        ...(Object.keys(mirrors).length > 0 && { CONTAINERS_REGISTRIES_CONF: place.registries }),
      },
      timeoutMs: options.pullTimeoutMs ?? HALF_AN_HOUR_MS,
      signal,
    })
  } finally {
    if (authFile !== undefined) await transport.remove(authFile)
  }
}

/** It tells each try before, and then the error, in one line. */
function podmanMessage(stderr: string): string {
  const error = stderr.split('\n').findLast((line) => line.startsWith('Error: '))
  return error === undefined ? stderr : error.slice('Error: '.length)
}

/** podman itself refuses to delete what a container is made of. */
async function collect(
  { ask, tell }: Podman,
  kept: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<CollectedImages> {
  const failing = { reason: 'ImageGCFailed', doing: 'collecting unused images', signal }
  const before = parseImageList((await tell(imageListArgs(), failing)).stdout)
  const unused = before.filter(({ id, names }) => ![id, ...names].some((name) => kept.has(name)))
  if (unused.length === 0) return { images: 0, bytes: 0 }
  await ask(imageRemoveArgs(unused.map(({ id }) => id.replace(/^sha256:/, ''))), failing)
  const after = new Set(parseImageList((await tell(imageListArgs(), failing)).stdout).map(({ id }) => id))
  const removed = unused.filter(({ id }) => !after.has(id))
  return { images: removed.length, bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) }
}
