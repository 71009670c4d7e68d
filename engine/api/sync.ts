import type { Cluster, ClusterSync } from './generated/types.ts'
import { type ObjectKey, objectKey, type Timestamp } from './names.ts'
import { type ObjectRecord, RECORD_VERSION } from './records.ts'

/** How the machines are kept to what the repository says, with defaults. */
export type SyncSettings = Required<ClusterSync>

export const SYNC_DEFAULTS: SyncSettings = {
  maxDeletePercent: 50,
  mode: 'heal',
  pollIntervalSeconds: 30,
  resyncIntervalSeconds: 30,
  rollback: false,
}

export function syncSettings({ spec }: Cluster): SyncSettings {
  return { ...SYNC_DEFAULTS, ...spec?.sync }
}

/** What a commit would delete. Both sorted. */
export interface Losses {
  readonly objects: readonly ObjectKey[]
  /** Claims whose data would go to the trash with them, those of StatefulSets among them. */
  readonly data: readonly ObjectKey[]
}

/** A commit that is not put in force before somebody has looked at what it would delete. */
export interface HeldCommit extends Losses {
  readonly commit: string
  /** Whole sentences, for people. At least one. */
  readonly reasons: readonly string[]
  readonly at: Timestamp
}

/** The engine went back to an earlier commit, and stays there until the branch moves. */
export interface Rollback {
  /** Whose rollout did not come to its end. */
  readonly from: string
  /** The last one that was healthy. */
  readonly to: string
  readonly objects: readonly ObjectKey[]
  /** For people: what did not come to its end, and why. */
  readonly reason: string
  readonly at: Timestamp
}

export interface Suspension {
  readonly object: ObjectKey
  readonly since: Timestamp
}

export interface CommitInForce {
  readonly commit: string
  readonly maxDeletePercent: number
  /** What it has not may be there for as long as it is in force: nothing was deleted. */
  readonly detects?: true
}

/** What the engine remembers of following its repository: the record `SYNC_KEY`, written before what it covers. */
export interface SyncMemory {
  /** By key. Nothing is done about these, and about what was made from them, until they are resumed. */
  readonly suspended: readonly Suspension[]
  /** Of the last commit that was put in force: a commit is judged by the rule before it, not by its own. */
  readonly inForce?: CommitInForce
  /** The newest commit that the rails stopped, until it is approved or another one takes its place. */
  readonly held?: HeldCommit
  /** Whatever it deletes is meant so. Ends with the next commit that is put in force. */
  readonly approved?: { readonly commit: string; readonly at: Timestamp }
  /** The last commit under which every workload was rolled out and every pod ready. */
  readonly lastHealthy?: { readonly commit: string; readonly at: Timestamp }
  readonly rollback?: Rollback
}

export const NO_MEMORY: SyncMemory = { suspended: [] }

/** A root has one cluster, so one such record. */
export const SYNC_KEY: ObjectKey = objectKey('Sync', undefined, 'sync')

export function syncMemory(records: ReadonlyMap<ObjectKey, ObjectRecord>): SyncMemory {
  const spec = records.get(SYNC_KEY)?.object.spec
  return isMemory(spec) ? spec : NO_MEMORY
}

/** As it is to be remembered before this commit is acted upon: what was said of others is over. */
export function inForceAfter(
  memory: SyncMemory,
  { cluster, commit }: { readonly cluster: Cluster; readonly commit: string },
): SyncMemory {
  const { lastHealthy, suspended } = memory
  const { maxDeletePercent, mode } = syncSettings(cluster)
  return {
    suspended,
    inForce: { commit, maxDeletePercent, ...(mode === 'detect' && { detects: true }) },
    ...(lastHealthy !== undefined && { lastHealthy }),
  }
}

/** The record as it is to be written. Its generation follows from the one there is. */
export function syncRecord(
  records: ReadonlyMap<ObjectKey, ObjectRecord>,
  memory: SyncMemory,
  commit: string,
): ObjectRecord {
  return {
    recordVersion: RECORD_VERSION,
    generation: (records.get(SYNC_KEY)?.generation ?? 0) + 1,
    key: SYNC_KEY,
    commit,
    object: { apiVersion: 'reconcile.dev/v1', kind: 'Sync', metadata: { name: 'sync' }, spec: memory },
  }
}

/** Nobody but `syncRecord` writes it. */
function isMemory(spec: unknown): spec is SyncMemory {
  return typeof spec === 'object' && spec !== null && 'suspended' in spec && Array.isArray(spec.suspended)
}
