import type { KubernetesObject } from './generated/types.ts'

/** Annotations of objects that say how far the engine may go with them. */

/** `"false"`: the object is not deleted when it has left the repository. */
export const PRUNE = 'reconcile.dev/prune'

/** `heal` or `detect`; goes before the Cluster's `spec.sync.mode`. */
export const SYNC_MODE = 'reconcile.dev/sync-mode'

/** Kinds that something runs of, or has data: what it means to delete one of another kind, the pods that use it say. */
export const RUNNING_KINDS: ReadonlySet<string> = new Set([
  'CronJob',
  'DaemonSet',
  'Deployment',
  'Job',
  'PersistentVolumeClaim',
  'Pod',
  'ReplicaSet',
  'StatefulSet',
])

/** Kinds about which something is done, so that it can be left undone. */
export function canBeLeftAlone(kind: string): boolean {
  return RUNNING_KINDS.has(kind) || kind === 'HorizontalPodAutoscaler'
}

export type SyncMode = 'heal' | 'detect'

type Annotated = Pick<KubernetesObject, 'metadata'>

export function isNeverPruned({ metadata }: Annotated): boolean {
  return metadata?.annotations?.[PRUNE] === 'false'
}

export function ownSyncMode({ metadata }: Annotated): SyncMode | undefined {
  const mode = metadata?.annotations?.[SYNC_MODE]
  return mode === 'heal' || mode === 'detect' ? mode : undefined
}

/** The engine has to remember it: once it has left the repository, its annotations are gone with it. */
export function outlivesItsManifest(object: Annotated): boolean {
  return isNeverPruned(object) || ownSyncMode(object) === 'detect'
}
