import type { Counts, Reason } from './counts.ts'
import { reasonOf } from './counts.ts'
import type { Schema, SchemaSet } from './schemas.ts'
import { leadsTo } from './support.ts'

/** The specs whose fields people count when they ask how much of Kubernetes there is. */
export const COUNTED_SPECS = [
  'PodSpec',
  'Container',
  'DeploymentSpec',
  'ReplicaSetSpec',
  'StatefulSetSpec',
  'DaemonSetSpec',
  'JobSpec',
  'CronJobSpec',
]

/** Counted on their own, or the same wherever they are. */
const APART = new Set(['Container', 'PodTemplateSpec', 'ObjectMeta', 'TemplateMeta'])

export interface PathCounts extends Counts {
  /** Not counted among the others: cloud providers' volumes, Windows, deprecated, not for manifests. */
  readonly aside: number
  /** The fields that are not honoured, each without those below it. */
  readonly left: readonly LeftField[]
}

export interface LeftField {
  readonly path: string
  /** With those below it. */
  readonly fields: number
  readonly reason: string
}

interface FieldPath {
  readonly path: string
  readonly standing: Reason | 'aside'
  /** Of the field itself, not of one above it. */
  readonly reason?: string
}

/** Every path that a manifest can write in the spec, such as `affinity.nodeAffinity`, each as often as it can be written. */
export function countPaths(spec: string, schemas: SchemaSet): PathCounts {
  const paths = pathsOf(spec, '', undefined, schemas)
  const count = (standing: FieldPath['standing']) => paths.filter((one) => one.standing === standing).length
  return {
    honoured: count('honoured'),
    withoutEffect: count('without effect'),
    notHonoured: count('not honoured'),
    aside: count('aside'),
    left: leftOf(paths),
  }
}

function pathsOf(
  type: string,
  prefix: string,
  above: FieldPath['standing'] | undefined,
  schemas: SchemaSet,
): readonly FieldPath[] {
  return Object.entries(schemas.shared.get(type)?.properties ?? {})
    .filter(([name, field]) => !(name === 'status' && field.$ref !== undefined))
    .flatMap(([name, field]) => {
      const path = `${prefix}${name}`
      const standing = standingOf(field, above)
      const reason = field['x-unsupported'] ?? field['x-no-effect'] ?? firstOf(field)
      const own = { path, standing, ...(reason !== undefined && { reason }) }
      const next = leadsTo(field)
      if (next === '' || APART.has(next)) return [own]
      const below = `${path}${field.items === undefined ? '' : '[]'}.`
      return [own, ...pathsOf(next, below, standing, schemas)]
    })
}

/** A field of a part that is refused as a whole is no better than the part. */
function standingOf(field: Schema, above: FieldPath['standing'] | undefined): FieldPath['standing'] {
  if (above === 'aside' || field['x-aside'] !== undefined) return 'aside'
  const own = reasonOf(field)
  if (above === undefined || above === 'honoured') return own
  return above === 'without effect' && own === 'not honoured' ? own : above
}

function firstOf(field: Schema): string | undefined {
  return Object.values({ ...field['x-unsupported-values'], ...field['x-no-effect-values'] })[0]
}

function leftOf(paths: readonly FieldPath[]): readonly LeftField[] {
  const left = paths.filter(({ standing }) => standing === 'not honoured' || standing === 'without effect')
  const isBelow = (path: string, top: string) => path.startsWith(`${top}.`) || path.startsWith(`${top}[]`)
  const tops = left.filter(({ path }) => !left.some((other) => isBelow(path, other.path)))
  return tops.map(({ path, reason = '' }) => ({
    path,
    fields: 1 + left.filter((other) => isBelow(other.path, path)).length,
    reason,
  }))
}
