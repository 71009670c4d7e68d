import type { RunningContainer } from '../../api/cri.ts'
import { seenKey, type ToolNode } from '../dockerLike/tool.ts'
import type { LogPlaces } from '../oci/logs/keep.ts'
import { containerPaths, podPaths } from '../oci/paths.ts'

/** podman's conmon takes its orders in a folder of podman's; undefined: nobody has seen the container run. */
export function podmanLogPlace(
  { paths, seen }: Pick<ToolNode, 'paths' | 'seen'>,
  { container, uid }: RunningContainer,
): LogPlaces | undefined {
  const found = seen.get(seenKey(uid, container))
  if (found === undefined) return undefined
  const { directory } = containerPaths(podPaths(paths, uid), uid, container)
  return {
    own: `${directory}/${found.base}`,
    before: found.base === 0 ? undefined : `${directory}/${found.base - 1}`,
    control: `${found.folder}/ctl`,
  }
}
