import type { VolumeRequest } from '../../../api/volumeRequests.ts'
import type { Command } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { runOrFail } from '../commands.ts'
import { locked } from '../hook/hookCommands.ts'
import type { LowerLayers } from '../hook/rule.ts'
import { fitsMountOptions, lowerLayers } from '../hook/rule.ts'
import type { VolumePlaces } from './volumes.ts'

type ImageVolume = Extract<VolumeRequest, { readonly kind: 'image' }>

/** The image's layers, read-only and not to be run, for as long as the sandbox is there. */
export async function mountImage(
  { images, pod, transport }: VolumePlaces,
  volume: ImageVolume,
  signal?: AbortSignal,
): Promise<string> {
  const image = await images.resolve(volume.image)
  if (image === undefined)
    throw new RuntimeFailure('FailedMount', `image ${volume.pull.image} is not on this node`)
  const path = `${pod.runVolumes}/${volume.name}`
  const empty = `${pod.run}/empty`
  await transport.makeDirectory(path, 0o755)
  await transport.makeDirectory(empty, 0o755)
  const layers = lowerLayers(image.layerDirs, empty)
  if (!fitsMountOptions(layers, { directory: empty })) {
    const message = `image ${volume.pull.image} has ${image.layerDirs.length} layers, more than overlayfs can be told of`
    throw new RuntimeFailure('FailedMount', message, { certain: true })
  }
  const command = locked(pod.lock, imageMountCommand(layers, empty, path))
  const failing = { reason: 'FailedMount', doing: `mounting image ${volume.pull.image}` }
  await runOrFail(transport, command, failing, signal)
  return path
}

/** Without a layer to write to, overlayfs wants two at least: an empty one lies below. */
export function imageMountCommand({ directory, lower }: LowerLayers, empty: string, path: string): Command {
  const options = `lowerdir=${lower}:${empty},ro,nosuid,nodev,noexec`
  return { argv: ['env', '-C', directory, 'mount', '-t', 'overlay', '-o', options, 'overlay', path] }
}
