import type { Transport } from '../../../transport/transport.ts'
import { digestHex } from './digest.ts'
import type { StorePaths } from './paths.ts'
import { blobDirectory } from './paths.ts'
import { orAborted } from './sharing.ts'

/**
 * Fetches blobs so that each is fetched once, also when images that share it are pulled at the same time: who comes second
 * waits for the first one's fetch, and then fetches the rest. `fetch` gets all that is missing.
 */
export type EnsureBlobs = (
  digests: readonly string[],
  signal: AbortSignal,
  fetch: (missing: readonly string[]) => Promise<void>,
) => Promise<void>

export function createBlobs(transport: Transport, paths: StorePaths): EnsureBlobs {
  const underWay = new Map<string, Promise<void>>()

  async function missing(digests: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const present = new Set(await transport.listDirectory(blobDirectory(paths), signal))
    return digests.filter((digest) => !present.has(digestHex(digest)))
  }

  async function claimed(
    digests: readonly string[],
    fetch: (missing: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    for (const digest of digests) underWay.set(digest, promise)
    try {
      await fetch(digests)
    } finally {
      for (const digest of digests) underWay.delete(digest)
      resolve()
    }
  }

  return async (digests, signal, fetch) => {
    for (;;) {
      const wanted = await missing(digests, signal)
      if (wanted.length === 0) return
      const others = wanted.flatMap((digest) => underWay.get(digest) ?? [])
      if (others.length === 0) return await claimed(wanted, fetch)
      await orAborted(Promise.all(others), signal)
    }
  }
}
