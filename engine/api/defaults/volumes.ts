import type { DownwardAPIVolumeFile, Volume, VolumeProjection } from '../generated/types.ts'
import { canonicalQuantity } from '../quantity.ts'
import { claimSpecWithDefaults } from './claims.ts'
import { defaultPullPolicy } from './container.ts'

/** 0644, which Kubernetes writes in decimal. */
const FILE_MODE = 0o644

/** A volume of which only the name is written is an empty directory. */
export function volumeWithDefaults(volume: Volume): Volume {
  const { configMap, downwardAPI, emptyDir, ephemeral, hostPath, image, projected, secret } = volume
  if (configMap !== undefined) return { ...volume, configMap: withMode(configMap) }
  if (secret !== undefined) return { ...volume, secret: withMode(secret) }
  if (hostPath !== undefined) return { ...volume, hostPath: { ...hostPath, type: hostPath.type ?? '' } }
  if (emptyDir?.sizeLimit !== undefined) {
    return { ...volume, emptyDir: { ...emptyDir, sizeLimit: canonicalQuantity(emptyDir.sizeLimit) } }
  }
  if (downwardAPI !== undefined) {
    const items = (downwardAPI.items ?? []).map(downwardFileWithDefaults)
    return { ...volume, downwardAPI: { ...withMode(downwardAPI), items } }
  }
  if (projected !== undefined) {
    const sources = (projected.sources ?? []).map(projectionWithDefaults)
    return { ...volume, projected: { ...withMode(projected), sources } }
  }
  const template = ephemeral?.volumeClaimTemplate
  if (template !== undefined) {
    const volumeClaimTemplate = { ...template, spec: claimSpecWithDefaults(template.spec) }
    return { ...volume, ephemeral: { ...ephemeral, volumeClaimTemplate } }
  }
  if (image !== undefined) {
    const pullPolicy = image.pullPolicy ?? defaultPullPolicy(image.reference ?? '')
    return { ...volume, image: { ...image, pullPolicy } }
  }
  return Object.keys(volume).length > 1 ? volume : { ...volume, emptyDir: {} }
}

function withMode<S extends { readonly defaultMode?: number }>(
  source: S,
): S & { readonly defaultMode: number } {
  return { ...source, defaultMode: source.defaultMode ?? FILE_MODE }
}

function projectionWithDefaults(source: VolumeProjection): VolumeProjection {
  const { downwardAPI, serviceAccountToken } = source
  if (downwardAPI?.items !== undefined) {
    return {
      ...source,
      downwardAPI: { ...downwardAPI, items: downwardAPI.items.map(downwardFileWithDefaults) },
    }
  }
  if (serviceAccountToken !== undefined) {
    const expirationSeconds = serviceAccountToken.expirationSeconds ?? 3600
    return { ...source, serviceAccountToken: { ...serviceAccountToken, expirationSeconds } }
  }
  return source
}

function downwardFileWithDefaults(file: DownwardAPIVolumeFile): DownwardAPIVolumeFile {
  const { fieldRef, resourceFieldRef } = file
  if (fieldRef !== undefined)
    return { ...file, fieldRef: { ...fieldRef, apiVersion: fieldRef.apiVersion ?? 'v1' } }
  if (resourceFieldRef === undefined) return file
  const divisor = canonicalQuantity(resourceFieldRef.divisor ?? '0')
  return { ...file, resourceFieldRef: { ...resourceFieldRef, divisor } }
}
