import type { ObjectKey } from '../../api/names.ts'
import type { Action, Violation } from '../../api/plan.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { boundVolume } from '../../controllers/claim.ts'
import type { World } from '../world.ts'

/** No volume is bound to a claim while another one has it, on record or in the same plan. */
export function claimViolations(actions: readonly Action[], { snapshot }: World): readonly Violation[] {
  const bindings = actions.filter(
    (action) => action.kind === 'writeRecord' && boundVolume(action.record) !== undefined,
  )
  if (bindings.length === 0) return []
  const holders = new Map<string, ObjectKey>()
  for (const record of snapshot.records.values()) take(holders, record)
  return bindings.flatMap((action) => {
    if (action.kind !== 'writeRecord') return []
    const { key } = action.record
    const holder = take(holders, action.record)
    if (holder === key) return []
    const message = `${key} is bound to ${boundVolume(action.record)}, which ${holder} has`
    return [{ invariant: 'no two claims on one volume', object: action.object, message }]
  })
}

/** Whose the volume is from now on, or was already. */
function take(holders: Map<string, ObjectKey>, record: ObjectRecord): ObjectKey {
  const volume = boundVolume(record)
  return volume === undefined ? record.key : holders.getOrInsertComputed(volume, () => record.key)
}
