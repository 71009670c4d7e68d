import { canonicalJson } from './canonical.ts'
import { canonical } from './defaults/resources.ts'
import type { PodSpec, RuntimeClass } from './generated/types.ts'

/** What a pod gets from the RuntimeClass that it names. Source: Kubernetes' plugin/pkg/admission/runtimeclass. */
export function withRuntimeClass(spec: PodSpec, runtimeClass: RuntimeClass): PodSpec {
  const { overhead, scheduling } = runtimeClass
  const own = spec.tolerations ?? []
  const known = new Set(own.map(canonicalJson))
  const added = (scheduling?.tolerations ?? []).filter((one) => !known.has(canonicalJson(one)))
  const nodeSelector = { ...spec.nodeSelector, ...scheduling?.nodeSelector }
  return {
    ...spec,
    ...(overhead?.podFixed !== undefined && { overhead: overhead.podFixed }),
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(own.length + added.length > 0 && { tolerations: [...own, ...added] }),
  }
}

/** Why a pod and the RuntimeClass that it names do not go together, in Kubernetes' words, and at which field of the pod's spec. */
export function runtimeClassConflicts(
  spec: PodSpec,
  runtimeClass: RuntimeClass | undefined,
): readonly { readonly field: 'overhead' | 'nodeSelector'; readonly message: string }[] {
  const fixed = runtimeClass?.overhead?.podFixed
  const { overhead } = spec
  const conflicts = Object.entries(runtimeClass?.scheduling?.nodeSelector ?? {}).flatMap(([key, value]) => {
    const own = spec.nodeSelector?.[key]
    if (own === undefined || own === value) return []
    const message = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`
    return [{ field: 'nodeSelector', message } as const]
  })
  if (overhead === undefined) return conflicts
  if (fixed === undefined) {
    const message = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'
    return [...conflicts, { field: 'overhead', message }]
  }
  if (canonicalJson(canonical(overhead)) === canonicalJson(canonical(fixed))) return conflicts
  const message = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
  return [...conflicts, { field: 'overhead', message }]
}
