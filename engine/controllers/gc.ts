import { keyParts, type ObjectKey } from '../api/names.ts'
import type { RecordAction } from '../api/plan.ts'
import type { ObjectRecord } from '../api/records.ts'
import { type Decision, nothing, type PodDeletion, type PodNote } from './decision.ts'
import { canBeDeleted, type PodView } from './view.ts'

/** An object that the commit does not have, or has differently, with what is left of it on the nodes. */
export interface Remains {
  readonly object: ObjectKey
  /** Why it is to go, in words for people. */
  readonly reason: string
  readonly pods: readonly PodView[]
  /** Children before their owner. */
  readonly records: readonly ObjectRecord[]
  /** `change`: it is made again, differently. */
  readonly bucket?: 'delete' | 'change'
}

/** Pods first; their records when no pod is left that could need them, so that an interrupted removal is taken up again. */
export function removalDecision({ bucket = 'delete', object, reason, pods, records }: Remains): Decision {
  const deletes: PodDeletion[] = []
  const notes: PodNote[] = []
  for (const pod of pods) {
    if (pod.deleting) continue
    if (canBeDeleted(pod)) deletes.push({ pod, reason, bucket })
    else notes.push({ pod, bucket: 'wait', reason: waitingReason(pod, reason) })
  }
  const { kind } = keyParts(object)
  const health = { kind: 'progressing', message: leavingText(pods.length) } as const
  const reports = pods.length > 0 && kind !== 'Pod' ? [{ key: object, health, status: {} }] : []
  const gone = pods.length === 0 ? records : []
  return {
    ...nothing(object),
    deletes,
    notes,
    reports,
    records: gone.map((record): RecordAction => ({ kind: 'deleteRecord', object, key: record.key, reason })),
  }
}

function leavingText(pods: number): string {
  return pods === 1 ? '1 pod is being removed' : `${pods} pods are being removed`
}

function waitingReason(pod: PodView, reason: string): string {
  const until = pod.reachable ? `${pod.busy?.kind ?? 'its action'} is done` : `node ${pod.node} answers`
  return `${reason}: is to be deleted once ${until}`
}
