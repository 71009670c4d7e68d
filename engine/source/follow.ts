import { watchFiles } from './watch.ts'
import { type Commits, type Revision, SourceError } from './source.ts'

/** What became of one look at the repository. */
export type News = { readonly look: Look } & (
  | { readonly kind: 'revision'; readonly revision: Revision }
  /** The branch is where it was. Told only to those who want to hear of every look. */
  | { readonly kind: 'same'; readonly commit: string }
  /** The repository could not be read; what was read before stays. `failures` counts those in a row, from 1. */
  | { readonly kind: 'failure'; readonly error: SourceError; readonly failures: number }
  /** The branch is at another commit, which can be read and has not the folder that is followed. */
  | { readonly kind: 'folderGone'; readonly commit: string; readonly error: SourceError }
)

/** Looks are counted from 1. */
export type Look = number

export interface FollowOptions {
  /** From one look to the next, should nothing tell of a change. Asked for anew at each wait. */
  readonly intervalMs: () => number
  /** The first wait after a failure; each further one doubles it, up to the second. */
  readonly retryMsMin: number
  readonly retryMsMax: number
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** A number in [0, 1) for each wait, so that many engines do not ask one server at one time. */
  readonly jitter: () => number
  readonly signal: AbortSignal
  /** The commit that is known already: no news. */
  readonly known?: string
  /** Tell of looks that found nothing new, too. */
  readonly everyLook?: true
}

/** Git moves a branch in several steps of less than this; what comes later is looked at once more. */
const GATHER_MS = 2

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
  #looks: Look = 0
  #watching: AbortController | undefined
  #nudged = Promise.withResolvers<void>()

  constructor(commits: Commits, options: FollowOptions) {
    this.#commits = commits
    this.#options = options
    this.#known = options.known
  }

  /** Look now: a webhook came, or somebody asked. The look that this one can rely on: it begins after this call. */
  nudge(): Look {
    this.#nudged.resolve()
    return this.#looks + 1
  }

  /** Read this commit again when it is next seen, as if it were new. */
  forget(): void {
    this.#known = undefined
  }

  async *news(): AsyncGenerator<News> {
    const { everyLook, signal } = this.#options
    while (!signal.aborted) {
      await this.#watch()
      // What comes from here on is news that this look may miss.
      this.#nudged = Promise.withResolvers<void>()
      const news = await this.#look()
      if (signal.aborted) return
      if (news.kind === 'failure') await this.#watchAnew()
      // It came back between the two: what has happened since nobody has heard of.
      else if (await this.#watch()) this.nudge()
      if (everyLook === true || news.kind !== 'same') yield news
      await this.#wait()
    }
  }

  /**
   * Whether it is watched from now on, and was not before. A repository that is not there cannot be: it is looked for every interval, as
   * one that is far away.
   */
  async #watch(): Promise<boolean> {
    const { signal } = this.#options
    if (this.#watching !== undefined || signal.aborted) return false
    const paths = await this.#commits.watched(signal).catch(() => [])
    if (paths.length === 0 || signal.aborted) return false
    const watching = new AbortController()
    this.#watching = watching
    const either = AbortSignal.any([signal, watching.signal])
    const gather = (): void => {
      void this.#options.sleep(GATHER_MS, either).then(() => this.nudge())
    }
    await watchFiles(paths, gather, gather, either)
    return true
  }

  /** What comes back after a failure may be another folder of the same name, of which the old watch hears nothing. */
  async #watchAnew(): Promise<void> {
    this.#watching?.abort()
    this.#watching = undefined
    await this.#watch()
  }

  async #look(): Promise<News> {
    const { signal } = this.#options
    this.#looks += 1
    const look = this.#looks
    let commit: string | undefined
    try {
      commit = await this.#commits.head(signal)
      if (commit === this.#known) {
        this.#failures = 0
        return { look, kind: 'same', commit }
      }
      const revision = await this.#commits.read(commit, signal)
      this.#known = commit
      this.#failures = 0
      return { look, kind: 'revision', revision }
    } catch (error) {
      if (!(error instanceof SourceError) && !signal.aborted) throw error
      const reason = error instanceof SourceError ? error : new SourceError('the look was given up')
      if (reason.folderGone && commit !== undefined) {
        this.#known = commit
        this.#failures = 0
        return { look, kind: 'folderGone', commit, error: reason }
      }
      this.#failures += 1
      return { look, kind: 'failure', error: reason, failures: this.#failures }
    }
  }

  async #wait(): Promise<void> {
    const { intervalMs, jitter, retryMsMax, retryMsMin, signal, sleep } = this.#options
    const doubled = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(this.#failures - 1, 30))
    const plainMs = this.#failures === 0 ? intervalMs() : doubled
    const waiting = new AbortController()
    const either = AbortSignal.any([signal, waiting.signal])
    await Promise.race([this.#nudged.promise, sleep(plainMs * (1 - JITTER / 2 + JITTER * jitter()), either)])
    waiting.abort()
  }
}
