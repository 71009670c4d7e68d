import type { ObjectKey } from '../api/names.ts'
import type { Clock } from '../reconciler/clock.ts'
import type { Logger } from '../reconciler/logger.ts'
import type { LoopState, WaitOptions } from '../reconciler/loop.ts'
import type { LoopOptions } from '../reconciler/loopOptions.ts'
import type { Outcome } from '../reconciler/outcome.ts'
import type { ProgressEvent } from '../reconciler/progress.ts'
import type { PatientSource } from '../source/patient.ts'
import type { ControlAnswer } from './controlMessages.ts'
import type { Engine } from './engine.ts'
import type { Site } from './site.ts'
import type { Standing } from './standing.ts'
import type { SourceName, SyncEvent, SyncState } from './syncState.ts'

export interface DaemonOptions {
  readonly site: Site
  readonly source: PatientSource
  /** What is followed, as it is known by now. */
  readonly name: () => SourceName
  readonly clock: Clock
  /** Ends the daemon. No container is touched by that. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** A number in [0, 1), for the waits between looks. */
  readonly jitter: () => number
  /** What a test gives the loop besides. */
  readonly loop?: Pick<LoopOptions, 'ask' | 'limits' | 'plan'>
}

/** Hears what the daemon does. All of it is told as it happens. */
export interface Listener {
  readonly sync?: (event: SyncEvent) => void
  readonly progress?: (event: ProgressEvent) => void
  readonly tick?: (state: LoopState) => void
}

export interface Daemon {
  /** Resolves when the signal is aborted and everything was let go of. Rejects with StartRefused. */
  run(): Promise<void>
  state(): SyncState
  loop(): LoopState
  /** From now on, until it is disposed of. */
  listen(listener: Listener): Disposable
  /** Looks at the repository now. */
  nudge(): void
  /** As `nudge`, since somebody has asked for it by a signal. */
  reload(): void
  /** Looks at the repository now; how its commit stands after that. Undefined: the daemon ends. */
  sync(): Promise<Standing | undefined>
  /** How the branch's commit stands, as far as is known. */
  standing(): Standing | undefined
  untilHealthy(options: WaitOptions): Promise<Outcome>
  approve(commit: string): Promise<ControlAnswer>
  suspend(object: ObjectKey): Promise<ControlAnswer>
  resume(object: ObjectKey): Promise<ControlAnswer>
  /** Where other words are put on record. */
  readonly engine: Engine
}
