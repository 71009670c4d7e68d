export interface RateOptions {
  readonly perSecond: number
  readonly burst: number
}

interface Bucket {
  left: number
  atMs: number
}

/** Whoever has asked nothing for long has a full bucket, and need not be remembered. */
const CALLERS_MAX = 1024

/** So many requests a second from each caller, and that many at once: a token bucket for each. */
export class RateLimit {
  readonly #options: RateOptions
  /** The one that asked longest ago first. */
  readonly #buckets = new Map<string, Bucket>()

  constructor(options: RateOptions) {
    this.#options = options
  }

  /** False: not now. `nowMs` is of a clock that is never set back. */
  take(caller: string, nowMs: number): boolean {
    const { burst, perSecond } = this.#options
    const { atMs, left } = this.#buckets.get(caller) ?? { left: burst, atMs: nowMs }
    const filled = Math.min(burst, left + ((nowMs - atMs) / 1000) * perSecond)
    this.#buckets.delete(caller)
    this.#buckets.set(caller, { left: filled >= 1 ? filled - 1 : filled, atMs: nowMs })
    const oldest = this.#buckets.keys().next().value
    if (this.#buckets.size > CALLERS_MAX && oldest !== undefined) this.#buckets.delete(oldest)
    return filled >= 1
  }
}
