import type { KubernetesObject, LimitRange, PodSpec } from './generated/types.ts'
import { withContainerDefaults } from './limitRanges.ts'

/** A pod's spec as the API server admits it, given as written; the same object where nothing is filled in. */
export type Admission = (namespace: string, spec: PodSpec) => PodSpec

/**
 * What Kubernetes fills into a Pod, not into a template, when it is made: what the LimitRanges of its namespace say. So it belongs to the
 * pod: templates are compared as written, and a LimitRange that changes holds for pods that are made from then on. Undefined where there
 * is nothing that could fill in anything. `objects` with defaults.
 */
export function admissionBy(objects: Iterable<KubernetesObject>): Admission | undefined {
  const ranges = limitRangesOf(objects)
  if (ranges.size === 0) return undefined
  return (namespace, spec) => withContainerDefaults(spec, ranges.get(namespace) ?? [])
}

/** By namespace, sorted by name. */
export function limitRangesOf(
  objects: Iterable<KubernetesObject>,
): ReadonlyMap<string, readonly LimitRange[]> {
  const found = [...objects].filter((object) => object.kind === 'LimitRange')
  found.sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
  return Map.groupBy(found, ({ metadata }) => metadata.namespace ?? 'default')
}
