/** Everything has a limit with its unit in the name. */
export interface Limits {
  /** Verbs that work on one node at a time; see ActionWorld.inSlot. */
  readonly workPerNodeMax: number
  /** Beside them: short work that others wait for; see ActionWorld.promptly. */
  readonly promptPerNodeMax: number
  readonly inspectionsPerNodeMax: number
  readonly probesPerNodeMax: number
  /** Whether a node is there is asked this often, and so many questions may be under way. */
  readonly pingEveryMs: number
  readonly pingsPerNodeMax: number
  readonly recordWritesMax: number
  /** In place of what the Cluster says: a full listing this often. */
  readonly resyncEveryMs?: number
  /** The first wait for a node that does not answer; doubles up to the second. */
  readonly retryMinMs: number
  readonly retryMaxMs: number
  /** The least wait before an action that failed is begun again; kubelet/ asks for longer ones where Kubernetes does. */
  readonly failureRetryMinMs: number
  /** The same action succeeds this often in a row, each time at once, without an effect: a bug of ours. */
  readonly repeatsMax: number
  /** What pods use is an average over this time. */
  readonly usageWindowMs: number
  /** How often it is looked whether volumes with a size limit have outgrown it: the kubelet's housekeeping. */
  readonly volumesEveryMs: number
}

export const DEFAULT_LIMITS: Limits = {
  workPerNodeMax: 8,
  promptPerNodeMax: 4,
  inspectionsPerNodeMax: 16,
  probesPerNodeMax: 32,
  pingEveryMs: 5_000,
  pingsPerNodeMax: 8,
  recordWritesMax: 16,
  retryMinMs: 1_000,
  retryMaxMs: 30_000,
  failureRetryMinMs: 250,
  repeatsMax: 20,
  usageWindowMs: 15_000,
  volumesEveryMs: 10_000,
}

/** The wait after so many failures in a row: doubling, bounded. */
export function retryDelayMs(failures: number, minMs: number, maxMs: number): number {
  return Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30))
}
