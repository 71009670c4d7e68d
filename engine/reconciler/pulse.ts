import { FAILED_LOOKS_MIN } from '../api/nodeLoss.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { after, type Clock } from './clock.ts'
import type { Limits } from './limits.ts'
import { messageOf } from './problems.ts'

export interface PulseOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly limits: Limits
}

export interface PulseTold {
  /** It has not answered several times in a row. Told each time that it does not, until it does. */
  silent(message: string): void
  heard(): void
}

/**
 * Asks a node again and again whether it is there, where that can be asked at all, and knows when it was last heard of. A question is not given up
 * for being slow: an answer counts whenever it comes, so that a slow line is no dead one.
 */
export class Pulse {
  readonly #ping: Runtime['ping']
  readonly #options: PulseOptions
  #heardAt: Temporal.Instant
  #asked = 0
  #underWay = 0

  constructor(runtime: Pick<Runtime, 'ping'>, options: PulseOptions) {
    this.#ping = runtime.ping
    this.#options = options
    this.#heardAt = options.clock.now()
  }

  /** Of a node that cannot be asked: now, for nobody knows better. */
  get heardAt(): Temporal.Instant {
    return this.#ping === undefined ? this.#options.clock.now() : this.#heardAt
  }

  /** Questions since it was last heard of, the last one, which may yet be answered, aside. */
  get unanswered(): number {
    return Math.max(0, this.#asked - 1)
  }

  hear(): void {
    this.#heardAt = this.#options.clock.now()
    this.#asked = 0
  }

  async run(told: PulseTold): Promise<void> {
    const { clock, limits, signal } = this.#options
    if (this.#ping === undefined) return
    let last = 'it has not answered'
    while (!signal.aborted) {
      this.#asked += 1
      if (this.unanswered >= FAILED_LOOKS_MIN) told.silent(last)
      if (this.#underWay < limits.pingsPerNodeMax) {
        void this.#question(told).then((message) => {
          if (message !== undefined) last = message
        })
      }
      await clock.sleepUntil(after(clock.now(), limits.pingEveryMs), signal)
    }
  }

  /** Why there was no answer; undefined: there was. */
  async #question({ heard }: PulseTold): Promise<string | undefined> {
    this.#underWay += 1
    try {
      await this.#ping?.(this.#options.signal)
      if (this.#options.signal.aborted) return undefined
      this.hear()
      heard()
      return undefined
    } catch (error) {
      return messageOf(error)
    } finally {
      this.#underWay -= 1
    }
  }
}
