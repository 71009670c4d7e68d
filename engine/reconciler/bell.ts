import type { Clock } from './clock.ts'

/** The reason that abort() makes by itself has a stack, and takes longer to make than all the rest of a wait. */
const AWAKE = new Error('awake')

/** Wakes one waiter. Rings while nobody waits are one ring, heard by the next wait. */
export class Bell {
  #rung = false
  #waiter: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#waiter?.()
  }

  /** What rang so far has been heeded. */
  hush(): void {
    this.#rung = false
  }

  /** Resolves at the next ring, at `at` if given, or when the signal is aborted. */
  async wait(clock: Clock, at: Temporal.Instant | undefined, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) await this.#sleep(clock, at, signal)
    this.#rung = false
  }

  async #sleep(clock: Clock, at: Temporal.Instant | undefined, signal: AbortSignal): Promise<void> {
    const { promise, resolve: settle } = Promise.withResolvers<void>()
    const resolve = (): void => settle()
    const awake = new AbortController()
    this.#waiter = resolve
    signal.addEventListener('abort', resolve, { once: true })
    const timer = at === undefined ? undefined : clock.sleepUntil(at, awake.signal).then(resolve)
    await promise
    this.#waiter = undefined
    signal.removeEventListener('abort', resolve)
    awake.abort(AWAKE)
    await timer
  }
}
