import type { ObjectKey, Timestamp } from '../api/names.ts'
import type { HeldCommit, Rollback } from '../api/sync.ts'
import type { Diagnostic } from '../manifests/diagnostics.ts'

/** How the daemon stands with its repository. Plain JSON: the control socket hands it out as it is. */
export interface SyncState {
  readonly source: SourceName
  /** When this daemon began. */
  readonly startedAt: Timestamp
  /** The last look at the repository that ended well. Absent before the first. */
  readonly lastLookAt?: Timestamp
  /** What the branch was last seen at, whether it is in force or not. */
  readonly seen?: CommitAt
  /** The commit in force. Absent: none was ever accepted, or what was cannot be read any more; nothing is created or pruned then. */
  readonly applied?: CommitAt
  /** Since when all of the commit in force was healthy for the first time; absent until it was. */
  readonly healthyAt?: Timestamp
  /** The branch's commit cannot be applied. Gone as soon as another commit is seen. */
  readonly refused?: Refusal
  /** The branch's commit waits for `reconcile approve`. Gone as soon as another commit is seen, or this one approved. */
  readonly held?: HeldCommit
  /** The repository cannot be read; gone with the first look that ends well. */
  readonly trouble?: SourceTrouble
  /** The commit in force is not the branch's, since that one did not become healthy. Gone when the branch moves. */
  readonly rollback?: Rollback
  /** Objects that are left alone, by `reconcile suspend`; sorted. */
  readonly suspended: readonly ObjectKey[]
}

/** What is followed, as people may see it: without credentials. */
export interface SourceName {
  readonly repository: string
  /** Absent: what is checked out, or the remote's default branch. */
  readonly branch?: string
  /** The folder in it; empty for all of it. */
  readonly path: string
}

export interface CommitAt {
  readonly commit: string
  readonly at: Timestamp
}

export interface Refusal extends CommitAt {
  /** `invalid`: its manifests, told in `errors`. `configuration`: whose root it is, or its nodes; told in `message`. */
  readonly reason: 'invalid' | 'configuration'
  readonly message: string
  readonly errors: readonly Diagnostic[]
}

export interface SourceTrouble {
  readonly message: string
  /** Looks in a row that failed. */
  readonly failures: number
  readonly since: Timestamp
}

/** What happened between the daemon and its repository. The log, Events, metrics and `--once` beside it are made from these. */
export type SyncEvent = { readonly at: Timestamp } & (
  | { readonly kind: 'started'; readonly source: SourceName; readonly applied?: string }
  /** A look at the repository that ended well, with news or without. */
  | { readonly kind: 'looked'; readonly commit: string }
  /** The branch is at another commit than before. */
  | { readonly kind: 'commitSeen'; readonly commit: string; readonly before?: string }
  | {
      readonly kind: 'commitApplied'
      readonly commit: string
      /** The one that was in force before it. */
      readonly before?: string
      readonly objects: number
      readonly warnings: readonly Diagnostic[]
    }
  /** For the first time all of the commit in force is healthy. */
  | { readonly kind: 'commitHealthy'; readonly commit: string; readonly durationMs: number }
  | ({ readonly kind: 'commitRefused' } & Omit<Refusal, 'at'>)
  | ({ readonly kind: 'commitHeld' } & Omit<HeldCommit, 'at'>)
  | { readonly kind: 'commitApproved'; readonly commit: string }
  | { readonly kind: 'sourceFailed'; readonly message: string; readonly failures: number }
  /** After `failures` looks that failed. */
  | { readonly kind: 'sourceBack'; readonly failures: number }
  | ({ readonly kind: 'rolledBack' } & Omit<Rollback, 'at'>)
  | { readonly kind: 'suspended'; readonly object: ObjectKey }
  | { readonly kind: 'resumed'; readonly object: ObjectKey }
  /** SIGHUP. */
  | { readonly kind: 'reloaded' }
  | { readonly kind: 'ended' }
)

type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never
export type UntimedEvent = Untimed<SyncEvent>

/** The state of a daemon that has just begun. */
export function initialSyncState(source: SourceName, startedAt: Timestamp): SyncState {
  return { source, startedAt, suspended: [] }
}

/** The state is nothing but what has happened. */
export function syncStateAfter(state: SyncState, event: SyncEvent): SyncState {
  switch (event.kind) {
    case 'started': {
      const { applied, at } = event
      return applied === undefined ? state : { ...state, applied: { commit: applied, at } }
    }
    case 'looked':
      return { ...without(state, 'trouble'), lastLookAt: event.at }
    case 'commitSeen': {
      const { commit, at } = event
      return { ...without(state, 'refused', 'held', 'rollback'), seen: { commit, at } }
    }
    case 'commitApplied': {
      const { commit, at } = event
      return { ...without(state, 'refused', 'held', 'healthyAt'), applied: { commit, at } }
    }
    case 'commitHealthy':
      return { ...state, healthyAt: event.at }
    case 'commitRefused': {
      const { commit, at, reason, message, errors } = event
      return { ...without(state, 'held'), refused: { commit, at, reason, message, errors } }
    }
    case 'commitHeld': {
      const { commit, at, data, objects, reasons } = event
      return { ...without(state, 'refused'), held: { commit, at, reasons, objects, data } }
    }
    case 'sourceFailed': {
      const { at, failures, message } = event
      return { ...state, trouble: { message, failures, since: state.trouble?.since ?? at } }
    }
    case 'sourceBack':
      return without(state, 'trouble')
    case 'rolledBack': {
      const { from, to, at, objects, reason } = event
      const applied = { commit: to, at }
      return { ...without(state, 'healthyAt'), applied, rollback: { from, to, at, objects, reason } }
    }
    case 'suspended':
      return { ...state, suspended: [...new Set([...state.suspended, event.object])].toSorted() }
    case 'resumed':
      return { ...state, suspended: state.suspended.filter((object) => object !== event.object) }
    case 'commitApproved':
    case 'reloaded':
    case 'ended':
      return state
    default:
      return event satisfies never
  }
}

/** What may be absent is left out, not undefined. */
function without(state: SyncState, ...names: readonly (keyof SyncState)[]): SyncState {
  const gone: ReadonlySet<string> = new Set(names)
  const kept = Object.entries(state).filter(([name]) => !gone.has(name))
  return { ...initialSyncState(state.source, state.startedAt), ...Object.fromEntries(kept) }
}
