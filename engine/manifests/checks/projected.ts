import type { DownwardAPIVolumeFile, VolumeProjection } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkFieldPath, checkResourceField } from './environment.ts'
import { descendingPath } from './paths.ts'
import { checkOne } from './probes.ts'
import { checkItems } from './volumes.ts'

/** What is known of a pod once it is made: no address yet, and no node. */
const FILE_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]
const SOURCES = ['configMap', 'downwardAPI', 'secret', 'serviceAccountToken']
const REFUSED = ['clusterTrustBundle', 'podCertificate']

export function checkDownwardFiles(
  context: CheckContext,
  path: Path,
  files: readonly DownwardAPIVolumeFile[] | undefined,
): void {
  for (const [index, file] of (files ?? []).entries()) {
    const at = [...path, index]
    const rule = file.path === '' ? 'must not be empty' : descendingPath(file.path)
    if (rule !== undefined) context.error([...at, 'path'], rule)
    checkOne(context, at, ['fieldRef', 'resourceFieldRef'], file)
    const { fieldRef, resourceFieldRef } = file
    if (fieldRef !== undefined)
      checkFieldPath(context, [...at, 'fieldRef', 'fieldPath'], fieldRef.fieldPath, FILE_FIELDS)
    if (resourceFieldRef === undefined) continue
    checkResourceField(context, [...at, 'resourceFieldRef'], resourceFieldRef)
    if (!resourceFieldRef.containerName)
      context.error([...at, 'resourceFieldRef', 'containerName'], 'required field is missing')
  }
}

/** Several sources in one folder: each has one origin, and no file is made twice. */
export function checkProjections(
  context: CheckContext,
  path: Path,
  sources: readonly VolumeProjection[] | undefined,
): void {
  const made = new Set<string>()
  for (const [index, source] of (sources ?? []).entries()) {
    const at = [...path, index]
    checkOne(context, at, SOURCES, source, REFUSED)
    checkProjection(context, at, source)
    for (const { file, where } of filesOf(source)) {
      if (made.has(file))
        context.error([...at, ...where], `conflicting duplicate paths: ${file} is made twice`)
      made.add(file)
    }
  }
}

function checkProjection(context: CheckContext, path: Path, source: VolumeProjection): void {
  for (const field of ['configMap', 'secret'] as const) {
    const projection = source[field]
    if (projection === undefined) continue
    if (!projection.name) context.error([...path, field, 'name'], 'required field is missing')
    checkItems(context, [...path, field, 'items'], projection.items)
  }
  checkDownwardFiles(context, [...path, 'downwardAPI', 'items'], source.downwardAPI?.items)
}

interface ProjectedFile {
  readonly file: string
  readonly where: Path
}

/** The files that a source names itself; those that it takes over with all their keys are not known here. */
function filesOf(source: VolumeProjection): readonly ProjectedFile[] {
  return (['configMap', 'secret', 'downwardAPI'] as const).flatMap((field) =>
    (source[field]?.items ?? []).map((item, index) => ({
      file: item.path,
      where: [field, 'items', index, 'path'],
    })),
  )
}
