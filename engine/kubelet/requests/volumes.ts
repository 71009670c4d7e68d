import type { VolumeRequest } from '../../api/volumeRequests.ts'
import { claimOfVolume, copiedClaim } from '../../api/claims.ts'
import type { CSIVolumeSource, NFSVolumeSource, Volume } from '../../api/generated/types.ts'
import { objectKey } from '../../api/names.ts'
import { byteCount } from '../../api/quantity.ts'
import type { BoundVolume } from '../../api/records.ts'
import type { ConfigProblem } from '../context.ts'
import { isProblem } from '../context.ts'
import { type FilesContext, filesVolume } from './fileVolumes.ts'
import { mountProblem } from './mountProblem.ts'
import { pullAuths } from './pullImage.ts'
import { notFound, sourceData, textOf } from './sources.ts'

export function volumeRequest(volume: Volume, context: FilesContext): VolumeRequest | ConfigProblem {
  const files = filesVolume(volume, context)
  if (files !== undefined) return files
  const { emptyDir, hostPath, image, name } = volume
  if (hostPath !== undefined)
    return { kind: 'hostPath', name, path: hostPath.path, type: hostPath.type ?? '' }
  const { metadata } = context.record.pod
  const claim = claimOfVolume(metadata.name ?? '', volume)
  if (claim !== undefined) {
    const bound = context.record.claims?.[claim]
    if (bound !== undefined) return boundRequest(name, bound)
    const copyOf = copiedBy(claim, volume, context)
    const namespace = metadata.namespace ?? 'default'
    return { kind: 'claim', name, namespace, claim, ...(copyOf !== undefined && { copyOf }) }
  }
  if (image !== undefined) return imageVolume(volume, context)
  if (volume.nfs !== undefined) return nfsRequest(name, volume.nfs)
  if (volume.csi !== undefined) return csiRequest(name, volume.csi, context)
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

/** What is behind a claim that is bound to a PersistentVolume. */
function boundRequest(name: string, volume: BoundVolume): VolumeRequest | ConfigProblem {
  const { hostPath, local, mountOptions, nfs, volumeMode } = volume
  if (hostPath !== undefined)
    return { kind: 'hostPath', name, path: hostPath.path, type: hostPath.type ?? '' }
  if (local !== undefined) return { kind: volumeMode === 'Block' ? 'block' : 'local', name, path: local.path }
  if (nfs !== undefined) return nfsRequest(name, nfs, mountOptions)
  return mountProblem(name, `the engine does not know volumes of the kind of PersistentVolume ${volume.name}`)
}

function nfsRequest(
  name: string,
  { path, readOnly = false, server }: NFSVolumeSource,
  options: readonly string[] = [],
): VolumeRequest {
  return { kind: 'nfs', name, server, path, readOnly, options }
}

function csiRequest(
  name: string,
  source: CSIVolumeSource,
  { desired, record }: FilesContext,
): VolumeRequest | ConfigProblem {
  const { driver, fsType = '', nodePublishSecretRef, readOnly = false, volumeAttributes = {} } = source
  const request = { kind: 'csi', name, driver, fsType, readOnly, attributes: volumeAttributes } as const
  const secret = nodePublishSecretRef?.name
  if (secret === undefined) return { ...request, secrets: {} }
  const data = sourceData(desired, 'Secret', record.pod.metadata.namespace ?? 'default', secret)
  if (data === undefined) return mountProblem(name, notFound('Secret', secret))
  return { ...request, secrets: Object.fromEntries([...data].map(([key, value]) => [key, textOf(value)])) }
}

/** By the claim as the commit has it: of its own, of the pod's volume, or of a template of the pod's StatefulSet. */
function copiedBy(
  claim: string,
  { ephemeral }: Volume,
  { desired, record }: FilesContext,
): string | undefined {
  const { name, namespace, ownerReferences = [] } = record.pod.metadata
  const own = ephemeral?.volumeClaimTemplate?.spec
  if (own !== undefined) return copiedClaim(own)
  const written = desired.objects.get(objectKey('PersistentVolumeClaim', namespace, claim))?.object
  if (written?.kind === 'PersistentVolumeClaim') return copiedClaim(written.spec)
  const owner = ownerReferences.find(({ kind }) => kind === 'StatefulSet')
  const set = owner && desired.objects.get(objectKey('StatefulSet', namespace, owner.name))?.object
  if (set?.kind !== 'StatefulSet') return undefined
  const template = (set.spec.volumeClaimTemplates ?? []).find(
    ({ metadata }) => `${metadata.name}-${name}` === claim,
  )
  return template && copiedClaim(template.spec)
}

function imageVolume({ image, name }: Volume, context: FilesContext): VolumeRequest | ConfigProblem {
  if (!image?.reference) return mountProblem(name, 'it names no image')
  const auths = pullAuths(context.record, context.spec, context.desired)
  if (isProblem(auths)) return auths
  const policy = image.pullPolicy ?? 'IfNotPresent'
  return { kind: 'image', name, pull: { image: image.reference, policy, auths }, image: '' }
}
