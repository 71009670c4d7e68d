import type { PodSpec, ServiceAccountTokenProjection } from '../../api/generated/types.ts'
import { uidHash } from '../../api/names.ts'
import type { PodRecord } from '../../api/records.ts'
import { issuerOf, type TokenClaims } from '../../api/tokens.ts'
import type { Desired } from '../../api/snapshot.ts'
import { tokenLifetime, windowStartMs } from './credentials.ts'

/**
 * The token of now. Which one that is follows from when the pod was made, and so does all that it says: whoever asks again gets the same one,
 * an engine that has just begun too, until the next one is due.
 */
export function tokenClaims(
  source: ServiceAccountTokenProjection,
  record: PodRecord,
  { cluster }: Pick<Desired, 'cluster'>,
  now: Temporal.Instant,
): TokenClaims {
  const { audience, path } = source
  const { metadata, spec } = record.pod
  const { name: pod = '', namespace = 'default', uid = '' } = metadata
  const account = accountOf(spec)
  const issuer = issuerOf(cluster)
  const lifetime = tokenLifetime(source)
  const from = Math.floor(windowStartMs(record, lifetime, now) / 1000)
  return {
    aud: [audience === undefined || audience === '' ? issuer : audience],
    exp: from + lifetime.seconds,
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

export function accountOf({ serviceAccount, serviceAccountName }: PodSpec): string {
  return serviceAccountName || serviceAccount || 'default'
}
