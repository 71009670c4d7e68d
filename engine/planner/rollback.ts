import { keyParts, type ObjectKey } from '../api/names.ts'
import type { Plan, StatusReport } from '../api/plan.ts'
import type { Snapshot } from '../api/snapshot.ts'
import { type Rollback, syncMemory, syncSettings } from '../api/sync.ts'

/** Kubernetes' reason for a rollout that made no progress for progressDeadlineSeconds. */
const OUT_OF_TIME = 'ProgressDeadlineExceeded'

/**
 * The commit to go back to, and why; undefined: there is nothing to go back for, or to. Only a Deployment has a deadline, so only it can be
 * out of time: sets and Jobs that fail are told, and wait for people, who know what going back would mean for their data.
 */
export function rollbackOf(
  { leftAlone, statuses }: Pick<Plan, 'leftAlone' | 'statuses'>,
  { desired, records }: Pick<Snapshot, 'desired' | 'records'>,
): Omit<Rollback, 'at'> | undefined {
  if (!syncSettings(desired.cluster).rollback || desired.commit === 'uncommitted') return undefined
  const { lastHealthy, rollback } = syncMemory(records)
  // A commit that was healthy once has been rolled out, and one that was gone back to is the last there is.
  if (lastHealthy === undefined || lastHealthy.commit === desired.commit) return undefined
  if (lastHealthy.commit === 'uncommitted' || rollback?.to === desired.commit) return undefined
  const stuck = [...desired.objects.keys()]
    .filter((key) => leftAlone?.has(key) !== true && isOutOfTime(statuses.get(key)))
    .toSorted()
  if (stuck.length === 0) return undefined
  return { from: desired.commit, to: lastHealthy.commit, objects: stuck, reason: reasonOf(stuck, statuses) }
}

function isOutOfTime(report: StatusReport | undefined): boolean {
  return report?.health.kind === 'failed' && report.health.reason === OUT_OF_TIME
}

function reasonOf(stuck: readonly ObjectKey[], statuses: Plan['statuses']): string {
  return stuck
    .map((key) => {
      const { kind, name, namespace } = keyParts(key)
      const health = statuses.get(key)?.health
      const message = health?.kind === 'failed' ? health.message : ''
      return `${kind} ${namespace}/${name}: ${OUT_OF_TIME}: ${message}`
    })
    .join('; ')
}
