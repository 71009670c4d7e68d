import type { PodSpec } from '../api/generated/types.ts'
import { byteCount } from '../api/quantity.ts'
import type { PodEnd } from '../api/records.ts'
import type { ObservedPod } from '../api/snapshot.ts'
import type { PodContext } from './context.ts'

const NONE: ReadonlyMap<string, number> = new Map()

const known = new WeakMap<PodSpec, ReadonlyMap<string, number>>()

/** Empty directories on disk that may not grow beyond so many bytes. Those in memory have a limit of the kernel's. */
export function limitedVolumes(spec: PodSpec): ReadonlyMap<string, number> {
  const found = known.get(spec)
  if (found !== undefined) return found
  const limits = (spec.volumes ?? []).flatMap(({ emptyDir, name }): [string, number][] => {
    if (emptyDir?.sizeLimit === undefined || emptyDir.medium === 'Memory') return []
    const bytes = byteCount(emptyDir.sizeLimit)
    return bytes > 0 ? [[name, bytes]] : []
  })
  const volumes = limits.length === 0 ? NONE : new Map(limits)
  known.set(spec, volumes)
  return volumes
}

/** As localStorageEviction in Kubernetes' pkg/kubelet/eviction says it. */
export function evictionEnd(pod: ObservedPod, { node, now }: PodContext): PodEnd | undefined {
  if (pod.volumeBytes === undefined || !node.reachable) return undefined
  const { spec } = pod.record.pod
  for (const [name, limit] of limitedVolumes(spec)) {
    if ((pod.volumeBytes[name] ?? 0) <= limit) continue
    const written = spec.volumes?.find((volume) => volume.name === name)?.emptyDir?.sizeLimit
    return {
      phase: 'Failed',
      at: now.toString(),
      reason: 'Evicted',
      message: `Usage of EmptyDir volume "${name}" exceeds the limit "${written}". `,
    }
  }
  return undefined
}
