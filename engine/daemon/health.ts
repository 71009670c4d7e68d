import type { Clock } from '../reconciler/clock.ts'
import { after, millisecondsBetween } from '../reconciler/clock.ts'
import type { Outcome } from '../reconciler/outcome.ts'
import type { Engine } from './engine.ts'

export interface HealthOptions {
  readonly engine: Engine
  readonly clock: Clock
  readonly signal: AbortSignal
  /** For the first time, all of this commit is healthy. */
  readonly healthy: (commit: string, durationMs: number) => Promise<void>
}

const WAIT_MS = 3_600_000
/** What has failed may be mended from outside: an image that is pushed, a volume that is there again. */
const FAILED_AGAIN_MS = 5_000

/** Waits for each commit to become healthy. */
export class Health {
  readonly #options: HealthOptions
  #since: { readonly commit: string; readonly at: Temporal.Instant } | undefined
  #told: string | undefined
  #next = Promise.withResolvers<void>()

  constructor(options: HealthOptions) {
    this.#options = options
  }

  /** Another commit is in force. */
  begin(commit: string): void {
    this.#since = { commit, at: this.#options.clock.now() }
    // One that was gone back to may have been healthy before.
    this.#told = undefined
    this.#next.resolve()
    this.#next = Promise.withResolvers<void>()
  }

  async run(): Promise<void> {
    const { engine, signal } = this.#options
    while (!signal.aborted) {
      const next = this.#next.promise
      const since = this.#since
      if (since === undefined || since.commit === this.#told) await this.#until(next)
      else await this.#judge(since, await engine.untilHealthy({ timeoutMs: WAIT_MS }), next)
    }
  }

  async #judge(
    { at, commit }: { readonly commit: string; readonly at: Temporal.Instant },
    outcome: Outcome,
    next: Promise<void>,
  ): Promise<void> {
    const { clock, engine, healthy, signal } = this.#options
    // Of the commit that has come meanwhile, which is waited for next.
    if (signal.aborted || engine.desired?.commit !== commit) return
    if (outcome.kind === 'healthy') {
      this.#told = commit
      await healthy(commit, Math.max(0, millisecondsBetween(at, clock.now())))
    } else if (outcome.kind === 'failed') await this.#until(next, FAILED_AGAIN_MS)
  }

  async #until(next: Promise<void>, milliseconds?: number): Promise<void> {
    const { clock, signal } = this.#options
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    await Promise.race([next, clock.sleepUntil(after(clock.now(), milliseconds ?? WAIT_MS), either)])
    over.abort()
  }
}
