import { podUid, type PodUid } from '../../api/names.ts'
import { inspected } from '../dockerLike/look.ts'
import { containerName, parseContainerName } from '../dockerLike/names.ts'
import { seenKey, type ToolNode } from '../dockerLike/tool.ts'
import { attemptFolder, CURRENT } from '../oci/logs/files.ts'
import { containerPaths, podPaths } from '../oci/paths.ts'
import { copyLog, dockerLogFolder } from './logFolder.ts'

type Node = Pick<ToolNode, 'ask' | 'isThere' | 'paths' | 'seen' | 'tool' | 'transport'>

/** docker's own files, for as long as it has the container; then a copy of them. */
export function dockerLogs(node: Node): Pick<ToolNode, 'logFolder' | 'saveLogs'> {
  const { paths, seen, transport } = node
  const attemptOf = (uid: PodUid, container: string, attempt: number): string =>
    `${containerPaths(podPaths(paths, uid), uid, container).directory}/${attempt}`
  return {
    logFolder: async (uid, container, attempt) => {
      const own = attemptOf(uid, container, attempt)
      if ((await transport.stat(`${own}/${CURRENT}`)) !== undefined) return attemptFolder(own)
      const known = seen.get(seenKey(uid, container))
      if (known?.base === attempt && known.folder !== '') return dockerLogFolder(known.folder)
      const name = containerName(uid, container, attempt)
      const folder = (await inspected(node, [name])).get(name)?.folder ?? ''
      return folder === '' ? attemptFolder(own) : dockerLogFolder(folder)
    },
    saveLogs: async (names) => {
      for (const { folder, name } of (await inspected(node, names)).values()) {
        const { attempt, container, uid } = parseContainerName(name) ?? {}
        if (uid === undefined || container === undefined || attempt === undefined || folder === '') continue
        await copyLog(transport, folder, attemptOf(podUid(uid), container, attempt))
      }
    },
  }
}
