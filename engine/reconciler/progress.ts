import type { NodeName, ObjectKey, PodUid, Timestamp } from '../api/names.ts'
import type { Action, Health, PodAction, Violation } from '../api/plan.ts'
import type { ObjectRecord } from '../api/records.ts'
import type { ContainerExit, ProbeKind } from '../api/snapshot.ts'

/** What the loop tells while it works. It prints nothing itself. */
export type ProgressEvent =
  | ContainerEvent
  | ProbeEvent
  | ImageEvent
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
  /** Somebody has taken away what a node's pods stand on. Told once as long as it stays the same. */
  | {
      readonly kind: 'nodeDamaged'
      readonly at: Timestamp
      readonly node: NodeName
      readonly found: string
      /** What was done about it; absent: nothing, as it is only to be detected, or because it failed. */
      readonly done?: string
      /** Why it could not be put right. */
      readonly problem?: string
    }
  | { readonly kind: 'violation'; readonly at: Timestamp; readonly violation: Violation }
  /** An object's record is another one than before; `record` absent: it is gone. Those that are there at the start are not told. */
  | {
      readonly kind: 'recordChanged'
      readonly at: Timestamp
      readonly object: ObjectKey
      readonly record?: ObjectRecord
      readonly before?: ObjectRecord
    }

export interface OfContainer {
  readonly uid: PodUid
  readonly pod: string
  readonly node: NodeName
  readonly container: string
  readonly attempt: number
}

/** What became of a container, whoever did it: mostly the node's exit hook. `at` is the node's own time of it. */
export type ContainerEvent =
  | (OfContainer & {
      readonly kind: 'containerStarted'
      readonly at: Timestamp
      /** It was so when this engine looked for the first time. */
      readonly found?: true
    })
  | (OfContainer & {
      readonly kind: 'containerExited'
      readonly at: Timestamp
      readonly exit: ContainerExit
      readonly found?: true
    })
  /** The node's exit hook starts the next attempt then. */
  | (OfContainer & {
      readonly kind: 'containerWaits'
      readonly at: Timestamp
      readonly restartAt: Timestamp
      /** The back-off, which begins when the node hears of the end. */
      readonly backOffMs: number
      readonly found?: true
    })

/** Each failure of a probe, and the first success after failures. */
export type ProbeEvent =
  | (OfContainer & {
      readonly kind: 'probeFailed'
      readonly at: Timestamp
      readonly probe: ProbeKind
      readonly message: string
      /** How many results in a row were failures. */
      readonly failures: number
    })
  | (OfContainer & {
      readonly kind: 'probeRecovered'
      readonly at: Timestamp
      readonly probe: ProbeKind
      /** How many came before. */
      readonly failures: number
    })

/** An image that was not on the node, or whose registry is asked each time. */
export type ImageEvent =
  | {
      readonly kind: 'imagePulling'
      readonly at: Timestamp
      readonly action: PodAction
      /** Empty: a volume's. */
      readonly container: string
      readonly image: string
    }
  | {
      readonly kind: 'imagePulled'
      readonly at: Timestamp
      readonly action: PodAction
      readonly container: string
      readonly image: string
      readonly durationMs: number
    }

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
