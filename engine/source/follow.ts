import { watchFiles } from './watch.ts'
import { type Commits, type Revision, SourceError } from './source.ts'

/** What became of one look at the repository. */
export type News =
  | { readonly kind: 'revision'; readonly revision: Revision }
  /** The repository could not be read; what was read before stays. `failures` counts those in a row, from 1. */
  | { readonly kind: 'failure'; readonly error: SourceError; readonly failures: number }

export interface FollowOptions {
  /** From one look to the next, should nothing tell of a change. */
  readonly intervalMs: number
  /** The longest wait after failures, which double it. */
  readonly retryMsMax: number
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** A number in [0, 1) for each wait, so that many engines do not ask one server at one time. */
  readonly jitter: () => number
  readonly signal: AbortSignal
  /** The commit that is known already: no news. */
  readonly known?: string
}

/** Several refs change with one push or commit; they are looked at together. */
const GATHER_MS = 10

/** A fifth up or down. */
const JITTER = 0.4

/**
 * Looks at a branch again and again: when its files change, when asked to, and every interval. Tells of each commit that is another
 * one than before, and of each look that failed; one commit between two looks may be passed over.
 */
export class Follower {
  readonly #commits: Commits
  readonly #options: FollowOptions
  #known: string | undefined
  #failures = 0
  #nudged = Promise.withResolvers<void>()

  constructor(commits: Commits, options: FollowOptions) {
    this.#commits = commits
    this.#options = options
    this.#known = options.known
  }

  /** Look now: a webhook came, or somebody asked. */
  nudge(): void {
    this.#nudged.resolve()
  }

  /** Read this commit again when it is next seen, as if it were new. */
  forget(): void {
    this.#known = undefined
  }

  async *news(): AsyncGenerator<News> {
    const { signal } = this.#options
    await this.#watch()
    while (!signal.aborted) {
      // What comes from here on is news that this look may miss.
      this.#nudged = Promise.withResolvers<void>()
      const news = await this.#look()
      if (signal.aborted) return
      if (news !== undefined) yield news
      await this.#wait()
    }
  }

  /** A repository that is not there cannot be watched: it is looked for every interval, as one that is far away. */
  async #watch(): Promise<void> {
    const { signal } = this.#options
    const paths = await this.#commits.watched(signal).catch(() => [])
    if (paths.length === 0 || signal.aborted) return
    const gather = (): void => {
      void this.#options.sleep(GATHER_MS, signal).then(() => this.nudge())
    }
    await watchFiles(paths, gather, gather, signal)
  }

  async #look(): Promise<News | undefined> {
    const { signal } = this.#options
    try {
      const commit = await this.#commits.head(signal)
      if (commit === this.#known) {
        this.#failures = 0
        return undefined
      }
      const revision = await this.#commits.read(commit, signal)
      this.#known = commit
      this.#failures = 0
      return { kind: 'revision', revision }
    } catch (error) {
      if (signal.aborted) return undefined
      if (!(error instanceof SourceError)) throw error
      this.#failures += 1
      return { kind: 'failure', error, failures: this.#failures }
    }
  }

  async #wait(): Promise<void> {
    const { intervalMs, jitter, retryMsMax, signal, sleep } = this.#options
    const plainMs = Math.min(Math.max(retryMsMax, intervalMs), intervalMs * 2 ** Math.min(this.#failures, 16))
    const waiting = new AbortController()
    const either = AbortSignal.any([signal, waiting.signal])
    await Promise.race([this.#nudged.promise, sleep(plainMs * (1 - JITTER / 2 + JITTER * jitter()), either)])
    waiting.abort()
  }
}
