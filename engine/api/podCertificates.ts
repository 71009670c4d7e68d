import type { ClusterTrustBundle, PodCertificateProjection } from './generated/types.ts'

/** The one signer of pods' certificates that there is: this engine, with the root's own key. */
export const POD_SIGNER = 'reconcile.dev/pod'

/** The bundle of its root certificate, as a projection of trust may name it: in no commit, and always there. */
export const POD_TRUST: ClusterTrustBundle = {
  apiVersion: 'certificates.k8s.io/v1beta1',
  kind: 'ClusterTrustBundle',
  metadata: { name: 'reconcile.dev:pod:ca' },
  spec: { signerName: POD_SIGNER, trustBundle: '' },
}

/** A key and a certificate for it, to be made. Times are in seconds since 1970. */
export interface CertificateOrder {
  /** One order is carried out once, however many files of a volume are made of it. */
  readonly id: string
  readonly keyType: PodCertificateProjection['keyType']
  readonly notBefore: number
  readonly notAfter: number
  readonly commonName: string
  readonly uris: readonly string[]
  readonly dnsNames: readonly string[]
}

/** What of it goes into a file, as PEM: the key (PKCS #8), the certificate, or the one and then the other. */
export type CertificatePart = 'key' | 'chain' | 'bundle'

/** What only whoever carries a request out can put into a file: an order's part, or what the signer is known by after what is there. */
export type IssuedContent =
  | { readonly kind: 'certificate'; readonly order: CertificateOrder; readonly part: CertificatePart }
  | { readonly kind: 'trust' }
