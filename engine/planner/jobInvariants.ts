import type { Job } from '../api/generated/types.ts'
import { keyParts, type ObjectKey } from '../api/names.ts'
import type { PodAction, Violation } from '../api/plan.ts'
import type { Snapshot } from '../api/snapshot.ts'
import { inForce } from '../controllers/changes/inForce.ts'
import { isJob } from '../controllers/job/job.ts'
import { completionIndex } from '../controllers/job/counts.ts'
import { recordedEnd } from '../controllers/job/memory.ts'
import { COMPLETION_INDEX } from '../controllers/job/wishes.ts'
import { isActive } from '../controllers/view.ts'
import type { World } from './world.ts'

/** What no plan may do to the pods of one Job, looked at apart from the code that made the plan. */
export function jobViolations(
  key: ObjectKey,
  actions: readonly PodAction[],
  { byObject, snapshot, wanted }: World,
): readonly Violation[] {
  const job = jobInForce(key, snapshot, wanted)
  const pods = byObject.get(key) ?? []
  const known = new Set(pods.map(({ uid }) => uid))
  const made = actions.flatMap((action) =>
    action.kind === 'createPod' && action.object === key && !known.has(action.uid) ? [action] : [],
  )
  if (job === undefined || made.length === 0) return []
  const broken = (invariant: string, message: string): Violation => ({ invariant, object: key, message })
  const { name } = keyParts(key)
  const found: Violation[] = []
  const record = snapshot.records.get(key)
  if (recordedEnd(record) !== undefined)
    found.push(broken('a Job that has ended makes no pod', `making ${made.length} pods of ${name}`))
  const gone = actions.filter(({ kind, object }) => kind === 'deletePod' && object === key).length
  const active = pods.filter(isActive).length - gone + made.length
  const { parallelism = 1 } = job.spec
  if (active > parallelism)
    found.push(broken("a Job's pods stay within its parallelism", `${active} pods, not ${parallelism}`))
  const alive = pods.filter(({ finished }) => !finished).map(completionIndex)
  const indexes = new Set(alive.filter((index) => index !== undefined).map(String))
  for (const { record: pod } of made) {
    const index = pod.pod.metadata.annotations?.[COMPLETION_INDEX]
    if (index === undefined) continue
    if (indexes.has(index))
      found.push(broken('never two live copies of one index', `index ${index} of ${name}`))
    indexes.add(index)
  }
  return found
}

/** With defaults; of a Job whose change is refused, as it was before. */
function jobInForce(key: ObjectKey, { records }: Snapshot, wanted: World['wanted']): Job | undefined {
  const desired = wanted.get(key)
  if (desired === undefined || !isJob(desired.object) || !isJob(desired.written)) return undefined
  const { object, written } = desired
  return inForce({ desired, object, written, record: records.get(key), pods: [] }, isJob).object
}
