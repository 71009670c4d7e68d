import type { VolumeRequest } from '../../api/cri.ts'
import { claimOfVolume } from '../../api/claims.ts'
import type { Volume } from '../../api/generated/types.ts'
import { byteCount } from '../../api/quantity.ts'
import type { ConfigProblem } from '../context.ts'
import { isProblem } from '../context.ts'
import { type FilesContext, filesVolume } from './fileVolumes.ts'
import { mountProblem } from './mountProblem.ts'
import { pullAuths } from './pullImage.ts'

export function volumeRequest(volume: Volume, context: FilesContext): VolumeRequest | ConfigProblem {
  const files = filesVolume(volume, context)
  if (files !== undefined) return files
  const { emptyDir, hostPath, image, name } = volume
  if (hostPath !== undefined)
    return { kind: 'hostPath', name, path: hostPath.path, type: hostPath.type ?? '' }
  const { metadata } = context.record.pod
  const claim = claimOfVolume(metadata.name ?? '', volume)
  if (claim !== undefined) return { kind: 'claim', name, namespace: metadata.namespace ?? 'default', claim }
  if (image !== undefined) return imageVolume(volume, context)
  if (emptyDir === undefined) return mountProblem(name, 'the engine does not know volumes of this kind')
  const { medium, sizeLimit } = emptyDir
  const sizeLimitBytes = sizeLimit === undefined ? 0 : byteCount(sizeLimit)
  return {
    kind: 'emptyDir',
    name,
    medium: medium === 'Memory' ? 'Memory' : '',
    ...(sizeLimitBytes > 0 && { sizeLimitBytes }),
  }
}

function imageVolume({ image, name }: Volume, context: FilesContext): VolumeRequest | ConfigProblem {
  if (!image?.reference) return mountProblem(name, 'it names no image')
  const auths = pullAuths(context.record, context.spec, context.desired)
  if (isProblem(auths)) return auths
  const policy = image.pullPolicy ?? 'IfNotPresent'
  return { kind: 'image', name, pull: { image: image.reference, policy, auths }, image: '' }
}
