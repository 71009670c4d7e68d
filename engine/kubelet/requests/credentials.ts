import type { PodSpec, Volume } from '../../api/generated/types.ts'
import type { PodRecord } from '../../api/records.ts'

/** As the kubelet: another token after this share of its time, and once a day. A certificate's signer says when; ours says the same share. */
const USED_SHARE = 0.8
const DAY_MS = 86_400_000
const DEFAULT_TOKEN_SECONDS = 3600
const DEFAULT_CERTIFICATE_SECONDS = 86_400

/** How long a token or certificate is valid, and how long it is used. */
export interface Lifetime {
  readonly seconds: number
  readonly usedMs: number
}

export function tokenLifetime({
  expirationSeconds: seconds = DEFAULT_TOKEN_SECONDS,
}: {
  readonly expirationSeconds?: number
}): Lifetime {
  return { seconds, usedMs: Math.min(seconds * 1000 * USED_SHARE, DAY_MS) }
}

export function certificateLifetime({
  maxExpirationSeconds: seconds = DEFAULT_CERTIFICATE_SECONDS,
}: {
  readonly maxExpirationSeconds?: number
}): Lifetime {
  return { seconds, usedMs: seconds * 1000 * USED_SHARE }
}

/** When the one of now was, or would have been, made: in milliseconds since 1970. It follows from when the pod was made. */
export function windowStartMs({ pod }: PodRecord, { usedMs }: Lifetime, now: Temporal.Instant): number {
  const born = Date.parse(pod.metadata.creationTimestamp ?? '1970-01-01T00:00:00Z')
  return born + Math.floor((now.epochMilliseconds - born) / usedMs) * usedMs
}

/** When the first of the pod's tokens and certificates is to be another one; undefined: it has none. In milliseconds since 1970. */
export function credentialsDueMs(record: PodRecord, now: Temporal.Instant): number | undefined {
  const lifetimes = credentialsOf(record.pod.spec)
  if (lifetimes.length === 0) return undefined
  return Math.min(
    ...lifetimes.map((lifetime) => Math.ceil(windowStartMs(record, lifetime, now) + lifetime.usedMs)),
  )
}

const NONE: readonly Lifetime[] = []
const found = new WeakMap<PodSpec, readonly Lifetime[]>()

/** By the spec's identity: asked of every pod in every plan. */
function credentialsOf(spec: PodSpec): readonly Lifetime[] {
  const known = found.get(spec)
  if (known !== undefined) return known
  const lifetimes = (spec.volumes ?? []).flatMap(lifetimesIn)
  const kept = lifetimes.length === 0 ? NONE : lifetimes
  found.set(spec, kept)
  return kept
}

export function hasCredentials(spec: PodSpec): boolean {
  return credentialsOf(spec).length > 0
}

function lifetimesIn({ projected }: Volume): readonly Lifetime[] {
  return (projected?.sources ?? []).flatMap(({ podCertificate, serviceAccountToken }) => [
    ...(serviceAccountToken === undefined ? [] : [tokenLifetime(serviceAccountToken)]),
    ...(podCertificate === undefined ? [] : [certificateLifetime(podCertificate)]),
  ])
}

/** What in a volume expires, for people. */
export function expiringIn({ projected }: Volume): readonly ('tokens' | 'certificates')[] {
  const sources = projected?.sources ?? []
  return [
    ...(sources.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)
      ? (['tokens'] as const)
      : []),
    ...(sources.some(({ podCertificate }) => podCertificate !== undefined)
      ? (['certificates'] as const)
      : []),
  ]
}
