import { SELECTED_NODE } from '../api/claims.ts'
import type { PersistentVolumeClaimStatus } from '../api/generated/types.ts'
import type { RowInput } from './rowInput.ts'

export const CLAIM_HEADING: readonly string[] = ['STATUS', 'NODE', 'CAPACITY', 'ACCESS MODES']

/** As kubectl names them. */
const SHORT: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

export function claimRow({ record, report }: RowInput): readonly string[] {
  const status = statusOf(report.status)
  const modes = (status.accessModes ?? []).map((mode) => SHORT[mode] ?? mode)
  return [
    status.phase ?? 'Pending',
    record?.object.metadata.annotations?.[SELECTED_NODE] ?? '',
    String(status.capacity?.['storage'] ?? ''),
    modes.join(','),
  ]
}

function statusOf(status: unknown): PersistentVolumeClaimStatus {
  return typeof status === 'object' && status !== null ? status : {}
}
