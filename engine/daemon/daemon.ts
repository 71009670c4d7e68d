import type { ObjectKey } from '../api/names.ts'
import { after } from '../reconciler/clock.ts'
import { retryDelayMs } from '../reconciler/limits.ts'
import type { LoopState, WaitOptions } from '../reconciler/loop.ts'
import type { Outcome } from '../reconciler/outcome.ts'
import { messageOf, stackOf } from '../reconciler/problems.ts'
import { syncSettings, SYNC_DEFAULTS } from '../api/sync.ts'
import { Follower, type News } from '../source/follow.ts'
import { SourceError } from '../source/source.ts'
import { Burst } from './burst.ts'
import type { ControlAnswer } from './controlMessages.ts'
import type { Daemon, DaemonOptions, Listener } from './daemonShape.ts'
import { Departures } from './departures.ts'
import { Engine } from './engine.ts'
import { Health } from './health.ts'
import { keepHouse } from './housekeeping.ts'
import { Looks } from './looks.ts'
import { Rollbacks } from './rollback.ts'
import type { Standing } from './standing.ts'
import { Sync } from './sync.ts'
import { initialSyncState, type SyncEvent, type SyncState, syncStateAfter } from './syncState.ts'
import { Turns } from './turns.ts'

/** The daemon was started for a root that cannot be its own, and nothing of it runs. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused'
}

export function createDaemon(options: DaemonOptions): Daemon {
  return new TheDaemon(options)
}

const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 30_000
/** After looks that failed. */
const LOOK_RETRY_MS_MIN = 1_000
const LOOK_RETRY_MS_MAX = 300_000

class TheDaemon implements Daemon {
  readonly #options: DaemonOptions
  readonly engine: Engine
  readonly #sync: Sync
  readonly #health: Health
  readonly #rollbacks: Rollbacks
  readonly #departures: Departures
  readonly #burst: Burst
  readonly #turns = new Turns()
  readonly #listeners = new Set<Listener>()
  readonly #looking = Promise.withResolvers<Follower | undefined>()
  #state: SyncState
  #follower: Follower | undefined
  #retries = 0
  #isRetrySet = false
  /** Said once, not with each look. */
  #said: string | undefined
  readonly #looks = new Looks()

