/** What the proxy of a node answers for Ingresses, as its own configuration says it. */
export interface IngressConfig {
  /** The ports of the node that it listens on. */
  readonly ports: { readonly http: number; readonly https: number }
}
