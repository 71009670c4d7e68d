import type { CommandResult } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { referenceText } from './reference.ts'
import type { ImageReference } from './reference.ts'

/** What a registry's refusal is about; `denied` may be answered otherwise with other credentials. */
export type PullProblem = {
  readonly kind:
    | 'missing'
    | 'missingInMirror'
    | 'denied'
    | 'unavailable'
    | 'plainHttp'
    | 'damaged'
    | 'diskFull'
    | 'tooManyLayers'
    | 'other'
  readonly detail: string
}

/** Order matters: a full disk or a registry that is down makes the other signs unreliable. */
const SIGNS: readonly (readonly [PullProblem['kind'], RegExp])[] = [
  ['diskFull', /no space left on device|disk quota exceeded/i],
  ['tooManyLayers', /max depth exceeded/],
  ['plainHttp', /server gave HTTP response to HTTPS client/],
  [
    'unavailable',
    /connection refused|no such host|i\/o timeout|TLS handshake timeout|connection reset|network is unreachable|no route to host|unexpected EOF|: EOF|context deadline exceeded|server misbehaving|toomanyrequests|too many requests|status(?: code)?:? (?:from registry )?(?:429|5\d\d)|received unexpected HTTP status: 5\d\d/i,
  ],
  [
    'damaged',
    /Digest did not match|does not match provided manifest digest|invalid status code from registry 404/i,
  ],
  [
    'denied',
    /unauthorized|authentication required|access to the resource is denied|invalid status code from registry 40[13]|denied: |invalid username\/password|no basic auth credentials/i,
  ],
  [
    'missing',
    /manifest unknown|name unknown|repository name not known|manifest_unknown|name_unknown|\b404\b|not found: /i,
  ],
]

/** Skopeo tells what each mirror said before what the registry itself said. */
const MISSING_IN_MIRROR = /Mirrors also failed: \[.*(?:manifest|name) unknown/i

const DENIED_BY_MIRROR = /Mirrors also failed: \[.*(?:unauthorized|authentication required|denied)/i

/** What a mirror that could be asked has said, where the registry itself could not be. */
function mirrorsWord(detail: string): PullProblem['kind'] | undefined {
  if (MISSING_IN_MIRROR.test(detail)) return 'missingInMirror'
  return DENIED_BY_MIRROR.test(detail) ? 'denied' : undefined
}

export function pullProblem(result: CommandResult): PullProblem {
  const detail = skopeoMessage(result.stderr)
  if (result.timedOut) return { kind: 'unavailable', detail: detail === '' ? 'no answer in time' : detail }
  const sign = SIGNS.find(([, expression]) => expression.test(detail))?.[0] ?? 'other'
  return {
    kind: sign === 'unavailable' || sign === 'plainHttp' ? (mirrorsWord(detail) ?? sign) : sign,
    detail: detail === '' ? `skopeo ended with ${result.exitCode}` : detail,
  }
}

export function pullFailure(
  reference: ImageReference,
  problem: PullProblem,
  blobDir: string,
): RuntimeFailure {
  const { reason, certain, sentence, advice } = explain(reference, problem.kind, blobDir)
  const summary = `pulling ${referenceText(reference)}: ${sentence}`
  const more = advice === undefined ? '' : `; ${advice}`
  return new RuntimeFailure(reason, `${summary}${more}: ${problem.detail}`, { certain, summary })
}

interface Explanation {
  readonly reason: string
  readonly certain: boolean
  /** Short: what is wrong. */
  readonly sentence: string
  /** What to do about it. */
  readonly advice?: string
}

function explain(reference: ImageReference, kind: PullProblem['kind'], blobDir: string): Explanation {
  const { registry, repository } = reference
  const pull = 'ErrImagePull'
  switch (kind) {
    case 'missing':
      return {
        reason: pull,
        certain: true,
        sentence: `image does not exist in registry ${registry}`,
        advice: 'check its name and tag',
      }
    case 'missingInMirror':
      // The one that answered is believed: waiting for the other would hide a misspelt tag behind a time-out.
      return {
        reason: pull,
        certain: true,
        sentence: `image does not exist in the mirror of ${registry}`,
        advice: `check its name and tag (${registry} itself could not be asked)`,
      }
    case 'denied':
      return {
        reason: pull,
        certain: true,
        sentence: `registry ${registry} refused: ${repository} does not exist or its credentials are missing or wrong`,
        advice: 'check imagePullSecrets',
      }
    case 'unavailable':
      return {
        reason: 'RegistryUnavailable',
        certain: false,
        sentence: `registry ${registry} could not be asked`,
      }
    case 'plainHttp':
      return {
        reason: 'RegistryUnavailable',
        certain: true,
        sentence: `registry ${registry} speaks plain http only`,
        advice: `if that is meant, name it in the Cluster's registries.mirrors as http://${registry}`,
      }
    case 'damaged':
      return {
        reason: pull,
        certain: false,
        sentence: `registry ${registry} sent data that is not what the manifest names`,
      }
    case 'diskFull':
      return {
        reason: pull,
        certain: false,
        sentence: `the disk with ${blobDir} is full`,
        advice: 'free some space',
      }
    case 'tooManyLayers':
      return {
        reason: pull,
        certain: true,
        sentence: "the image has more layers than the node's docker takes",
        advice: 'build it with fewer, or run it on an oci or podman node',
      }
    case 'other':
      return { reason: pull, certain: false, sentence: `registry ${registry}` }
    default:
      return kind satisfies never
  }
}

/** Skopeo logs `time="..." level=fatal msg="..."`; the last fatal message says it. */
function skopeoMessage(stderr: string): string {
  const messages = [...stderr.matchAll(/level=(?:fatal|error) msg=("(?:[^"\\]|\\.)*"|\S+)/g)].map(
    (match) => match[1] ?? '',
  )
  const message = unquote(messages.at(-1) ?? stderr.trim())
  return message
    .replace(/^Error (?:parsing image name|initializing source) "?docker:\/\/[^\s"]*"?: /, '')
    .replace(/^initializing source docker:\/\/\S+: /, '')
    .slice(0, 1000)
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' ? value : text
  } catch {
    return text.slice(1, -1)
  }
}
