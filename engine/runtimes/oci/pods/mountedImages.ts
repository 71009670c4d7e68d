import type { PodUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import type { RootPaths } from '../paths.ts'
import { podPaths } from '../paths.ts'
import { parseSandbox } from './sandbox.ts'

/** As volumes, of pods whose tag may mean another image by now. */
export async function mountedImages(
  transport: Transport,
  paths: RootPaths,
  uids: readonly PodUid[],
): Promise<readonly string[]> {
  const files = await transport.readFiles(uids.map((uid) => podPaths(paths, uid).sandbox))
  return [...files.values()].flatMap((text) => parseSandbox(text)?.images ?? [])
}
