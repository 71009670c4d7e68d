/** What the simulated node needs of a clock; the engine's own has the same shape but for `sleepFor`. */
export interface SimulatedClock {
  now(): Temporal.Instant
  /** Since the clock's start, steps of the wall clock left out. */
  readonly elapsedMs: number
  /** Not later than after the span before it, should the wall clock be set back. */
  sleepUntil(at: Temporal.Instant, signal: AbortSignal): Promise<void>
  /** A span that no step of the wall clock makes shorter or longer. */
  sleepFor(milliseconds: number, signal?: AbortSignal): Promise<void>
}

interface Sleeper {
  /** Milliseconds since the clock's start; for those who wait for a time of day it moves with each step. */
  dueMs: number
  readonly at: Temporal.Instant | undefined
  readonly wake: () => void
}

/** A day of virtual time: a world that has not settled by then never will. */
const LIMIT_MS = 86_400_000

/** Time that passes only when nothing else is left to do, so that a seeded world runs the same way every time. */
export class VirtualClock implements SimulatedClock {
  #wallMs: number
  #elapsedMs = 0
  readonly #sleepers = new Set<Sleeper>()

  constructor(start: Temporal.Instant = Temporal.Instant.from('2026-01-01T00:00:00Z')) {
    this.#wallMs = start.epochMilliseconds
  }

  now(): Temporal.Instant {
    return Temporal.Instant.fromEpochMilliseconds(this.#wallMs)
  }

  get elapsedMs(): number {
    return this.#elapsedMs
  }

  sleepUntil(at: Temporal.Instant, signal: AbortSignal): Promise<void> {
    return this.#sleep(this.#dueMs(at), at, signal)
  }

  sleepFor(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return this.#sleep(this.#elapsedMs + milliseconds, undefined, signal)
  }

  /** Somebody sets the wall clock, forwards or (negative) backwards. */
  step(milliseconds: number): void {
    this.#wallMs += milliseconds
    for (const sleeper of this.#sleepers) {
      if (sleeper.at !== undefined) sleeper.dueMs = Math.min(sleeper.dueMs, this.#dueMs(sleeper.at))
    }
  }

  /** Lets the world run until `awaited` settles. Rejects when nothing would ever happen again, or not within `limitMs`. */
  async runUntil<T>(awaited: Promise<T>, limitMs = LIMIT_MS): Promise<T> {
    let settled = false
    const done = awaited.finally(() => {
      settled = true
    })
    // a rejection that comes while time is made to pass is heard below
    done.catch(() => undefined)
    const endMs = this.#elapsedMs + limitMs
    for (;;) {
      await quiet()
      if (settled) return done
      this.#advance(endMs)
    }
  }

  runFor(milliseconds: number): Promise<void> {
    return this.runUntil(this.sleepFor(milliseconds), milliseconds)
  }

  /** To the next instant at which somebody wakes. */
  #advance(endMs: number): void {
    let nextMs = Infinity
    for (const { dueMs } of this.#sleepers) nextMs = Math.min(nextMs, dueMs)
    if (nextMs === Infinity)
      throw new Error('the simulated world has come to a halt: nobody waits for a time')
    if (nextMs > endMs) throw new Error(`the simulated world has not settled at ${this.now().toString()}`)
    const spanMs = Math.max(0, nextMs - this.#elapsedMs)
    this.#elapsedMs += spanMs
    this.#wallMs += spanMs
    const due = [...this.#sleepers].filter(({ dueMs }) => dueMs <= this.#elapsedMs)
    for (const sleeper of due) sleeper.wake()
  }

  #dueMs(at: Temporal.Instant): number {
    return this.#elapsedMs + Math.ceil(Number(at.epochNanoseconds - BigInt(this.#wallMs) * 1_000_000n) / 1e6)
  }

  #sleep(dueMs: number, at: Temporal.Instant | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted || dueMs <= this.#elapsedMs) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => {
      this.#sleepers.delete(sleeper)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const sleeper: Sleeper = { dueMs, at, wake }
    this.#sleepers.add(sleeper)
    signal?.addEventListener('abort', wake, { once: true })
    return promise
  }
}

/** Every promise and stream that can go on without time passing has gone on. */
function quiet(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(resolve)
  return promise
}
