import { TRASH_KEPT_DAYS } from '../../api/claims.ts'
import type { RecordAction, WriteRecord } from '../../api/plan.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { boundVolume, changedClaim, claimReport, selectedNode } from '../../controllers/claim.ts'
import { type Decision, nothing } from '../../controllers/decision.ts'
import { inOrder } from '../inOrder.ts'
import type { ClaimEntry, Claims } from './entries.ts'
import { standingOf } from './standing.ts'

/** After all pods were placed: the records to write and to delete, and how each claim does. */
export function claimDecisions(claims: Claims): readonly Decision[] {
  const decided = inOrder([...claims.entries.values()], ({ record }) => record.key).map((entry) =>
    entry.unwanted ? removal(claims, entry.record) : decision(claims, entry),
  )
  return [...claims.volumes.decisions((key) => claims.entries.get(key)?.record), ...decided]
}

function decision(claims: Claims, { record, refused }: ClaimEntry): Decision {
  const { key } = record
  // Of volumes nothing is said then, either.
  const isAside = claims.world.snapshot.desired.keepsClaims === true && boundVolume(record) !== undefined
  if (isAside) return nothing(key)
  const standing = standingOf(claims, record)
  const next = changedClaim(claims.world.snapshot.records.get(key), record, standing, claims.world.context)
  const bound = claims.boundFor.get(key)
  // Under the name of the object whose pod waits for it: should it not be written, that pod is not made.
  const write: WriteRecord | undefined = next && {
    kind: 'writeRecord',
    object: bound?.object ?? key,
    record: next,
    reason:
      bound === undefined
        ? 'is as the commit has it'
        : `is bound to ${boundVolume(next) ?? selectedNode(next)} for ${bound.pod}`,
  }
  return {
    ...nothing(key),
    records: write === undefined ? [] : [write],
    reports: [claimReport(record, standing, refused)],
  }
}

function removal(claims: Claims, record: ObjectRecord): Decision {
  const { key } = record
  const reason = 'is no longer wanted, and no pod uses it'
  const action = isFree(claims, record) ? deletion(record, reason) : undefined
  const { message, ready } = waitsFor(claims, record)
  const report = {
    ...claimReport(record, standingOf(claims, record), undefined),
    health: { kind: 'progressing', message } as const,
  }
  return { ...nothing(key), records: ready && action !== undefined ? [action] : [], reports: [report] }
}

function isFree(claims: Claims, { key }: ObjectRecord): boolean {
  return claims.world.unread.length === 0 && (claims.users.get(key)?.size ?? 0) === 0
}

function deletion(record: ObjectRecord, reason: string): RecordAction {
  const { key } = record
  const node = selectedNode(record)
  const volume = boundVolume(record)
  if (volume !== undefined) {
    const released = `${reason}; its data stays on PersistentVolume ${volume}`
    return { kind: 'deleteRecord', object: key, key, reason: released }
  }
  if (node === undefined) return { kind: 'deleteRecord', object: key, key, reason }
  const kept = `its data stays in the root's trash/ for ${TRASH_KEPT_DAYS} days`
  return { kind: 'deleteClaim', object: key, key, node, reason: `${reason}; ${kept}` }
}

function waitsFor(
  claims: Claims,
  record: ObjectRecord,
): { readonly ready: boolean; readonly message: string } {
  const [user] = claims.users.get(record.key) ?? []
  if (user !== undefined) return { ready: false, message: `goes once pod ${user} is gone` }
  const node = selectedNode(record)
  const reachable = node === undefined || claims.world.snapshot.observed.nodes.get(node)?.reachable === true
  if (!reachable) return { ready: false, message: `goes once node ${node} answers` }
  return { ready: true, message: 'its data is being moved to the trash' }
}
