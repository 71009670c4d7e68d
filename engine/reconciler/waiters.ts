import type { ObjectKey } from '../api/names.ts'
import type { Plan } from '../api/plan.ts'
import type { Snapshot } from '../api/snapshot.ts'
import type { Clock } from './clock.ts'
import { after } from './clock.ts'
import type { Outcome, UnhealthyObject } from './outcome.ts'
import { unhealthy, verdict } from './outcome.ts'

interface Waiter {
  readonly ignore: (object: ObjectKey) => boolean
  readonly end: (outcome: Outcome) => void
}

interface Seen {
  readonly plan?: Plan
  readonly snapshot?: Snapshot
  readonly problems: readonly string[]
}

/** Those who wait for the desired state to be reached. */
export class Waiters {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #waiting = new Set<Waiter>()

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
  }

  async add(timeoutMs: number, ignore: Waiter['ignore'], state: () => Seen): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const waiter: Waiter = { ignore, end: resolve }
    this.#waiting.add(waiter)
    const over = new AbortController()
    const either = AbortSignal.any([this.#signal, over.signal])
    const late = this.#clock.sleepUntil(after(this.#clock.now(), timeoutMs), either).then((): Outcome => {
      if (this.#signal.aborted) return { kind: 'interrupted' }
      const { problems } = state()
      const objects = standing(state(), ignore)
      // What was still waited for is a part of what has failed already.
      const isCertain = objects.length > 0 && objects.every(({ health }) => health.kind === 'failed')
      return isCertain ? { kind: 'failed', objects } : { kind: 'timeout', objects, problems }
    })
    const outcome = await Promise.race([promise, late])
    this.#waiting.delete(waiter)
    over.abort()
    return outcome
  }

  /** After a plan for the newest desired state. */
  judge(plan: Plan, snapshot: Snapshot): void {
    for (const waiter of this.#waiting) {
      const outcome = verdict(plan, snapshot, waiter.ignore)
      if (outcome !== undefined) waiter.end(outcome)
    }
  }
}

function standing({ plan, snapshot }: Seen, ignore: Waiter['ignore']): readonly UnhealthyObject[] {
  return plan === undefined || snapshot === undefined ? [] : unhealthy(plan, snapshot, ignore)
}
