import { runtimeClassesOf } from '../api/admission.ts'
import { podSpecsOf } from '../api/podSpecs.ts'
import { runtimeClassConflicts } from '../api/runtimeClasses.ts'
import type { Finding, Index, Standing } from './standing.ts'

/** Pods that say otherwise than the RuntimeClass that they name. */
export function runtimeClasses(standings: readonly Standing[], index: Index): readonly Finding[] {
  const classes = runtimeClassesOf(
    [...index.values()].flatMap(({ placed }) => placed.read.valid?.object ?? []),
  )
  return standings.flatMap((standing) => {
    const object = standing.placed.read.valid?.object
    if (object === undefined) return []
    return podSpecsOf(object).flatMap(({ path, spec }) => {
      const { overhead, runtimeClassName } = spec
      if (overhead === undefined && runtimeClassName === undefined) return []
      return runtimeClassConflicts(spec, classes.get(runtimeClassName ?? '')).map(({ field, message }) => ({
        standing,
        path: [...path, field],
        severity: 'error' as const,
        message,
      }))
    })
  })
}
