import { withDefaults } from '../api/defaults/objects.ts'
import type { Cluster, Node } from '../api/generated/types.ts'
import type { ObjectKey } from '../api/names.ts'
import type { DesiredObject } from '../api/snapshot.ts'
import { autoscalers } from './autoscalers.ts'
import { dangling } from './dangling.ts'
import { byPlace, type Diagnostic } from './diagnostics.ts'
import { limits } from './limits.ts'
import { overlaps } from './overlaps.ts'
import { priorities } from './priorities.ts'
import { quotas } from './quotas.ts'
import { runtimeClasses } from './runtimeClasses.ts'
import { runtimeLimits } from './runtimeLimits.ts'
import { services } from './services.ts'
import {
  about,
  type CommitFile,
  diagnosticsOf,
  type Index,
  kindOf,
  placeText,
  type Standing,
} from './standing.ts'

export interface ReadOptions {
  /** `files`: some manifests on their own, so what they refer to may well exist elsewhere. */
  readonly mode: 'commit' | 'files'
}

export type ManifestsResult =
  | {
      readonly kind: 'valid'
      readonly cluster: Cluster
      /** By name. */
      readonly nodes: readonly Node[]
      /** By key, without the Cluster and the Nodes. */
      readonly objects: ReadonlyMap<ObjectKey, DesiredObject>
      readonly warnings: readonly Diagnostic[]
    }
  | {
      readonly kind: 'invalid'
      readonly errors: readonly Diagnostic[]
      readonly warnings: readonly Diagnostic[]
    }

/** All files of a commit together: their own diagnostics, and what only all of them show. */
export function readCommit(files: readonly CommitFile[], options: ReadOptions): ManifestsResult {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const standings = sorted.flatMap((file) => file.read.objects.map((placed) => ({ file, placed })))
  const own = sorted.flatMap(({ path, read }) =>
    read.diagnostics.map((diagnostic) => ({ file: path, ...diagnostic })),
  )
  const { index, duplicates } = indexed(standings)
  const findings = [
    ...dangling(standings, index, options.mode === 'files'),
    ...overlaps(standings, index),
    ...priorities(standings, index),
    ...autoscalers(standings, index),
    ...services(standings, index, options.mode === 'files'),
    ...limits(standings, index),
    ...runtimeClasses(standings, index),
    ...runtimeLimits(standings, index),
    ...quotas(index),
  ]
  const all = [...own, ...duplicates, ...secondClusters(standings), ...diagnosticsOf(findings)]
  const errors = all.filter(({ severity }) => severity === 'error').sort(byPlace)
  const warnings = all.filter(({ severity }) => severity === 'warning').sort(byPlace)
  return errors.length > 0 ? { kind: 'invalid', errors, warnings } : { ...desired(index), warnings }
}

function indexed(standings: readonly Standing[]): { index: Index; duplicates: readonly Diagnostic[] } {
  const index = new Map<ObjectKey, Standing>()
  const duplicates: Diagnostic[] = []
  for (const standing of standings) {
    const { key } = standing.placed.read
    if (key === undefined) continue
    const first = index.get(key)
    if (first === undefined) index.set(key, standing)
    else
      duplicates.push(
        error(
          standing,
          `is here a second time: it stands in ${placeText(first)} too`,
          'delete or rename one of them',
        ),
      )
  }
  return { index, duplicates }
}

function secondClusters(standings: readonly Standing[]): readonly Diagnostic[] {
  const clusters = standings.filter((standing) => kindOf(standing) === 'Cluster')
  const [first, ...others] = clusters
  if (first === undefined) return []
  // Two of one name are reported as that.
  return others
    .filter(({ placed }) => placed.read.key !== first.placed.read.key)
    .map((other) =>
      error(
        other,
        `there is a Cluster already, in ${placeText(first)}`,
        'a repository describes one cluster',
      ),
    )
}

function error(standing: Standing, message: string, suggestion: string): Diagnostic {
  return { ...about(standing), ...standing.placed.place, severity: 'error', message, suggestion }
}

function desired(index: Index): Omit<Extract<ManifestsResult, { kind: 'valid' }>, 'warnings'> {
  let cluster: Cluster | undefined
  const nodes: Node[] = []
  const objects = new Map<ObjectKey, DesiredObject>()
  for (const [key, { file, placed }] of [...index].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { valid } = placed.read
    if (valid === undefined) throw new Error(`${key} has neither errors nor a value`)
    const { object, written } = valid
    if (object.kind === 'Cluster') cluster = object
    else if (object.kind === 'Node') nodes.push(object)
    else objects.set(key, { key, written, object, position: { file: file.path, ...placed.place } })
  }
  return { kind: 'valid', cluster: cluster ?? defaultCluster(), nodes, objects }
}

function defaultCluster(): Cluster {
  const cluster = withDefaults({
    apiVersion: 'reconcile.dev/v1',
    kind: 'Cluster',
    metadata: { name: 'default' },
  })
  if (cluster.kind !== 'Cluster') throw new Error('defaults changed the kind of a Cluster')
  return cluster
}
