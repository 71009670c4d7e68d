import type { Transport } from '../../transport/transport.ts'
import { askers } from '../dockerLike/askers.ts'
import { imageRemoveArgs } from '../dockerLike/commands.ts'
import { type Asking, remove, type ToolNode } from '../dockerLike/tool.ts'
import { readText } from '../oci/node/node.ts'
import type { RootPaths } from '../oci/paths.ts'
import { dockerCommand, rootContainersArgs } from './commands.ts'
import { PAUSE_IMAGE } from './pause.ts'
import { dockerHost, dockerPlace } from './place.ts'
import { DOCKER } from './tool.ts'

/** Removes whatever the node's docker has of this root: containers, and images that were pulled for it. False: it has nothing. */
export async function endDocker(
  transport: Transport,
  paths: Pick<RootPaths, 'root' | 'runDir' | 'rootId'>,
  signal?: AbortSignal,
): Promise<boolean> {
  const place = dockerPlace(paths)
  if ((await transport.stat(place.folder)) === undefined) return false
  const host = await dockerHost(transport, place)
  const docker = { ...askers(transport, (args, more) => dockerCommand(host, args, more)), tool: DOCKER }
  const asking = { reason: 'RemoveFailed', doing: `removing what docker has of ${paths.root}`, signal }
  await removeFound(docker, rootContainersArgs(paths.rootId), asking)
  const images = (await readText(transport, place.images)).split('\n').filter(Boolean)
  // Another root, or somebody else, may use them: then docker keeps them.
  for (const name of [...images, PAUSE_IMAGE]) await docker.ask(imageRemoveArgs([name]), asking)
  return true
}

/** The containers that this lists. */
export async function removeFound(
  docker: Pick<ToolNode, 'ask' | 'command' | 'tell'> & {
    readonly tool: Pick<typeof DOCKER, 'hasRemoved' | 'removeArgs'>
  },
  listArgs: readonly string[],
  asking: Asking,
): Promise<void> {
  const { stdout } = await docker.tell(listArgs, asking)
  const ids = stdout.split('\n').filter(Boolean)
  if (ids.length > 0) await remove(docker, docker.tool.removeArgs(ids), asking)
}
