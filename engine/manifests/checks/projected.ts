import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkFieldPath, checkResourceField } from './environment.ts'
import { descendingPath } from './paths.ts'
import { CERTIFICATE_PATHS, checkPodCertificate } from './podCertificate.ts'
import { checkOne } from './probes.ts'
import { checkSelector } from './selectors.ts'
import { checkItems } from './volumes.ts'

/** What is known of a pod once it is made: no address yet, and no node. */
const FILE_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]
const SOURCES = [
  'clusterTrustBundle',
  'configMap',
  'downwardAPI',
  'podCertificate',
  'secret',
  'serviceAccountToken',
]
/** Source: ValidateVolumeSource in pkg/apis/core/validation. */
const TOKEN_SECONDS = { least: 600, most: 2 ** 32 }

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
    checkOne(context, at, SOURCES, source)
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
  if (source.serviceAccountToken !== undefined)
    checkToken(context, [...path, 'serviceAccountToken'], source.serviceAccountToken)
  checkProjectedCertificates(context, path, source)
}

function checkProjectedCertificates(context: CheckContext, path: Path, source: VolumeProjection): void {
  if (source.clusterTrustBundle !== undefined)
    checkTrust(context, [...path, 'clusterTrustBundle'], source.clusterTrustBundle)
  if (source.podCertificate !== undefined)
    checkPodCertificate(context, [...path, 'podCertificate'], source.podCertificate)
}

function checkToken(context: CheckContext, path: Path, token: ServiceAccountTokenProjection): void {
  const { expirationSeconds, path: file } = token
  const rule = file === '' ? 'must not be empty' : descendingPath(file)
  if (rule !== undefined) context.error([...path, 'path'], rule)
  if (expirationSeconds === undefined) return
  if (expirationSeconds < TOKEN_SECONDS.least)
    context.error([...path, 'expirationSeconds'], 'may not specify a duration less than 10 minutes')
  if (expirationSeconds > TOKEN_SECONDS.most)
    context.error([...path, 'expirationSeconds'], 'may not specify a duration larger than 2^32 seconds')
}

function checkTrust(context: CheckContext, path: Path, trust: ClusterTrustBundleProjection): void {
  const { labelSelector, name, path: file, signerName } = trust
  const rule = file === '' ? 'must not be empty' : descendingPath(file)
  if (rule !== undefined) context.error([...path, 'path'], rule)
  if (!name && !signerName) context.error(path, 'either name or signerName must be specified')
  if (name && signerName) context.error([...path, 'name'], 'only one of name and signerName may be used')
  if (name && labelSelector !== undefined)
    context.error([...path, 'labelSelector'], 'may not be set when name is')
  if (labelSelector !== undefined) checkSelector(context, [...path, 'labelSelector'], labelSelector)
}

interface ProjectedFile {
  readonly file: string
  readonly where: Path
}

/** The files that a source names itself; those that it takes over with all their keys are not known here. */
function filesOf(source: VolumeProjection): readonly ProjectedFile[] {
  const { clusterTrustBundle: trust, podCertificate: certificate, serviceAccountToken: token } = source
  if (certificate !== undefined)
    return CERTIFICATE_PATHS.flatMap((field) => {
      const file = certificate[field]
      return file ? [{ file, where: ['podCertificate', field] }] : []
    })
  if (token !== undefined) return [{ file: token.path, where: ['serviceAccountToken', 'path'] }]
  if (trust !== undefined) return [{ file: trust.path, where: ['clusterTrustBundle', 'path'] }]
  return (['configMap', 'secret', 'downwardAPI'] as const).flatMap((field) =>
    (source[field]?.items ?? []).map((item, index) => ({
      file: item.path,
      where: [field, 'items', index, 'path'],
    })),
  )
}
