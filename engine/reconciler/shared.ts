import type { NodeName } from '../api/names.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import type { Clock } from './clock.ts'
import type { FigureBook } from './figures.ts'
import type { Limits } from './limits.ts'
import type { Logger } from './logger.ts'
import type { Observer } from './observer.ts'

/** What the loop hands to each of its parts. */
export interface Shared {
  readonly runtimes: ReadonlyMap<NodeName, Runtime>
  readonly observer: Observer
  readonly clock: Clock
  readonly log: Logger
  readonly limits: Limits
  readonly figures: FigureBook
  readonly signal: AbortSignal
}
