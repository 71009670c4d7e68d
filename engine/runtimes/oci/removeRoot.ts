import type { Transport } from '../../transport/transport.ts'

export interface RemoveRootOptions {
  readonly transport: Transport
  readonly root: string
  readonly runDir?: string
}

/**
 * For `reconcile down`, after the pods are removed: the bridge, the nftables table, the cgroups, the folder in /run with
 * its tmpfs, and the root itself with images, layers and records. What was removed, a line each, for people.
 */
export async function removeRoot(_options: RemoveRootOptions): Promise<readonly string[]> {
  throw new Error('not written yet')
}
