import type { ObjectKey, PodUid, Timestamp } from '../api/names.ts'
import type { Action, Health, Violation } from '../api/plan.ts'
import type { NodeName } from '../api/names.ts'

/** What the loop tells while it works. It prints nothing itself. */
export type ProgressEvent =
  | { readonly kind: 'actionStarted'; readonly at: Timestamp; readonly action: Action }
  | {
      readonly kind: 'actionEnded'
      readonly at: Timestamp
      readonly action: Action
      readonly durationMs: number
    }
  | {
      readonly kind: 'actionFailed'
      readonly at: Timestamp
      readonly action: Action
      readonly durationMs: number
      readonly problems: readonly Problem[]
    }
  /** A later plan wanted something else of the pod. */
  | { readonly kind: 'actionCancelled'; readonly at: Timestamp; readonly action: Action }
  | {
      readonly kind: 'healthChanged'
      readonly at: Timestamp
      readonly object: ObjectKey
      readonly health: Health
      /** Absent: the first time that the object is seen. */
      readonly before?: Health
    }
  | {
      readonly kind: 'podChanged'
      readonly at: Timestamp
      readonly uid: PodUid
      readonly pod: string
      readonly node: NodeName
      readonly summary: PodSummary
      readonly before?: PodSummary
    }
  | {
      readonly kind: 'podGone'
      readonly at: Timestamp
      readonly uid: PodUid
      readonly pod: string
      readonly node: NodeName
    }
  | {
      readonly kind: 'nodeChanged'
      readonly at: Timestamp
      readonly node: NodeName
      readonly reachable: boolean
      readonly message?: string
    }
  | { readonly kind: 'violation'; readonly at: Timestamp; readonly violation: Violation }

/** Why an action, or a part of it, failed. */
export interface Problem {
  /** Empty: the pod itself. */
  readonly container: string
  readonly reason: string
  readonly message: string
  /** The message in one short line, where it is long. */
  readonly summary?: string
  readonly certain: boolean
}

/** A pod in a few numbers, for a line of progress. */
export interface PodSummary {
  readonly sandbox: 'ready' | 'absent' | 'broken' | 'released'
  /** Init containers, which end before the others begin: how many there are, have begun and have done their work. */
  readonly inits: { readonly all: number; readonly begun: number; readonly done: number }
  /** Of the others, sidecars among them: how many there are, run and are ready. */
  readonly containers: number
  readonly running: number
  readonly ready: number
  readonly restarts: number
  readonly deleting: boolean
}
