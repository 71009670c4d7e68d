import type { Timestamp } from '../../api/names.ts'

interface Trouble {
  count: number
  readonly since: Timestamp
  lastMs: number
}

/** Troubles that are remembered at the same time; the one that is quiet for longest is forgotten first. */
const TROUBLES_MAX = 2_000
/** What was quiet for so long is told as new. */
const QUIET_MS = 3_600_000

export interface Repeat {
  readonly count: number
  readonly since: Timestamp
  /** Whether it is time to speak of it: the first time, the second, the fourth, the eighth ... */
  readonly isTold: boolean
}

/** Counts what comes again and again, so that a night of it is a dozen lines. */
export class Repeats {
  readonly #troubles = new Map<string, Trouble>()

  count(key: string, at: Timestamp): Repeat {
    const nowMs = Temporal.Instant.from(at).epochMilliseconds
    const before = this.#troubles.get(key)
    const isNew = before === undefined || Math.abs(nowMs - before.lastMs) > QUIET_MS
    const trouble: Trouble = isNew ? { count: 0, since: at, lastMs: nowMs } : before
    trouble.count += 1
    trouble.lastMs = nowMs
    this.#troubles.delete(key)
    this.#troubles.set(key, trouble)
    this.#forgetOldest()
    return { count: trouble.count, since: trouble.since, isTold: isPowerOfTwo(trouble.count) }
  }

  /** What begins so is over; how often it came. */
  end(prefix: string): number {
    let count = 0
    for (const [key, trouble] of this.#troubles) {
      if (!key.startsWith(prefix)) continue
      count += trouble.count
      this.#troubles.delete(key)
    }
    return count
  }

  #forgetOldest(): void {
    const oldest = this.#troubles.keys().next()
    if (this.#troubles.size > TROUBLES_MAX && oldest.done !== true) this.#troubles.delete(oldest.value)
  }
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0
}
