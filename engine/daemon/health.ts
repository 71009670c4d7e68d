import type { Clock } from '../reconciler/clock.ts'
import { after, millisecondsBetween } from '../reconciler/clock.ts'
import { retryDelayMs } from '../reconciler/limits.ts'
import type { Outcome } from '../reconciler/outcome.ts'
import type { Engine } from './engine.ts'

export interface HealthOptions {
  readonly engine: Engine
  readonly clock: Clock
  readonly signal: AbortSignal
  /** For the first time, all of this commit is healthy. */
  readonly healthy: (commit: string, durationMs: number) => void
  /** Resolves to whether it is on record that it was. */
  readonly remember: (commit: string) => Promise<boolean>
}

const WAIT_MS = 3_600_000
/** What has failed may be mended from outside: an image that is pushed, a volume that is there again. */
const FAILED_AGAIN_MS = 5_000
/** A rollback goes by the record: what could not be written is written later. */
const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 30_000

/** Waits for each commit to become healthy. */
export class Health {
  readonly #options: HealthOptions
  #since: { readonly commit: string; readonly at: Temporal.Instant } | undefined
  #told: string | undefined
  #remembered: string | undefined
  #failures = 0
  #next = Promise.withResolvers<void>()

  constructor(options: HealthOptions) {
    this.#options = options
  }

  /** Another commit is in force. */
  begin(commit: string): void {
    this.#since = { commit, at: this.#options.clock.now() }
    // One that was gone back to may have been healthy before.
    this.#told = undefined
    this.#remembered = undefined
    this.#failures = 0
    this.#next.resolve()
    this.#next = Promise.withResolvers<void>()
  }

  async run(): Promise<void> {
    const { engine, signal } = this.#options
    while (!signal.aborted) {
      const next = this.#next.promise
      const since = this.#since
      if (since === undefined || since.commit === this.#remembered) await this.#until(next)
      else await this.#judge(since, await engine.untilHealthy({ timeoutMs: WAIT_MS }), next)
    }
  }

  async #judge(
    { at, commit }: { readonly commit: string; readonly at: Temporal.Instant },
    outcome: Outcome,
    next: Promise<void>,
  ): Promise<void> {
    const { engine, signal } = this.#options
    // Of the commit that has come meanwhile, which is waited for next.
    if (signal.aborted || engine.desired?.commit !== commit) return
    if (outcome.kind === 'failed') await this.#until(next, FAILED_AGAIN_MS)
    if (outcome.kind !== 'healthy') return
    this.#tell(commit, at)
    await this.#remember(commit, next)
  }

  #tell(commit: string, since: Temporal.Instant): void {
    if (this.#told === commit) return
    this.#told = commit
    const { clock, healthy } = this.#options
    healthy(commit, Math.max(0, millisecondsBetween(since, clock.now())))
  }

  async #remember(commit: string, next: Promise<void>): Promise<void> {
    const isRemembered = await this.#options.remember(commit)
    // Another commit may be in force by now.
    if (next !== this.#next.promise) return
    if (isRemembered) {
      this.#remembered = commit
      return
    }
    this.#failures += 1
    await this.#until(next, retryDelayMs(this.#failures, RETRY_MIN_MS, RETRY_MAX_MS))
  }

  async #until(next: Promise<void>, milliseconds?: number): Promise<void> {
    const { clock, signal } = this.#options
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    await Promise.race([next, clock.sleepUntil(after(clock.now(), milliseconds ?? WAIT_MS), either)])
    over.abort()
  }
}
