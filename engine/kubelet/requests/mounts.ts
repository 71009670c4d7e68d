import type { MountRequest } from '../../api/cri.ts'
import type { Container, PodSpec, Volume, VolumeMount } from '../../api/generated/types.ts'
import type { ConfigProblem } from '../context.ts'
import { configError } from './environment.ts'
import { expand } from './expansion.ts'

export function mountsOf(
  container: Container,
  spec: PodSpec,
  env: ReadonlyMap<string, string>,
): readonly MountRequest[] | ConfigProblem {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]))
  const mounts: MountRequest[] = []
  for (const mount of container.volumeMounts ?? []) {
    const subPath = subPathOf(mount, env)
    if (typeof subPath === 'object') return subPath
    mounts.push(mountOf(mount, volumes.get(mount.name), subPath))
  }
  return mounts
}

function mountOf(mount: VolumeMount, volume: Volume | undefined, subPath: string): MountRequest {
  const { mountPath, mountPropagation, name, readOnly, recursiveReadOnly } = mount
  return {
    volume: name,
    mountPath,
    ...(subPath !== '' && { subPath }),
    readOnly: readOnly === true || (volume !== undefined && isFixed(volume)),
    propagation: propagation(mountPropagation),
    ...(recursiveReadOnly !== undefined && recursiveReadOnly !== 'Disabled' && { recursiveReadOnly }),
    ...(volume?.image !== undefined && { noExec: true }),
  }
}

/** What the engine writes is never written to from inside, as in Kubernetes, nor is an image. */
function isFixed({
  configMap,
  csi,
  downwardAPI,
  image,
  nfs,
  persistentVolumeClaim,
  projected,
  secret,
}: Volume): boolean {
  if (persistentVolumeClaim?.readOnly === true || nfs?.readOnly === true || csi?.readOnly === true)
    return true
  return (configMap ?? downwardAPI ?? image ?? projected ?? secret) !== undefined
}

const VARIABLE = /\$\$|\$\(([^)]*)\)/g

/** Empty: the whole volume. Each variable of an expression has to be there, and what comes of it must stay in the volume. */
function subPathOf(
  { subPath = '', subPathExpr = '' }: VolumeMount,
  env: ReadonlyMap<string, string>,
): string | ConfigProblem {
  if (subPathExpr === '') return subPath
  for (const [, name] of subPathExpr.matchAll(VARIABLE)) {
    if (name !== undefined && !env.has(name))
      return configError(
        `missing value for ${JSON.stringify(name)} in subPathExpr ${JSON.stringify(subPathExpr)}`,
      )
  }
  const path = expand(subPathExpr, env)
  if (path.startsWith('/')) return configError(`error SubPath \`${path}\` must not be an absolute path`)
  if (path.split('/').includes('..'))
    return configError(`unable to provision SubPath \`${path}\`: must not contain '..'`)
  return path
}

function propagation(asked: VolumeMount['mountPropagation']): MountRequest['propagation'] {
  if (asked === 'Bidirectional') return 'rshared'
  return asked === 'HostToContainer' ? 'rslave' : 'private'
}
