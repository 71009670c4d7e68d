import type { NodeName } from '../api/names.ts'
import { type Clock, millisecondsBetween } from './clock.ts'

/** What the loop counts of itself since it began: for metrics, and to tell whether it goes on. */
export interface Figures {
  /** When the tick that is under way began; absent between two. */
  readonly tickingSince?: Temporal.Instant
  /** What the newest plan took to be made; absent before the first. */
  readonly planMs?: number
  /** Plans that were not made, for the planner threw: bugs of ours. */
  readonly planFailures: number
  /** Actions of the newest plan that wait, after failures, before they are tried again. */
  readonly heldBack: number
  readonly recordWriteFailures: number
  /** By node: full listings that were answered, the first one among them, and those that were not. */
  readonly listings: ReadonlyMap<NodeName, ListingCounts>
}

export interface ListingCounts {
  readonly answered: number
  readonly failed: number
}

/** Keeps them while the loop works. */
export class FigureBook {
  readonly #clock: Clock
  readonly #listings = new Map<NodeName, ListingCounts>()
  tickingSince?: Temporal.Instant
  planMs?: number
  planFailures = 0
  heldBack = 0
  recordWriteFailures = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** As they are; what is counted later does not change them. */
  now(): Figures {
    const { heldBack, planFailures, planMs, recordWriteFailures, tickingSince } = this
    return {
      ...(tickingSince !== undefined && { tickingSince }),
      ...(planMs !== undefined && { planMs }),
      planFailures,
      heldBack,
      recordWriteFailures,
      listings: new Map(this.#listings),
    }
  }

  /** Measures the making of a plan. A clock that is set back meanwhile makes it none. */
  planning<T>(make: () => T): T {
    const began = this.#clock.now()
    try {
      return make()
    } catch (error) {
      this.planFailures += 1
      throw error
    } finally {
      this.planMs = Math.max(0, millisecondsBetween(began, this.#clock.now()))
    }
  }

  /** A tick, until its end is told of. */
  ticking(since: Temporal.Instant): Disposable {
    this.tickingSince = since
    return { [Symbol.dispose]: () => delete this.tickingSince }
  }

  listed(node: NodeName, outcome: keyof ListingCounts): void {
    const before = this.#listings.get(node) ?? { answered: 0, failed: 0 }
    this.#listings.set(node, { ...before, [outcome]: before[outcome] + 1 })
  }
}
