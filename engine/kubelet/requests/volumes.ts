import type { VolumeFile, VolumeRequest } from '../../api/cri.ts'
import type {
  ConfigMapVolumeSource,
  KeyToPath,
  SecretVolumeSource,
  Volume,
} from '../../api/generated/types.ts'
import { byteCount } from '../../api/quantity.ts'
import type { Desired } from '../../api/snapshot.ts'
import type { ConfigProblem } from '../context.ts'
import { bytesOf, notFound, type SourceData, sourceData, type SourceKind } from './sources.ts'

const FILE_MODE = 0o644

/** A pod's group is to read the files whatever their mode says. */
const GROUP_READ = 0o440

export interface VolumeContext {
  readonly namespace: string
  readonly fsGroup: number | undefined
  readonly desired: Desired
}

export function volumeRequest(volume: Volume, context: VolumeContext): VolumeRequest | ConfigProblem {
  const { configMap, emptyDir, hostPath, name, secret } = volume
  if (configMap !== undefined)
    return filesVolume('ConfigMap', volume, configMap.name ?? '', configMap, context)
  if (secret !== undefined) return filesVolume('Secret', volume, secret.secretName ?? '', secret, context)
  if (hostPath !== undefined)
    return { kind: 'hostPath', name, path: hostPath.path, type: hostPath.type ?? '' }
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

function filesVolume(
  kind: SourceKind,
  volume: Volume,
  name: string,
  source: ConfigMapVolumeSource | SecretVolumeSource,
  context: VolumeContext,
): VolumeRequest | ConfigProblem {
  const request = { kind: 'files', name: volume.name, secret: kind === 'Secret' } as const
  const data = sourceData(context.desired, kind, context.namespace, name)
  if (data === undefined) {
    return source.optional === true
      ? { ...request, files: [] }
      : mountProblem(volume.name, notFound(kind, name))
  }
  const mode = withGroup(source.defaultMode ?? FILE_MODE, context)
  if (source.items === undefined || source.items.length === 0) {
    return { ...request, files: [...data].map(([path, value]) => ({ path, mode, content: bytesOf(value) })) }
  }
  const files = new Map<string, VolumeFile>()
  for (const item of source.items) {
    const content = data.get(item.key)
    if (content !== undefined) files.set(item.path, fileOf(item, content, mode, context))
    else if (source.optional !== true) return mountProblem(volume.name, missingKey(kind, item.key))
  }
  return { ...request, files: [...files.values()] }
}

function fileOf(
  item: KeyToPath,
  content: NonNullable<ReturnType<SourceData['get']>>,
  mode: number,
  context: VolumeContext,
): VolumeFile {
  const own = item.mode === undefined ? mode : withGroup(item.mode, context)
  return { path: item.path, mode: own, content: bytesOf(content) }
}

function withGroup(mode: number, context: VolumeContext): number {
  return context.fsGroup === undefined ? mode : mode | GROUP_READ
}

function missingKey(kind: SourceKind, key: string): string {
  return kind === 'Secret'
    ? `references non-existent secret key: ${key}`
    : `configmap references non-existent config key: ${key}`
}

function mountProblem(volume: string, message: string): ConfigProblem {
  const text = `MountVolume.SetUp failed for volume "${volume}" : ${message}`
  return { kind: 'problem', reason: 'FailedMount', message: text, certain: true }
}
