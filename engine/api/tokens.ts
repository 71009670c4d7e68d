import type { Cluster } from './generated/types.ts'

/** What a service account token says, as Kubernetes' own do. Times are in seconds since 1970. */
export interface TokenClaims {
  readonly aud: readonly string[]
  readonly exp: number
  readonly iat: number
  readonly iss: string
  readonly jti: string
  readonly nbf: number
  readonly sub: string
  readonly 'kubernetes.io': {
    readonly namespace: string
    readonly node: { readonly name: string }
    readonly pod: { readonly name: string; readonly uid: string }
    readonly serviceaccount: { readonly name: string; readonly uid: string }
  }
}

/** What kubeadm gives a cluster. */
const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local'

/** Who signs, and for whom a token is that names nobody else. */
export function issuerOf({ spec }: Cluster): string {
  return spec?.serviceAccountIssuer ?? DEFAULT_ISSUER
}
