import type { NodeName, ObjectKey } from '../api/names.ts'
import type { Health, Plan } from '../api/plan.ts'
import type { Desired, Snapshot } from '../api/snapshot.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import type { Clock } from './clock.ts'
import type { Logger } from './logger.ts'
import type { ProgressEvent } from './progress.ts'

export interface LoopOptions {
  readonly runtimes: ReadonlyMap<NodeName, Runtime>
  /** The node that object records are kept on; the first of `runtimes` when absent. */
  readonly head?: NodeName
  readonly clock: Clock
  readonly desired: Desired
  /** Ends the loop. Nothing is undone: what is under way on a node is let go of, and adopted by the next engine. */
  readonly signal: AbortSignal
  readonly log?: Logger
  readonly onProgress?: (event: ProgressEvent) => void
  readonly onTick?: (state: LoopState) => void
}

export interface LoopState {
  /** The last plan and what it was made from; absent before the first. */
  readonly plan?: Plan
  readonly snapshot?: Snapshot
  /** Ticks so far. */
  readonly ticks: number
  /** Nodes that do not answer and why, records that could not be written: a sentence each. */
  readonly problems: readonly string[]
}

/** An object that keeps `--once` from ending well, and how it stands. */
export interface UnhealthyObject {
  readonly object: ObjectKey
  readonly health: Health
}

export type Outcome =
  | { readonly kind: 'healthy' }
  /** Whatever is not healthy is certain not to become so; all else is done. */
  | { readonly kind: 'failed'; readonly objects: readonly UnhealthyObject[] }
  | {
      readonly kind: 'timeout'
      readonly objects: readonly UnhealthyObject[]
      readonly problems: readonly string[]
    }
  | { readonly kind: 'interrupted' }

export interface WaitOptions {
  readonly timeoutMs: number
  /** Objects that need not become healthy, such as Jobs with `--no-wait-jobs`. */
  readonly ignore?: (object: ObjectKey) => boolean
}

export interface Loop {
  /** Resolves when the signal is aborted and everything has been let go of; rejects on a bug of ours. Call it once. */
  run(): Promise<void>
  setDesired(desired: Desired): void
  state(): LoopState
  untilHealthy(options: WaitOptions): Promise<Outcome>
}

export function createLoop(_options: LoopOptions): Loop {
  throw new Error('not there yet')
}