  constructor(options: DaemonOptions) {
    const { clock, log, name, signal } = options
    this.#options = options
    this.#state = initialSyncState(name(), this.#now())
    this.engine = new Engine({
      ...options,
      onProgress: (event) => this.#each((listener) => listener.progress?.(event)),
      onTick: (state) => {
        this.#each((listener) => listener.tick?.(state))
        this.#rollbacks.look(state)
        this.#departures.look(state)
      },
    })
    const tell = (event: SyncEvent): void => this.#tell(event)
    this.#sync = new Sync({ ...options, engine: this.engine, tell })
    this.#rollbacks = new Rollbacks({
      ...options,
      engine: this.engine,
      memory: this.#sync.memory,
      turns: this.#turns,
      went: (rollback) => this.#sync.wentBack(rollback),
    })
    this.#departures = new Departures({ ...options, engine: this.engine, turns: this.#turns })
    this.#burst = new Burst(clock)
    this.#health = new Health({
      engine: this.engine,
      clock,
      signal,
      healthy: (commit, durationMs) =>
        this.#tell({ kind: 'commitHealthy', at: this.#now(), commit, durationMs }),
      remember: (commit) => this.#remember(commit),
    })
    signal.addEventListener('abort', () => this.#abandon(), { once: true })
    log('debug', 'the daemon begins')
  }

  async run(): Promise<void> {
    const { clock, log, signal, site } = this.#options
    await this.#turns.take(() => this.#begin('start'))
    const applied = this.engine.desired?.commit
    this.#tell({
      kind: 'started',
      at: this.#now(),
      source: this.#options.name(),
      ...(applied !== undefined && { applied }),
    })
    if (applied !== undefined) this.#health.begin(applied)
    const house = keepHouse({ engine: this.engine, site, clock, signal, log })
    await Promise.all([this.#follow(applied), this.#health.run(), house])
    await this.engine.settled()
    this.#tell({ kind: 'ended', at: this.#now() })
  }

  state(): SyncState {
    const { rollback, suspended } = this.#sync.memory.value
    return {
      ...this.#state,
      source: this.#options.name(),
      suspended: suspended.map(({ object }) => object),
      ...(rollback !== undefined && { rollback }),
    }
  }

  loop(): LoopState {
    return this.engine.state()
  }

  listen(listener: Listener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }

  nudge(): void {
    this.#follower?.nudge()
  }

  reload(): void {
    this.#tell({ kind: 'reloaded', at: this.#now() })
    this.nudge()
  }

  async sync(): Promise<Standing | undefined> {
    const follower = await this.#looking.promise
    if (follower === undefined || this.#options.signal.aborted) return undefined
    await this.#looks.until(follower.nudge())
    return this.#options.signal.aborted ? undefined : this.#sync.standing
  }

  standing(): Standing | undefined {
    return this.#sync.standing
  }

  untilHealthy(options: WaitOptions): Promise<Outcome> {
    return this.engine.untilHealthy(options)
  }

  approve(commit: string): Promise<ControlAnswer> {
    return this.#turns.take(async () => {
      const answer = await this.#sync.approve(commit)
      this.#retrySoon()
      return answer
    })
  }

  suspend(object: ObjectKey): Promise<ControlAnswer> {
    return this.#turns.take(() => this.#sync.suspend(object))
  }

  resume(object: ObjectKey): Promise<ControlAnswer> {
    return this.#turns.take(() => this.#sync.resume(object))
  }

  /** What was in force goes on, as far as it can be read, before anybody asks the repository for news. */
  async #begin(when: 'start' | 'late'): Promise<void> {
    const { signal, site, source } = this.#options
    const applied = site.record()?.appliedCommit
    if (applied === undefined || applied === 'uncommitted' || this.engine.desired !== undefined) return
    if (!this.#sync.mayBegin(applied)) return
    try {
      const { commits } = await source.here(signal)
      if (commits !== undefined) await this.#sync.begin(await commits.read(applied, signal), when)
    } catch (error) {
      if (signal.aborted) return
      const why =
        error instanceof SourceError
          ? 'nothing is created or pruned until a commit of the branch is accepted'
          : 'it is tried again'
      this.#sayOnce(
        `commit ${applied}, which is in force, cannot be gone on with: ${messageOf(error)}; ${why}`,
      )
    }
    this.#assertStarted()
  }

  async #follow(known: string | undefined): Promise<void> {
    const { clock, jitter, signal, source } = this.#options
    const follower = new Follower(source.commits, {
      intervalMs: () => this.#pollSeconds() * 1_000,
      retryMsMin: LOOK_RETRY_MS_MIN,
      retryMsMax: LOOK_RETRY_MS_MAX,
      sleep: (ms, either) => clock.sleepUntil(after(clock.now(), ms), either),
      jitter,
      signal,
      everyLook: true,
      ...(known !== undefined && { known }),
    })
    this.#follower = follower
    this.#looking.resolve(follower)
    for await (const news of follower.news()) {
      await this.#turns.take(() => this.#hear(news))
      this.#looks.heard(news.look)
      if (news.kind === 'revision' || news.kind === 'folderGone') await this.#burst.rest(signal)
    }
  }

  async #hear(news: News): Promise<void> {
    // The repository may have come back, with what is in force.
    if (news.kind !== 'failure') await this.#begin('late')
    await this.#judged(() => this.#sync.hear(news))
    this.#assertStarted()
  }

  /** A commit that makes the engine stumble is no reason to stop healing; the next one may be another matter. */
  async #judged(work: () => Promise<void>): Promise<void> {
    const { log, signal } = this.#options
    try {
      await work()
    } catch (error) {
      if (signal.aborted) return
      log('error', `a bug in the engine: judging the branch's commit failed: ${messageOf(error)}`, {
        stack: stackOf(error),
      })
    }
    this.#retrySoon()
  }

  #assertStarted(): void {
    const { standing } = this.#sync
    if (this.engine.desired === undefined && standing?.kind === 'refused')
      throw new StartRefused(standing.message)
  }

  /** A commit that could not be put in force is tried again, by one timer for whichever it is by then. */
  #retrySoon(): void {
    const { clock, signal } = this.#options
    if (!this.#sync.isToBeTriedAgain) this.#retries = 0
    if (!this.#sync.isToBeTriedAgain || this.#isRetrySet) return
    this.#isRetrySet = true
    this.#retries += 1
    const at = after(clock.now(), retryDelayMs(this.#retries, RETRY_MIN_MS, RETRY_MAX_MS))
    void clock.sleepUntil(at, signal).then(async () => {
      this.#isRetrySet = false
      if (!signal.aborted) await this.#turns.take(() => this.#judged(() => this.#sync.again()))
    })
  }

  #sayOnce(message: string): void {
    if (this.#said !== message) this.#options.log('warn', message)
    this.#said = message
  }

  #pollSeconds(): number {
    const { desired } = this.engine
    return desired === undefined
      ? SYNC_DEFAULTS.pollIntervalSeconds
      : syncSettings(desired.cluster).pollIntervalSeconds
  }

  /** Which commit was healthy last; false: it is to be tried again. */
  async #remember(commit: string): Promise<boolean> {
    try {
      await this.#turns.take(() => this.#sync.healthy(commit))
      return true
    } catch (error) {
      if (!this.#options.signal.aborted)
        this.#sayOnce(`that commit ${commit} is healthy is not on record yet: ${messageOf(error)}`)
      return false
    }
  }

  /** Those who wait for a look wait no more. */
  #abandon(): void {
    this.#looking.resolve(undefined)
    this.#looks.end()
  }

  #tell(event: SyncEvent): void {
    this.#state = syncStateAfter(this.#state, event)
    if (event.kind === 'commitApplied') this.#health.begin(event.commit)
    if (event.kind === 'rolledBack') this.#health.begin(event.to)
    this.#each((listener) => listener.sync?.(event))
  }

  #each(tell: (listener: Listener) => void): void {
    for (const listener of this.#listeners) tell(listener)
  }

  #now(): string {
    return this.#options.clock.now().toString({ smallestUnit: 'millisecond' })
  }
}
