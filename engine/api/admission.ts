import type { KubernetesObject, LimitRange, PodSpec, RuntimeClass } from './generated/types.ts'
import { withContainerDefaults } from './limitRanges.ts'
import { withRuntimeClass } from './runtimeClasses.ts'

/** A pod as the API server admits it, given its spec as written: the same object where nothing is filled in. */
export interface Admission {
  readonly specOf: (namespace: string, spec: PodSpec) => PodSpec
  /** The OCI runtime of a pod that names a RuntimeClass. */
  readonly handlerOf: (spec: PodSpec) => string | undefined
}

/**
 * What Kubernetes fills into a Pod, not into a template, when it is made: what the LimitRanges of its namespace and its RuntimeClass say. So
 * it belongs to the pod: templates are compared as written, and a LimitRange that changes holds for pods that are made from then on.
 * Undefined where there is nothing that could fill in anything. `objects` with defaults.
 */
export function admissionBy(objects: Iterable<KubernetesObject>): Admission | undefined {
  const all = [...objects]
  const ranges = limitRangesOf(all)
  const classes = runtimeClassesOf(all)
  if (ranges.size === 0 && classes.size === 0) return undefined
  const classOf = (spec: PodSpec): RuntimeClass | undefined => classes.get(spec.runtimeClassName ?? '')
  return {
    specOf: (namespace, spec) => {
      const runtimeClass = classOf(spec)
      const filled = runtimeClass === undefined ? spec : withRuntimeClass(spec, runtimeClass)
      return withContainerDefaults(filled, ranges.get(namespace) ?? [])
    },
    handlerOf: (spec) => classOf(spec)?.handler,
  }
}

/** By namespace, sorted by name. */
export function limitRangesOf(
  objects: Iterable<KubernetesObject>,
): ReadonlyMap<string, readonly LimitRange[]> {
  const found = [...objects].filter((object) => object.kind === 'LimitRange')
  found.sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
  return Map.groupBy(found, ({ metadata }) => metadata.namespace ?? 'default')
}

/** By name. */
export function runtimeClassesOf(objects: Iterable<KubernetesObject>): ReadonlyMap<string, RuntimeClass> {
  const found = [...objects].filter((object) => object.kind === 'RuntimeClass')
  return new Map(found.map((one) => [one.metadata.name ?? '', one]))
}
