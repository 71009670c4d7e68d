import type { Plan } from '../api/plan.ts'
import type { Snapshot } from '../api/snapshot.ts'
import type { FigureBook } from './figures.ts'
import { type Limits, retryDelayMs } from './limits.ts'
import type { Logger } from './logger.ts'
import { messageOf, stackOf } from './problems.ts'

export type MakePlan = (snapshot: Snapshot, now: Temporal.Instant) => Plan

/** Makes plans. A planner that throws is a bug of ours: the engine lives on, with everything as it is. */
export class Planning {
  readonly #make: MakePlan
  readonly #figures: FigureBook
  readonly #limits: Limits
  readonly #log: Logger
  #failures = 0
  /** Why there is no newer plan, as a sentence; undefined: the last one was made. */
  problem: string | undefined

  constructor(make: MakePlan, figures: FigureBook, limits: Limits, log: Logger) {
    this.#make = make
    this.#figures = figures
    this.#limits = limits
    this.#log = log
  }

  plan(snapshot: Snapshot, now: Temporal.Instant): Plan | undefined {
    try {
      const plan = this.#figures.planning(() => this.#make(snapshot, now))
      this.#failures = 0
      this.problem = undefined
      return plan
    } catch (error) {
      this.#failures += 1
      this.problem = `a bug in the engine: planning failed: ${messageOf(error)}`
      this.#log('error', this.problem, { stack: stackOf(error) })
      return undefined
    }
  }

  /** After a plan that was not made, until the next one is tried. */
  get retryMs(): number {
    return retryDelayMs(this.#failures, this.#limits.retryMinMs, this.#limits.retryMaxMs)
  }
}
