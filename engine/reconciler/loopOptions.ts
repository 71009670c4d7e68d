import type { NodeName } from '../api/names.ts'
import type { Desired } from '../api/snapshot.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import type { Clock } from './clock.ts'
import type { Fence } from './fencer.ts'
import type { Limits } from './limits.ts'
import type { Logger } from './logger.ts'
import type { LoopState } from './loop.ts'
import type { MakePlan } from './planning.ts'
import type { ProberOptions } from './prober.ts'
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
  readonly limits?: Partial<Limits>
  /** The planner, unless a test wants a wrong one. */
  readonly plan?: MakePlan
  /** How it is made sure of that a node is off, by the Cluster's command; absent: it is not. */
  readonly fence?: Fence
  /** How probes are asked, unless nothing is there that could answer. */
  readonly ask?: ProberOptions['ask']
}
