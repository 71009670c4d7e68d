import { podSpecsOf } from '../api/podSpecs.ts'
import { limitsOf, type RuntimeLimit } from '../api/runtimeLimits.ts'
import type { Finding, Index, Standing } from './standing.ts'

/** What pods ask for, and none of the commit's nodes can give them. */
export function runtimeLimits(standings: readonly Standing[], index: Index): readonly Finding[] {
  const nodes = [...index.values()].flatMap(({ placed }) => {
    const object = placed.read.valid?.object
    return object?.kind === 'Node' ? [limitsOf(object)] : []
  })
  const shared = limitsOfAll(nodes)
  if (shared.length === 0) return []
  return standings.flatMap((standing) => {
    const object = standing.placed.read.valid?.object
    if (object === undefined) return []
    return podSpecsOf(object).flatMap(({ metadata, path, spec }) =>
      shared.flatMap(({ asked, why }) =>
        asked({ spec, metadata }).map((at) => ({
          standing,
          path: [...path.slice(0, -1), ...at],
          severity: 'error' as const,
          message: `no node of this repository can do it: ${why}`,
        })),
      ),
    )
  })
}

/** Without a Node the pods run on this machine, by oci. */
function limitsOfAll([first, ...others]: readonly (readonly RuntimeLimit[])[]): readonly RuntimeLimit[] {
  return (first ?? []).filter((limit) => others.every((limits) => limits.includes(limit)))
}
