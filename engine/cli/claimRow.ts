import { SELECTED_NODE } from '../api/claims.ts'
import type {
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimStatus,
  PersistentVolumeSpec,
  PersistentVolumeStatus,
} from '../api/generated/types.ts'
import type { RowInput } from './rowInput.ts'

export const CLAIM_HEADING: readonly string[] = [
  'STATUS',
  'VOLUME',
  'NODE',
  'CAPACITY',
  'ACCESS MODES',
  'STORAGECLASS',
]
export const VOLUME_HEADING: readonly string[] = [
  'CAPACITY',
  'ACCESS MODES',
  'RECLAIM POLICY',
  'STATUS',
  'CLAIM',
  'STORAGECLASS',
]

/** As kubectl names them. */
const SHORT: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

export function claimRow({ object, record, report }: RowInput): readonly string[] {
  const status = statusOf(report.status)
  const spec = claimSpecOf(
    record?.object.spec ?? (object?.kind === 'PersistentVolumeClaim' ? object.spec : {}),
  )
  return [
    status.phase ?? 'Pending',
    spec.volumeName ?? '',
    record?.object.metadata.annotations?.[SELECTED_NODE] ?? '',
    String(status.capacity?.['storage'] ?? ''),
    shortModes(status.accessModes),
    spec.storageClassName ?? '',
  ]
}

/** As kubectl prints a PersistentVolume. */
export function volumeRow({ object, record, report }: RowInput): readonly string[] {
  const written = object?.kind === 'PersistentVolume' ? object.spec : {}
  const spec = volumeSpecOf(recordedSpec(report) ?? record?.object.spec ?? written)
  const { claimRef } = spec
  return [
    String(spec.capacity?.['storage'] ?? ''),
    shortModes(spec.accessModes),
    spec.persistentVolumeReclaimPolicy ?? 'Retain',
    volumeStatusOf(report.status).phase ?? 'Available',
    claimRef === undefined ? '' : `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`,
    spec.storageClassName ?? '',
  ]
}

/** The report knows of a binding before it is on record. */
function recordedSpec({ object }: RowInput['report']): unknown {
  return typeof object === 'object' && object !== null && 'spec' in object ? object.spec : undefined
}

function shortModes(modes: readonly string[] = []): string {
  return modes.map((mode) => SHORT[mode] ?? mode).join(',')
}

function claimSpecOf(spec: unknown): PersistentVolumeClaimSpec {
  return typeof spec === 'object' && spec !== null ? spec : {}
}

function volumeSpecOf(spec: unknown): PersistentVolumeSpec {
  return typeof spec === 'object' && spec !== null ? spec : {}
}

function volumeStatusOf(status: unknown): PersistentVolumeStatus {
  return typeof status === 'object' && status !== null ? status : {}
}

function statusOf(status: unknown): PersistentVolumeClaimStatus {
  return typeof status === 'object' && status !== null ? status : {}
}
