import type { PodSpec, ServiceAccountTokenProjection, Volume } from '../../api/generated/types.ts'
import { uidHash } from '../../api/names.ts'
import type { PodRecord } from '../../api/records.ts'
import { issuerOf, type TokenClaims } from '../../api/tokens.ts'
import type { Desired } from '../../api/snapshot.ts'

const DEFAULT_SECONDS = 3600
/** As the kubelet: another token after this share of its time, and once a day. */
const USED_SHARE = 0.8
const USED_MS_MAX = 86_400_000

/**
 * The token of now. Which one that is follows from when the pod was made, and so does all that it says: whoever asks again gets the same one,
 * an engine that has just begun too, until the next one is due.
 */
export function tokenClaims(
  { audience, expirationSeconds = DEFAULT_SECONDS, path }: ServiceAccountTokenProjection,
  record: PodRecord,
  { cluster }: Pick<Desired, 'cluster'>,
  now: Temporal.Instant,
): TokenClaims {
  const { metadata, spec } = record.pod
  const { name: pod = '', namespace = 'default', uid = '' } = metadata
  const account = accountOf(spec)
  const issuer = issuerOf(cluster)
  const from = Math.floor(windowStart(record, expirationSeconds, now) / 1000)
  return {
    aud: [audience === undefined || audience === '' ? issuer : audience],
    exp: from + expirationSeconds,
    iat: from,
    iss: issuer,
    jti: uidHash(uid, path, String(from)),
    'kubernetes.io': {
      namespace,
      node: { name: record.node },
      pod: { name: pod, uid },
      serviceaccount: { name: account, uid: uidHash('ServiceAccount', namespace, account) },
    },
    nbf: from,
    sub: `system:serviceaccount:${namespace}:${account}`,
  }
}

function accountOf({ serviceAccount, serviceAccountName }: PodSpec): string {
  return serviceAccountName || serviceAccount || 'default'
}

function periodMs(expirationSeconds: number): number {
  return Math.min(expirationSeconds * 1000 * USED_SHARE, USED_MS_MAX)
}

/** When the token of now was, or would have been, made: in milliseconds since 1970. */
function windowStart({ pod }: PodRecord, expirationSeconds: number, now: Temporal.Instant): number {
  const born = Date.parse(pod.metadata.creationTimestamp ?? '1970-01-01T00:00:00Z')
  const period = periodMs(expirationSeconds)
  return born + Math.floor((now.epochMilliseconds - born) / period) * period
}

/** When the first of the pod's tokens is to be another one; undefined: it has none. In milliseconds since 1970. */
export function tokensDueMs(record: PodRecord, now: Temporal.Instant): number | undefined {
  const tokens = tokensOf(record.pod.spec)
  if (tokens.length === 0) return undefined
  return Math.min(
    ...tokens.map(({ expirationSeconds = DEFAULT_SECONDS }) =>
      Math.ceil(windowStart(record, expirationSeconds, now) + periodMs(expirationSeconds)),
    ),
  )
}

const NONE: readonly ServiceAccountTokenProjection[] = []
const found = new WeakMap<PodSpec, readonly ServiceAccountTokenProjection[]>()

/** By the spec's identity: asked of every pod in every plan. */
export function tokensOf(spec: PodSpec): readonly ServiceAccountTokenProjection[] {
  const known = found.get(spec)
  if (known !== undefined) return known
  const tokens = (spec.volumes ?? []).flatMap(tokensIn)
  const kept = tokens.length === 0 ? NONE : tokens
  found.set(spec, kept)
  return kept
}

export function tokensIn({ projected }: Volume): readonly ServiceAccountTokenProjection[] {
  return (projected?.sources ?? []).flatMap(({ serviceAccountToken }) => serviceAccountToken ?? [])
}
