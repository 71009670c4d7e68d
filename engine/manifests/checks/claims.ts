import { needsVolume } from '../../api/claims.ts'
import type {
  KubernetesObject,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
} from '../../api/generated/types.ts'
import { compareQuantities, parseQuantity } from '../../api/quantity.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { podSpecsOf } from '../../api/podSpecs.ts'
import { dnsSubdomain } from './names.ts'
import { checkQuantity } from './resources.ts'
import { checkSelector } from './selectors.ts'

export function checkClaim(context: CheckContext, claim: PersistentVolumeClaim): void {
  if (context.sound(['spec'])) checkClaimSpec(context, ['spec'], claim.spec)
}

/** Of a claim, or of a template for claims. */
export function checkClaimSpec(context: CheckContext, path: Path, spec: PersistentVolumeClaimSpec): void {
  const { accessModes = [], selector, storageClassName } = spec
  if (accessModes.length === 0)
    context.error([...path, 'accessModes'], 'required field is missing', 'such as [ReadWriteOnce]')
  if (accessModes.includes('ReadWriteOncePod') && accessModes.length > 1)
    context.error([...path, 'accessModes'], 'may not use ReadWriteOncePod with other access modes')
  checkStorage(context, [...path, 'resources'], spec)
  checkSource(context, path, spec)
  if (selector !== undefined) checkSelector(context, [...path, 'selector'], selector)
  const rule = storageClassName ? dnsSubdomain(storageClassName) : undefined
  if (rule !== undefined)
    context.error([...path, 'storageClassName'], `${JSON.stringify(storageClassName)} ${rule}`)
}

function checkStorage(context: CheckContext, path: Path, spec: PersistentVolumeClaimSpec): void {
  const { resources } = spec
  const storage = resources?.requests?.['storage']
  const limit = resources?.limits?.['storage']
  const at = [...path, 'requests', 'storage']
  if (limit !== undefined) checkQuantity(context, [...path, 'limits', 'storage'], limit)
  if (storage === undefined) return context.error(at, 'required field is missing', 'such as 1Gi')
  checkQuantity(context, at, storage)
  const value = parseQuantity(storage)
  if (value === 0) context.error(at, 'must be greater than zero')
  else if (!needsVolume(spec))
    context.warn(
      at,
      'is shown as the capacity and not enforced: the claim is a folder, and may grow until the disk is full',
    )
  if (value === undefined || limit === undefined || parseQuantity(limit) === undefined) return
  if (compareQuantities(storage, limit) > 0)
    context.error(at, `the request ${storage} must be no more than the storage limit ${limit}`)
}

/** What a claim begins with: another claim of its namespace. Snapshots and populators are other programs'. */
function checkSource(context: CheckContext, path: Path, spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec
  for (const field of ['dataSource', 'dataSourceRef'] as const) {
    const source = spec[field]
    if (source === undefined) continue
    if (source.kind !== 'PersistentVolumeClaim' || source.apiGroup) {
      const message = `not supported: a ${source.kind} cannot be copied, only a PersistentVolumeClaim can`
      context.error([...path, field, 'kind'], message)
    }
    if (source.name === '') context.error([...path, field, 'name'], 'required field is missing')
  }
  if ((dataSource ?? dataSourceRef) !== undefined && spec.volumeMode === 'Block')
    context.error([...path, 'volumeMode'], 'not supported: only folders are copied, no block devices')
  if (dataSource !== undefined && dataSourceRef?.namespace)
    context.error([...path, 'dataSource'], 'may not be specified when dataSourceRef.namespace is specified')
  if (dataSource === undefined || dataSourceRef === undefined) return
  if (dataSource.kind !== dataSourceRef.kind || dataSource.name !== dataSourceRef.name)
    context.error([...path, 'dataSourceRef'], 'must match dataSource')
}

/** A claim of another namespace may be copied only where that one allows it by a ReferenceGrant, and there are none. */
export function checkCopyNamespaces(context: CheckContext, object: KubernetesObject): void {
  const own = object.metadata?.namespace ?? 'default'
  for (const { path, spec } of claimSpecsOf(object)) {
    const namespace = context.sound(path) ? spec.dataSourceRef?.namespace : undefined
    if (!namespace || namespace === own) continue
    const message = `not supported: a claim is copied within its namespace, which is ${own}: there are no ReferenceGrants`
    context.error([...path, 'dataSourceRef', 'namespace'], message)
  }
}

interface Placed {
  readonly spec: PersistentVolumeClaimSpec
  readonly path: Path
}

function claimSpecsOf(object: KubernetesObject): readonly Placed[] {
  const ofPods = podSpecsOf(object).flatMap(({ path, spec }) =>
    (spec.volumes ?? []).flatMap(({ ephemeral }, index) => {
      const own = ephemeral?.volumeClaimTemplate?.spec
      const at = [...path, 'volumes', index, 'ephemeral', 'volumeClaimTemplate', 'spec']
      return own === undefined ? [] : [{ spec: own, path: at }]
    }),
  )
  if (object.kind === 'PersistentVolumeClaim') return [{ spec: object.spec, path: ['spec'] }]
  if (object.kind !== 'StatefulSet') return ofPods
  const templates = object.spec.volumeClaimTemplates ?? []
  return [
    ...ofPods,
    ...templates.map(({ spec }, index) => ({ spec, path: ['spec', 'volumeClaimTemplates', index, 'spec'] })),
  ]
}
