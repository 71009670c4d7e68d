import type { ImageInfo, PullImageRequest } from '../../api/imageRequests.ts'
import type { CommandResult, Transport } from '../../transport/transport.ts'
import { RuntimeFailure } from '../runtime.ts'
import { authAttempts, authKey } from '../oci/images/auth.ts'
import { type PullProblem, pullFailure, pullProblem } from '../oci/images/failures.ts'
import type { ImageReference } from '../oci/images/reference.ts'
import { isLoopback, parseReference, referenceText } from '../oci/images/reference.ts'
import { mirrorHosts } from '../oci/images/registries.ts'
import { createLimit, createShare } from '../oci/images/sharing.ts'
import type { CollectedImages, ImageStore, ImageStoreOptions, LocalImage } from '../oci/images/store.ts'
import { invalidName, neverPulled } from '../oci/images/store.ts'
import { imageInspectArgs, imageListArgs, imageRemoveArgs, pullArgs } from './commands.ts'
import { parseImage, parseImageList } from './imageParsers.ts'
import type { PodmanNode } from './node.ts'

type Podman = Pick<PodmanNode, 'ask' | 'tell' | 'place'> & { readonly transport: Transport }
type Options = Pick<ImageStoreOptions, 'mirrors' | 'environment' | 'pullsMax' | 'pullTimeoutMs'>

const HALF_AN_HOUR_MS = 30 * 60_000
const PULLS_MAX = 4

export interface PodmanImages extends ImageStore {
  /** Somebody has changed podman's store: it is asked again. */
  readonly forget: () => void
}

/** Images as podman keeps them, in the store of the root. */
export function createPodmanImages(podman: Podman, options: Options): PodmanImages {
  const share = createShare<ImageInfo>()
  const pulls = createLimit(options.pullsMax ?? PULLS_MAX)
  /** By name and by id: what podman has said of an image that it has. It keeps those that are used. */
  const known = new Map<string, LocalImage>()
  const lookUp = async (name: string): Promise<LocalImage | undefined> => {
    const seen = known.get(name)
    if (seen !== undefined) return seen
    const found = await inspectImage(podman, name)
    if (found !== undefined) known.set(name, found).set(found.id, found)
    return found
  }
  return {
    pull: async (request, signal, asking) => {
      const reference = parseReference(request.image)
      if (typeof reference === 'string') throw invalidName(request.image, reference)
      const name = referenceText(reference)
      if (request.policy !== 'Always') {
        const present = await lookUp(name)
        if (present !== undefined) return infoOf(present)
        if (request.policy === 'Never') throw neverPulled(request.image)
      }
      asking?.()
      const hosts = mirrorHosts(options.mirrors ?? {}, reference.registry)
      const key = `${name} ${authKey(authAttempts(reference, hosts, request.auths))}`
      return await share(key, signal, async (shared) => {
        await pulls(shared, async () => await pull({ podman, options, reference, hosts }, request, shared))
        known.delete(name)
        const pulled = await lookUp(name)
        if (pulled !== undefined) return infoOf(pulled)
        throw new RuntimeFailure(
          'ErrImagePull',
          `pulling ${name}: podman has pulled it, and does not have it`,
        )
      })
    },
    forget: () => known.clear(),
    resolve: async (id) => await lookUp(id),
    // podman mends its own store.
    incomplete: async () => [],
    collect: async (keep, signal) => {
      known.clear()
      return await collect(podman, keep, signal)
    },
  }
}

function infoOf({ id, reference }: LocalImage): ImageInfo {
  return { id, reference }
}

async function inspectImage({ ask }: Podman, name: string): Promise<LocalImage | undefined> {
  const wanted = name.replace(/^sha256:/, '')
  const result = await ask(imageInspectArgs(wanted), { reason: 'ErrImagePull', doing: `looking for ${name}` })
  return result.exitCode === 0 ? parseImage(result.stdout, name) : undefined
}

interface Pulling {
  readonly podman: Podman
  readonly options: Options
  readonly reference: ImageReference
  readonly hosts: readonly string[]
}

/** With each of the pod's secrets that fit, then with what the node's own user has. */
async function pull(
  { hosts, options, podman, reference }: Pulling,
  { auths }: Pick<PullImageRequest, 'auths'>,
  signal: AbortSignal,
): Promise<void> {
  let refusal: PullProblem | undefined
  for (const attempt of [...authAttempts(reference, hosts, auths), undefined]) {
    const result = await pullWith({ hosts, options, podman, reference }, attempt?.content, signal)
    if (result.exitCode === 0 && !result.timedOut) return
    const problem = pullProblem({ ...result, stderr: podmanMessage(result.stderr) })
    refusal ??= problem
    if (problem.kind !== 'denied') throw pullFailure(reference, problem, podman.place.store)
  }
  throw pullFailure(reference, refusal ?? { kind: 'other', detail: 'no answer' }, podman.place.store)
}

async function pullWith(
  { options, podman, reference }: Pulling,
  auth: string | undefined,
  signal: AbortSignal,
): Promise<CommandResult> {
  const { ask, place, transport } = podman
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
  keep: readonly string[],
  signal: AbortSignal | undefined,
): Promise<CollectedImages> {
  const failing = { reason: 'ImageGCFailed', doing: 'collecting unused images', signal }
  const kept = new Set(keep.flatMap(namesOf))
  const before = parseImageList((await tell(imageListArgs(), failing)).stdout)
  const unused = before.filter(({ id, names }) => ![id, ...names].some((name) => kept.has(name)))
  if (unused.length === 0) return { images: 0, bytes: 0 }
  await ask(imageRemoveArgs(unused.map(({ id }) => id.replace(/^sha256:/, ''))), failing)
  const after = new Set(parseImageList((await tell(imageListArgs(), failing)).stdout).map(({ id }) => id))
  const removed = unused.filter(({ id }) => !after.has(id))
  return { images: removed.length, bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) }
}

function namesOf(kept: string): readonly string[] {
  const reference = parseReference(kept)
  return typeof reference === 'string' ? [kept] : [kept, referenceText(reference)]
}
