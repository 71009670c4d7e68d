import { withDefaults } from '../api/defaults/objects.ts'
import type { Cluster, Node } from '../api/generated/types.ts'
import { keyParts, objectKey, type ObjectKey } from '../api/names.ts'
import type { DesiredObject } from '../api/snapshot.ts'
import { byPlace, type Diagnostic, fieldText } from './diagnostics.ts'
import type { PlacedObject, ReadFile } from './file.ts'
import { createLocator } from './locate.ts'
import type { Reference } from './references.ts'
import { nearest } from './suggestions.ts'
import { createLines } from './text.ts'

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

export interface CommitFile {
  readonly path: string
  readonly read: ReadFile
}

/** An object and the file that it stands in. */
interface Standing {
  readonly file: CommitFile
  readonly placed: PlacedObject
}

type Index = ReadonlyMap<ObjectKey, Standing>

/** All files of a commit together: their own diagnostics, and what only all of them show. */
export function readCommit(files: readonly CommitFile[], options: ReadOptions): ManifestsResult {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const standings = sorted.flatMap((file) => file.read.objects.map((placed) => ({ file, placed })))
  const own = sorted.flatMap(({ path, read }) =>
    read.diagnostics.map((diagnostic) => ({ file: path, ...diagnostic })),
  )
  const { index, duplicates } = indexed(standings)
  const all = [...own, ...duplicates, ...secondClusters(standings), ...dangling(standings, index, options)]
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
  const clusters = standings.filter(({ placed }) => kindOf(placed) === 'Cluster')
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

function kindOf(placed: PlacedObject): string | undefined {
  return placed.read.key === undefined ? undefined : keyParts(placed.read.key).kind
}

function dangling(standings: readonly Standing[], index: Index, options: ReadOptions): readonly Diagnostic[] {
  return standings.flatMap((standing) => {
    const { key, references } = standing.placed.read
    if (key === undefined || references.length === 0) return []
    const { namespace } = keyParts(key)
    const places = createPlaces(standing)
    return references.flatMap((reference) => {
      const missing = missingText(reference, namespace, index)
      if (missing === undefined) return []
      const severity = options.mode === 'files' || reference.dispensable ? 'warning' : 'error'
      return [
        {
          ...about(standing),
          ...places(reference),
          severity,
          field: fieldText(reference.path),
          ...missing,
        } as const,
      ]
    })
  })
}

/** Why a reference leads nowhere; undefined when it does not, or when it does only because its object is missing. */
function missingText(
  reference: Reference,
  namespace: string,
  index: Index,
): { readonly message: string; readonly suggestion?: string } | undefined {
  const { key, kind, name } = reference
  const target = index.get(objectKey(kind, namespace, name))
  if (target === undefined) {
    if (key !== undefined) return undefined
    const names = [...index.keys()]
      .map(keyParts)
      .filter((one) => one.kind === kind && one.namespace === namespace)
    const meant = nearest(
      name,
      names.map((one) => one.name),
    )
    const remedy = reference.dispensable ? 'add it' : 'add it, or mark the reference as optional'
    const suggestion = meant === undefined ? remedy : `did you mean ${meant}?`
    return { message: `there is no ${kind} ${namespace}/${name}`, suggestion }
  }
  const keys = target.placed.read.dataKeys
  if (key === undefined || keys === undefined || keys.includes(key)) return undefined
  const meant = nearest(key, keys)
  return {
    message: `${kind} ${namespace}/${name} has no key ${JSON.stringify(key)}`,
    ...(meant !== undefined && { suggestion: `did you mean ${meant}?` }),
  }
}

function createPlaces(standing: Standing): (reference: Reference) => { line: number; column: number } {
  let find: ((reference: Reference) => { line: number; column: number }) | undefined
  return (reference) => {
    find ??= placesIn(standing)
    return find(reference)
  }
}

function placesIn({ file, placed }: Standing): (reference: Reference) => { line: number; column: number } {
  const locate = createLocator(file.read.text)
  const placeOf = createLines(file.read.text)
  return (reference) => placeOf(locate(placed.document, [...placed.root, ...reference.path]))
}

function about({ file, placed }: Standing): { file: string; object?: string } {
  const { label } = placed.read
  return { file: file.path, ...(label !== undefined && { object: label }) }
}

function error(standing: Standing, message: string, suggestion: string): Diagnostic {
  return { ...about(standing), ...standing.placed.place, severity: 'error', message, suggestion }
}

function placeText({ file, placed }: Standing): string {
  return `${file.path}:${placed.place.line}`
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
