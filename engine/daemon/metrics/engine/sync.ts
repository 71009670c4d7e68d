import type { SyncState } from '../../syncState.ts'
import { Describing, type Family, oneOf, type Row, type Table, tablesOf, unixSeconds } from '../table.ts'
import type { MetricsWorld } from '../world.ts'

const sync = new Describing<MetricsWorld>([], () => ({}))

const STATUSES = ['synced', 'pending', 'held', 'refused', 'rolledBack', 'none'] as const
type SyncStatus = (typeof STATUSES)[number]

/** How the commit in force and the branch's stand to each other. */
export function syncStatus({ applied, held, refused, rollback, seen }: SyncState): SyncStatus {
  if (held !== undefined) return 'held'
  if (refused !== undefined) return 'refused'
  if (rollback !== undefined) return 'rolledBack'
  if (applied === undefined) return 'none'
  return seen === undefined || seen.commit === applied.commit ? 'synced' : 'pending'
}

/** Seconds for which the branch has been at another commit than the one in force. */
export function lagSeconds({ applied, seen }: SyncState, now: Temporal.Instant): number {
  if (seen === undefined || seen.commit === applied?.commit) return 0
  const ms = now.epochMilliseconds - Temporal.Instant.from(seen.at).epochMilliseconds
  return Math.max(0, ms) / 1000
}

function commitRow({ source }: SyncState, commit: string | undefined): readonly Row[] {
  return commit === undefined ? [] : [[[commit, source.repository, source.branch ?? '', source.path], 1]]
}

const COMMIT_LABELS = ['commit', 'repository', 'branch', 'path']

const FAMILIES: readonly Family<MetricsWorld>[] = [
  sync.gauge(
    'reconcile_sync_lag_seconds',
    'Seconds since the branch was seen at a commit that is not in force; 0 when it is.',
    (world) => lagSeconds(world.sync, world.now),
  ),
  sync.gauges(
    'reconcile_sync_status',
    'How the commit in force stands to the branch: 1 beside the one that it is.',
    ['status'],
    (world) => oneOf(STATUSES, syncStatus(world.sync)),
  ),
  sync.gauges('reconcile_applied_commit_info', 'The commit in force.', COMMIT_LABELS, (world) =>
    commitRow(world.sync, world.sync.applied?.commit),
  ),
  sync.gauge(
    'reconcile_applied_commit_timestamp_seconds',
    'When the commit in force was put in force.',
    (world) => unixSeconds(world.sync.applied?.at),
  ),
  sync.gauges('reconcile_seen_commit_info', 'What the branch was last seen at.', COMMIT_LABELS, (world) =>
    commitRow(world.sync, world.sync.seen?.commit),
  ),
  sync.gauge(
    'reconcile_source_last_look_timestamp_seconds',
    'The last look at the repository that ended well.',
    (world) => unixSeconds(world.sync.lastLookAt),
  ),
  sync.gauge(
    'reconcile_source_failures',
    'Looks at the repository that failed in a row, up to now.',
    (world) => world.sync.trouble?.failures ?? 0,
  ),
  sync.gauge(
    'reconcile_held_objects',
    'Objects that the held commit would delete; 0 when none is held.',
    (world) => world.sync.held?.objects.length ?? 0,
  ),
  sync.gauge(
    'reconcile_refused_errors',
    'Errors in the commit of the branch, for which it is refused; 0 when it is not.',
    ({ sync: { refused } }) => (refused === undefined ? 0 : Math.max(1, refused.errors.length)),
  ),
  sync.gauge(
    'reconcile_suspended_objects',
    'Objects that are left alone, by reconcile suspend.',
    (world) => world.sync.suspended.length,
  ),
]

export const SYNC_TABLES: readonly Table<MetricsWorld>[] = tablesOf(
  (world: MetricsWorld) => [world],
  FAMILIES,
)
