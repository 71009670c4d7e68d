import type { Transport } from '../../transport/transport.ts'
import { askers } from '../dockerLike/askers.ts'
import { runOrFail } from '../oci/commands.ts'
import { mountedBelow, readMountTable } from '../oci/node/mountTable.ts'
import type { RootPaths } from '../oci/paths.ts'
import { unmountCommand } from '../oci/pods/sandbox.ts'
import { podmanCommand, removeAllArgs } from './commands.ts'
import { remove } from '../dockerLike/tool.ts'
import { podmanPlace } from './place.ts'
import { PODMAN } from './tool.ts'

/** Ends whatever podman runs for this root, so that it starts nothing again; its store can be deleted then. False: it has none. */
export async function endPodman(
  transport: Transport,
  paths: Pick<RootPaths, 'root' | 'runDir'>,
  signal?: AbortSignal,
): Promise<boolean> {
  const place = podmanPlace(paths)
  if ((await transport.stat(place.store)) === undefined) return false
  const failing = { reason: 'RemoveFailed', doing: `removing what podman has in ${place.store}` }
  const podman = { ...askers(transport, (args, more) => podmanCommand(place, args, more)), tool: PODMAN }
  // Without it podman was not asked for anything since the last boot, so nothing runs.
  if ((await transport.stat(place.config)) !== undefined)
    for (const args of removeAllArgs()) await remove(podman, args, { ...failing, signal })
  const mounted = mountedBelow(await readMountTable(transport), place.store)
  if (mounted.length > 0) await runOrFail(transport, unmountCommand(mounted), failing, signal)
  return true
}
