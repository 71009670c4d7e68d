import type { NodeName } from '../../api/names.ts'
import type { ObjectRecord } from '../../api/records.ts'
import { type ControllerContext, type PodNote, timestamp } from '../decision.ts'
import { recordedStatus } from '../memory.ts'
import { canBeDeleted } from '../view.ts'
import type { OwnPod } from './pods.ts'
import type { DaemonDeletion } from './rollout.ts'

const SECONDS_MIN = 1
const SECONDS_MAX = 900
/** A node where nothing failed for so long begins anew, as Kubernetes' flowcontrol.Backoff. */
const FORGOTTEN_AFTER_MS = 2 * SECONDS_MAX * 1000

/**
 * A pod that failed on a node goes at once, so that another one takes its place; the next one to fail there waits, longer each time:
 * Kubernetes' failedPodsBackoff (pkg/controller/daemon). On record, for the pods that it is counted from are gone.
 */
export interface BackOff {
  readonly revision: string
  /** When the last one went. */
  readonly at: string
  /** How long the next one waits from then on: 1, 2, 4 ... 900. */
  readonly seconds: number
}

export type BackOffs = Readonly<Record<NodeName, BackOff>>

/** Those of this revision that still count. */
export function backOffsOf(
  record: ObjectRecord | undefined,
  revision: string,
  { nowMs }: ControllerContext,
): BackOffs {
  const recorded = recordedStatus(record)['backOffs']
  if (typeof recorded !== 'object' || recorded === null) return {}
  const counting = Object.entries(recorded).filter(
    ([, one]) =>
      isBackOff(one) && one.revision === revision && nowMs - Date.parse(one.at) <= FORGOTTEN_AFTER_MS,
  )
  return Object.fromEntries(counting)
}

function isBackOff(value: unknown): value is BackOff {
  if (typeof value !== 'object' || value === null) return false
  if (!('revision' in value && 'at' in value && 'seconds' in value)) return false
  return typeof value.at === 'string' && typeof value.seconds === 'number'
}

export interface Failing {
  readonly deletes: readonly DaemonDeletion<OwnPod>[]
  readonly notes: readonly PodNote[]
  readonly backOffs: BackOffs
  /** In ms since 1970. */
  readonly retryAtMs: number
}

/** A pod that failed where one failed before stays for a while, and no other one comes before it has gone. */
export function backedOff(
  moves: readonly DaemonDeletion<OwnPod>[],
  known: BackOffs,
  revision: string,
  context: ControllerContext,
): Failing {
  const deletes: DaemonDeletion<OwnPod>[] = []
  const notes: PodNote[] = []
  const backOffs = { ...known }
  let retryAtMs = Number.POSITIVE_INFINITY
  for (const move of moves) {
    const { pod } = move.pod
    const hasFailed = move.why === 'ended' && pod.status.phase === 'Failed'
    const before = known[pod.node]
    const at = hasFailed ? notBeforeMs(before, context) : Number.NEGATIVE_INFINITY
    if (at > context.nowMs) {
      retryAtMs = Math.min(retryAtMs, at)
      const reason = `has failed again: ${before?.seconds} s after the one before it another one takes its place`
      notes.push({ pod, bucket: 'wait', reason })
      continue
    }
    deletes.push(move)
    if (hasFailed && canBeDeleted(pod)) backOffs[pod.node] = nextBackOff(before, revision, context)
  }
  return { deletes, notes, backOffs, retryAtMs }
}

/** In ms since 1970; minus infinity: at once. What was last done later than now was done before the clock was set back. */
function notBeforeMs(before: BackOff | undefined, { nowMs }: ControllerContext): number {
  if (before === undefined) return Number.NEGATIVE_INFINITY
  const at = Date.parse(before.at)
  return at > nowMs ? Number.NEGATIVE_INFINITY : at + before.seconds * 1000
}

/** After one more that goes now. */
function nextBackOff(before: BackOff | undefined, revision: string, { now }: ControllerContext): BackOff {
  const seconds = before === undefined ? SECONDS_MIN : Math.min(SECONDS_MAX, before.seconds * 2)
  return { revision, at: timestamp(now), seconds }
}
