import type { PodUid } from '../../../api/names.ts'
import type { Runtime } from '../../runtime.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { failure } from '../commands.ts'
import { guarded } from '../guarded.ts'
import { readText } from '../node/node.ts'
import type { OciNode } from '../ociNode.ts'
import { podPaths } from '../paths.ts'
import { parseSandbox } from '../pods/sandbox.ts'
import { deleteClaim, emptyTrash } from './claims.ts'
import { diskBytes } from './diskBytes.ts'
import { updateVolumes } from './volumes.ts'

type VolumeVerbs = Pick<
  Runtime,
  'updateVolumes' | 'readVolumeFile' | 'diskBytes' | 'deleteClaim' | 'emptyTrash'
>

export function volumeVerbs({ paths, transport }: OciNode): VolumeVerbs {
  const sandboxOf = async (uid: PodUid) => {
    const sandbox = parseSandbox(await readText(transport, podPaths(paths, uid).sandbox))
    if (sandbox !== undefined) return sandbox
    throw new RuntimeFailure('FailedMount', 'the pod has no sandbox on this node')
  }
  return {
    updateVolumes: async (request, signal) => {
      await guarded('FailedMount', "updating the pod's volumes", signal, async () => {
        const sandbox = await sandboxOf(request.uid)
        await updateVolumes(transport, podPaths(paths, request.uid), sandbox, request)
      })
    },
    readVolumeFile: async ({ path, uid, volume }, signal) => {
      const base = (await sandboxOf(uid)).volumes[volume]
      if (base === undefined) return undefined
      try {
        return await transport.readBeneath(base, path, signal)
      } catch (error) {
        throw failure(
          { reason: 'CreateContainerConfigError', doing: `reading ${path} of volume ${volume}` },
          error,
        )
      }
    },
    diskBytes: async (uid, volumes, signal) =>
      await diskBytes(transport, podPaths(paths, uid), volumes, signal),
    deleteClaim: async (request, signal) => {
      const doing = `moving claim ${request.namespace}/${request.claim} to the trash`
      await guarded(
        'VolumeFailedDelete',
        doing,
        signal,
        async () => await deleteClaim(transport, paths, request),
      )
    },
    emptyTrash: async (before) => await emptyTrash(transport, paths, before),
  }
}
