import type { PodUid } from '../../../api/names.ts'
import { podUid } from '../../../api/names.ts'
import { podPaths } from '../paths.ts'
import type { Sandbox } from '../pods/sandbox.ts'
import { parseSandbox } from '../pods/sandbox.ts'
import type { Looking } from './repair.ts'

/** Of all pods that have something on the tmpfs. */
export async function allSandboxes({
  paths,
  transport,
}: Pick<Looking, 'paths' | 'transport'>): Promise<ReadonlyMap<PodUid, Sandbox>> {
  const uids = (await transport.listDirectory(paths.runPods)).map(podUid)
  const files = await transport.readFiles(uids.map((uid) => podPaths(paths, uid).sandbox))
  return new Map(
    uids.flatMap((uid): [PodUid, Sandbox][] => {
      const sandbox = parseSandbox(files.get(podPaths(paths, uid).sandbox) ?? '')
      return sandbox === undefined ? [] : [[uid, sandbox]]
    }),
  )
}
