import type {
  Container,
  CSIVolumeSource,
  EmptyDirVolumeSource,
  KeyToPath,
  Volume,
  VolumeMount,
} from '../../api/generated/types.ts'
import type { CheckContext, Item } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkClaimSpec } from './claims.ts'
import type { PodFacts } from './container.ts'
import { dnsLabel, dnsSubdomain } from './names.ts'
import { absolutePath, descendingPath, noBacksteps } from './paths.ts'
import { checkDownwardFiles, checkProjections } from './projected.ts'
import { checkQuantity } from './resources.ts'
import { checkUnique } from './unique.ts'
import { checkNfs } from './persistentVolume.ts'
import { checkVolumeName } from './volumeNames.ts'

export function checkVolumes(
  context: CheckContext,
  volumes: readonly Item<Volume>[],
  isForWindows: boolean,
): void {
  checkUnique(context, volumes, 'name', (volume) => volume.name)
  for (const { value, path } of volumes) {
    const rule = dnsLabel(value.name)
    if (rule !== undefined) context.error([...path, 'name'], `${JSON.stringify(value.name)} ${rule}`)
    const sources = Object.keys(value).filter((field) => field !== 'name')
    if (sources.length > 1) context.error(path, `may not have more than one of ${sources.join(', ')}`)
    checkSource(context, path, value, isForWindows)
  }
}

function checkSource(context: CheckContext, path: Path, volume: Volume, isForWindows: boolean): void {
  checkMade(context, path, volume)
  const { configMap, emptyDir, hostPath, secret } = volume
  if (configMap !== undefined) {
    if (!configMap.name) context.error([...path, 'configMap', 'name'], 'required field is missing')
    checkItems(context, [...path, 'configMap', 'items'], configMap.items)
  }
  if (secret !== undefined) {
    if (!secret.secretName) context.error([...path, 'secret', 'secretName'], 'required field is missing')
    checkItems(context, [...path, 'secret', 'items'], secret.items)
  }
  if (emptyDir?.sizeLimit !== undefined) {
    checkSizeLimit(context, [...path, 'emptyDir', 'sizeLimit'], emptyDir)
  }
  if (volume.nfs !== undefined) checkNfs(context, [...path, 'nfs'], volume.nfs)
  if (volume.csi !== undefined) checkCsi(context, [...path, 'csi'], volume.csi)
  if (hostPath !== undefined) {
    const rule = noBacksteps(hostPath.path) ?? absolutePath(hostPath.path, isForWindows)
    if (rule !== undefined) context.error([...path, 'hostPath', 'path'], rule)
  }
}

/** Source: validateCSIVolumeSource and ValidateCSIDriverName in pkg/apis. */
function checkCsi(
  context: CheckContext,
  path: Path,
  { driver, nodePublishSecretRef }: CSIVolumeSource,
): void {
  const rule =
    driver.length > DRIVER_LENGTH_MAX
      ? `may not be more than ${DRIVER_LENGTH_MAX} bytes`
      : dnsSubdomain(driver)
  if (driver === '') context.error([...path, 'driver'], 'required field is missing')
  else if (rule !== undefined) context.error([...path, 'driver'], `${JSON.stringify(driver)} ${rule}`)
  if (nodePublishSecretRef !== undefined && !nodePublishSecretRef.name)
    context.error([...path, 'nodePublishSecretRef', 'name'], 'required field is missing')
}

const DRIVER_LENGTH_MAX = 63

/** What the engine makes itself: files about the pod, claims, images. */
function checkMade(context: CheckContext, path: Path, volume: Volume): void {
  const { downwardAPI, ephemeral, image, persistentVolumeClaim: claim, projected } = volume
  checkDownwardFiles(context, [...path, 'downwardAPI', 'items'], downwardAPI?.items)
  checkProjections(context, [...path, 'projected', 'sources'], projected?.sources)
  if (image !== undefined && !image.reference)
    context.error([...path, 'image', 'reference'], 'required field is missing')
  if (claim?.claimName === '')
    context.error([...path, 'persistentVolumeClaim', 'claimName'], 'required field is missing')
  if (ephemeral === undefined) return
  const at = [...path, 'ephemeral', 'volumeClaimTemplate']
  if (ephemeral.volumeClaimTemplate === undefined) context.error(at, 'required field is missing')
  else checkClaimSpec(context, [...at, 'spec'], ephemeral.volumeClaimTemplate.spec)
}

function checkSizeLimit(
  context: CheckContext,
  path: Path,
  { medium, sizeLimit = 0 }: EmptyDirVolumeSource,
): void {
  checkQuantity(context, path, sizeLimit)
  if (medium === 'Memory') return
  context.warn(
    path,
    'is looked at every 10 s on disk, while the engine runs: a pod that has gone beyond it is then evicted; medium: Memory enforces it at once',
  )
}

export function checkItems(context: CheckContext, path: Path, items: readonly KeyToPath[] | undefined): void {
  for (const [index, item] of (items ?? []).entries()) {
    const rule = item.path === '' ? 'must not be empty' : descendingPath(item.path)
    if (rule !== undefined) context.error([...path, index, 'path'], rule)
    if (item.key === '') context.error([...path, index, 'key'], 'must not be empty')
  }
}

export function checkMounts(
  context: CheckContext,
  path: Path,
  container: Container,
  pod: Pick<PodFacts, 'volumes' | 'isForWindows'>,
): void {
  const mounts = context.items([...path, 'volumeMounts'], container.volumeMounts)
  checkUnique(context, mounts, 'mountPath', (mount) => mount.mountPath)
  for (const { value, path: at } of mounts) {
    checkVolumeName(context, [...at, 'name'], value.name, pod.volumes)
    const rule = absolutePath(value.mountPath, pod.isForWindows)
    if (rule !== undefined) context.error([...at, 'mountPath'], rule)
    checkSubPaths(context, at, value)
    checkPropagation(context, at, value, container)
  }
}

function checkSubPaths(context: CheckContext, path: Path, mount: VolumeMount): void {
  for (const field of ['subPath', 'subPathExpr'] as const) {
    const text = mount[field]
    const rule = text === undefined ? undefined : descendingPath(text)
    if (rule !== undefined) context.error([...path, field], rule)
  }
  if (mount.subPath && mount.subPathExpr)
    context.error([...path, 'subPathExpr'], 'subPathExpr and subPath are mutually exclusive')
}

function checkPropagation(context: CheckContext, path: Path, mount: VolumeMount, container: Container): void {
  const { mountPropagation = 'None', readOnly, recursiveReadOnly = 'Disabled' } = mount
  if (mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
    const message = 'Bidirectional mount propagation is available only to privileged containers'
    context.error([...path, 'mountPropagation'], message)
  }
  if (recursiveReadOnly === 'Disabled') return
  const at = [...path, 'recursiveReadOnly']
  if (readOnly !== true) context.error(at, 'may only be specified when readOnly is true')
  else if (mountPropagation !== 'None')
    context.error(at, 'may only be specified when mountPropagation is None or not specified')
}
