import type { NodeName } from '../../api/names.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Runtime } from '../runtime.ts'
import type { ImageStore } from './images/store.ts'

export interface OciRuntimeOptions {
  readonly transport: Transport
  /** The cluster's folder on the node. Its root.json, with the pods' range, is there before the first pod is made. */
  readonly root: string
  readonly node: NodeName
  /** From the Cluster: registry host to URLs that are asked before it. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>
  /** For skopeo, beside PATH: HOME and XDG_RUNTIME_DIR (the usual auth files), proxies, SSL_CERT_FILE. */
  readonly environment?: Readonly<Record<string, string>>
  /** On a tmpfs; /run/reconcile/<root id> when absent. */
  readonly runDir?: string
  /** Another source of images: for tests. */
  readonly images?: ImageStore
}

export async function createOciRuntime(_options: OciRuntimeOptions): Promise<Runtime> {
  throw new Error('not written yet')
}
