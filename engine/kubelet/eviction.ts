import type { Container, PodSpec } from '../api/generated/types.ts'
import { amountText, podLimits } from '../api/podResources.ts'
import { SYSTEM_PRIORITIES } from '../api/priorities.ts'
import { byteCount } from '../api/quantity.ts'
import type { PodEnd } from '../api/records.ts'
import type { ObservedPod } from '../api/snapshot.ts'
import type { PodContext } from './context.ts'

/** What of a pod may take so much of the disk. */
interface DiskLimit {
  /** What counts together: emptyDirs by name, containers as `container/NAME`. */
  readonly parts: readonly string[]
  readonly bytes: number
  /** Kubernetes' sentence, as in pkg/kubelet/eviction. */
  readonly message: string
}

const DISK = 'ephemeral-storage'

const NONE: readonly DiskLimit[] = []

const known = new WeakMap<PodSpec, readonly DiskLimit[]>()

/** In the order in which the kubelet looks. Empty directories in memory have a limit of the kernel's. */
export function diskLimits(spec: PodSpec): readonly DiskLimit[] {
  const found = known.get(spec)
  if (found !== undefined) return found
  const limits = [...volumeLimits(spec), ...podLimit(spec), ...containerLimits(spec)]
  const kept = limits.length === 0 ? NONE : limits
  known.set(spec, kept)
  return kept
}

/** All that is to be measured. */
export function limitedParts(spec: PodSpec): readonly string[] {
  return [...new Set(diskLimits(spec).flatMap(({ parts }) => parts))]
}

function volumeLimits({ volumes = [] }: PodSpec): readonly DiskLimit[] {
  return volumes.flatMap(({ emptyDir, name }): DiskLimit[] => {
    if (emptyDir?.sizeLimit === undefined || emptyDir.medium === 'Memory') return []
    const bytes = byteCount(emptyDir.sizeLimit)
    const message = `Usage of EmptyDir volume "${name}" exceeds the limit "${emptyDir.sizeLimit}". `
    return bytes > 0 ? [{ parts: [name], bytes, message }] : []
  })
}

/** All containers and empty directories together, where any container has a limit. */
function podLimit(spec: PodSpec): readonly DiskLimit[] {
  const { [DISK]: bytes } = podLimits(spec)
  if (bytes === undefined) return []
  const all = [...(spec.initContainers ?? []), ...spec.containers]
  const volumes = (spec.volumes ?? []).flatMap(({ emptyDir, name }) =>
    emptyDir === undefined || emptyDir.medium === 'Memory' ? [] : [name],
  )
  const message = `Pod ephemeral local storage usage exceeds the total limit of containers ${amountText(DISK, bytes)}. `
  return [{ parts: [...all.map(partOf), ...volumes], bytes, message }]
}

function containerLimits({ containers }: PodSpec): readonly DiskLimit[] {
  return containers.flatMap((container): DiskLimit[] => {
    const limit = container.resources?.limits?.[DISK]
    const bytes = limit === undefined ? 0 : byteCount(limit)
    const message = `Container ${container.name} exceeded its local ephemeral storage limit "${limit}". `
    return bytes > 0 ? [{ parts: [partOf(container)], bytes, message }] : []
  })
}

function partOf({ name }: Container): string {
  return `container/${name}`
}

/** The first limit that so many bytes go beyond. */
export function exceeded(spec: PodSpec, held: Readonly<Record<string, number>>): DiskLimit | undefined {
  return diskLimits(spec).find(
    ({ bytes, parts }) => parts.reduce((sum, part) => sum + (held[part] ?? 0), 0) > bytes,
  )
}

/** As localStorageEviction in Kubernetes' pkg/kubelet/eviction says it. */
export function evictionEnd(pod: ObservedPod, { node, now }: PodContext): PodEnd | undefined {
  if (pod.diskBytes === undefined || !node.reachable) return undefined
  // The kubelet evicts no critical pod either.
  if (SYSTEM_PRIORITIES.has(pod.record.pod.spec.priorityClassName ?? '')) return undefined
  const limit = exceeded(pod.record.pod.spec, pod.diskBytes)
  if (limit === undefined) return undefined
  return { phase: 'Failed', at: now.toString(), reason: 'Evicted', message: limit.message }
}
