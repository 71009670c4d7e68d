import type { ObjectKey } from './names.ts'
import type { Sealed } from './sealed.ts'

/** An IngressClass of this controller is the engine's own. */
export const INGRESS_CONTROLLER = 'reconcile.dev/ingress'

/** What the proxy of a node answers for Ingresses: plain data, sorted, the very same object as long as nothing of it changes. */
export interface IngressConfig {
  /** The ports of the node that it listens on. Without a certificate nobody listens on the second. */
  readonly ports: { readonly http: number; readonly https: number }
  /** Where it listens; absent: at every address of the node. */
  readonly address?: string
  /** Those that are answered for, sorted: what the proxy as a whole cannot do is told of each. */
  readonly ingresses: readonly ObjectKey[]
  /** No two of the same host, match and path. What none takes is answered with 404. */
  readonly routes: readonly IngressRoute[]
  /** By name. */
  readonly backends: readonly IngressBackend[]
  /** The oldest Ingress' first. No two of the same Secret. */
  readonly certificates: readonly IngressCertificate[]
}

/** Of the routes that take a request, the one of the most specific host is used, then the longest path, then Exact before Prefix. */
export interface IngressRoute {
  /** In lower case; `*.example.org` stands for one label more; absent: every host. */
  readonly host?: string
  /** `rest`: what no path takes that the same host has. */
  readonly match: 'exact' | 'prefix' | 'rest'
  /** Of a prefix without the last slash, so that `` takes everything. */
  readonly path: string
  /** A name of `backends`. */
  readonly backend: string
}

export interface IngressBackend {
  /** `namespace:service:port` */
  readonly name: string
  /** In order. Without any it answers 503. */
  readonly endpoints: readonly { readonly address: string; readonly port: number }[]
}

export interface IngressCertificate {
  /** `namespace/name` of the Secret. */
  readonly secret: string
  /** Sorted. */
  readonly ingresses: readonly ObjectKey[]
  /** Whom it is shown to, in lower case, sorted. */
  readonly hosts: readonly string[]
  /** It is shown to whoever asks for a name that it has itself, too. */
  readonly ownNames: boolean
  /** Shown to whoever asks for a name that no certificate is for. Of one at the most. */
  readonly isDefault: boolean
  /** Certificates and then the key, as PEM. */
  readonly pem: Sealed
}
