import type { OwnerReference } from '../../api/generated/types.ts'
import { keyParts, type ObjectKey, objectKey } from '../../api/names.ts'
import type { RecordAction, WriteRecord } from '../../api/plan.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { isFromCommit } from '../../controllers/claim.ts'
import type { Decision } from '../../controllers/decision.ts'
import type { World } from '../world.ts'

/** On record, or about to be: what a controller writes in this plan counts. */
export function claimRecords(decisions: readonly Decision[], { snapshot }: World): readonly ObjectRecord[] {
  const found = new Map<ObjectKey, ObjectRecord>()
  for (const record of snapshot.records.values()) {
    if (record.object.kind === 'PersistentVolumeClaim') found.set(record.key, record)
  }
  for (const { records } of decisions) {
    for (const action of records) if (isClaimWrite(action)) found.set(action.record.key, action.record)
  }
  return [...found.values()]
}

/** The book writes them all itself, bound or not: nothing is written twice in one plan. */
export function withoutClaims(decisions: readonly Decision[]): readonly Decision[] {
  return decisions.map((decision) =>
    decision.records.some(isClaimWrite)
      ? { ...decision, records: decision.records.filter((action) => !isClaimWrite(action)) }
      : decision,
  )
}

function isClaimWrite(action: RecordAction): action is WriteRecord {
  return action.kind === 'writeRecord' && action.record.object.kind === 'PersistentVolumeClaim'
}

/** As the garbage collector: with owners, while one of them is there; without, unless the commit had it and has it no more. */
export function isWanted(record: ObjectRecord, world: World, decisions: readonly Decision[]): boolean {
  const { desired } = world.snapshot
  if (desired.keepsClaims === true || desired.objects.has(record.key)) return true
  const owners = record.object.metadata.ownerReferences ?? []
  if (owners.length === 0) return !isFromCommit(record)
  const { namespace } = keyParts(record.key)
  return owners.some((owner) => isThere(owner, namespace, world, decisions))
}

function isThere(
  { kind, name, uid }: OwnerReference,
  namespace: string,
  { pods, snapshot }: World,
  decisions: readonly Decision[],
): boolean {
  if (kind === 'Pod') {
    if (pods.some(({ view }) => view.uid === uid)) return true
    return decisions.some(({ creates }) => creates.some((wish) => wish.uid === uid))
  }
  const key = objectKey(kind, namespace, name)
  const recorded = snapshot.records.get(key)?.object.metadata.uid
  return snapshot.desired.objects.has(key) && (recorded === undefined || recorded === uid)
}
