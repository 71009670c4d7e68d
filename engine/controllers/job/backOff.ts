import type { PodView } from '../view.ts'
import { createdMs } from '../view.ts'

const BACK_OFF_MIN_MS = 10_000
const BACK_OFF_MAX_MS = 360_000

/** After this many failures in a row: 10 s, 20 s, 40 s ... six minutes at the most. */
export function jobDelayMs(failures: number): number {
  if (failures <= 0) return 0
  return Math.min(BACK_OFF_MAX_MS, BACK_OFF_MIN_MS * 2 ** Math.min(failures - 1, 10))
}

/** When the next pod may be made after these ends: it counts the failures after the last success. Minus infinity: at any time. */
export function backOffUntilMs(succeeded: readonly PodView[], failed: readonly PodView[]): number {
  const lastSuccess = Math.max(Number.NEGATIVE_INFINITY, ...succeeded.map(finishedMs))
  const after = failed.map(finishedMs).filter((at) => at > lastSuccess)
  if (after.length === 0) return Number.NEGATIVE_INFINITY
  return Math.max(...after) + jobDelayMs(after.length)
}

/** As getFinishedTime in Kubernetes' pkg/controller/job/backoff_utils.go; in ms since 1970. */
export function finishedMs(pod: PodView): number {
  const { conditions = [], containerStatuses = [] } = pod.status
  const ends = containerStatuses.map(({ state }) => state?.terminated?.finishedAt)
  const known = ends.filter((end) => end !== undefined)
  if (known.length > 0 && known.length === ends.length)
    return Math.max(...known.map((end) => Date.parse(end)))
  const notReady = conditions.find(({ status, type }) => type === 'Ready' && status === 'False')
  if (notReady?.lastTransitionTime !== undefined) return Date.parse(notReady.lastTransitionTime)
  const { deletionTimestamp } = pod.record.pod.metadata
  return deletionTimestamp === undefined ? createdMs(pod) : Date.parse(deletionTimestamp)
}
