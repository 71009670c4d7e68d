import type { ImageInfo, PullImageRequest } from '../../api/imageRequests.ts'
import type { CommandResult } from '../../transport/transport.ts'
import { RuntimeFailure } from '../runtime.ts'
import { authAttempts, authKey } from '../oci/images/auth.ts'
import { type PullProblem, pullFailure, pullProblem } from '../oci/images/failures.ts'
import type { ImageReference } from '../oci/images/reference.ts'
import { parseReference, referenceText } from '../oci/images/reference.ts'
import { mirrorHosts } from '../oci/images/registries.ts'
import { createLimit, createShare } from '../oci/images/sharing.ts'
import type { CollectedImages, ImageStoreOptions, LocalImage } from '../oci/images/store.ts'
import { invalidName, neverPulled } from '../oci/images/store.ts'
import { imageInspectArgs } from './commands.ts'
import { parseImage } from './imageParsers.ts'
import type { ToolImages, ToolNode } from './tool.ts'

export type ImageOptions = Pick<ImageStoreOptions, 'mirrors' | 'environment' | 'pullsMax' | 'pullTimeoutMs'>

const PULLS_MAX = 4

/** What each program does about images in its own way. */
export interface ImageWork extends Pick<ToolNode, 'ask' | 'tool'> {
  /** Where it keeps them, for people. */
  readonly store: string
  /** By which an image may be known, the best first. */
  readonly namesOf: (reference: ImageReference) => readonly string[]
  /** With these credentials, or with the node's own. */
  readonly pull: (
    reference: ImageReference,
    auth: string | undefined,
    signal: AbortSignal,
  ) => Promise<CommandResult>
  readonly collect: (keep: ReadonlySet<string>, signal?: AbortSignal) => Promise<CollectedImages>
}

/** Images as such a program keeps them. */
export function createToolImages(work: ImageWork, options: ImageOptions): ToolImages {
  const share = createShare<ImageInfo>()
  const pulls = createLimit(options.pullsMax ?? PULLS_MAX)
  /** By name and by id: what the program has said of an image that it has. It keeps those that are used. */
  const known = new Map<string, LocalImage>()
  const lookUp = async (name: string): Promise<LocalImage | undefined> => {
    const seen = known.get(name)
    if (seen !== undefined) return seen
    const reference = name.startsWith('sha256:') ? 'an id' : parseReference(name)
    for (const one of typeof reference === 'string' ? [name] : work.namesOf(reference)) {
      const found = await inspectImage(work, one, name)
      if (found === undefined) continue
      known.set(name, found).set(found.id, found)
      return found
    }
    return undefined
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
        await pulls(shared, async () => await pull(work, { reference, hosts }, request, shared))
        known.delete(name)
        const pulled = await lookUp(name)
        if (pulled !== undefined) return infoOf(pulled)
        throw new RuntimeFailure(
          'ErrImagePull',
          `pulling ${name}: ${work.tool.name} has pulled it, and does not have it`,
        )
      })
    },
    forget: () => known.clear(),
    resolve: async (id) => await lookUp(id),
    // The program mends its own store.
    incomplete: async () => [],
    collect: async (keep, signal) => {
      known.clear()
      return await work.collect(new Set(keep.flatMap(namesOf)), signal)
    },
  }
}

function infoOf({ id, reference }: LocalImage): ImageInfo {
  return { id, reference }
}

async function inspectImage(
  { ask }: ImageWork,
  place: string,
  name: string,
): Promise<LocalImage | undefined> {
  const wanted = place.replace(/^sha256:/, '')
  const result = await ask(imageInspectArgs(wanted), { reason: 'ErrImagePull', doing: `looking for ${name}` })
  return result.exitCode === 0 ? parseImage(result.stdout, name) : undefined
}

interface Pulling {
  readonly reference: ImageReference
  readonly hosts: readonly string[]
}

/** With each of the pod's secrets that fit, then with what the node's own user has. */
async function pull(
  work: ImageWork,
  { hosts, reference }: Pulling,
  { auths }: Pick<PullImageRequest, 'auths'>,
  signal: AbortSignal,
): Promise<void> {
  let refusal: PullProblem | undefined
  for (const attempt of [...authAttempts(reference, hosts, auths), undefined]) {
    const result = await work.pull(reference, attempt?.content, signal)
    if (result.exitCode === 0 && !result.timedOut) return
    const problem = pullProblem(result)
    refusal ??= problem
    if (problem.kind !== 'denied') throw pullFailure(reference, problem, work.store)
  }
  throw pullFailure(reference, refusal ?? { kind: 'other', detail: 'no answer' }, work.store)
}

function namesOf(kept: string): readonly string[] {
  const reference = parseReference(kept)
  return typeof reference === 'string' ? [kept] : [kept, referenceText(reference)]
}
