import type { NodeName, ObjectKey } from '../api/names.ts'
import type { Plan } from '../api/plan.ts'
import type { Desired, Snapshot } from '../api/snapshot.ts'
import { syncSettings } from '../api/sync.ts'
import { withKept } from '../planner/kept.ts'
import { plan as planFor } from '../planner/plan.ts'
import { podsToMeasure } from '../planner/usage.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { Bell } from './bell.ts'
import { Changes } from './changes.ts'
import type { Clock } from './clock.ts'
import { after } from './clock.ts'
import { Executor } from './executor.ts'
import { type Fence, Fencer } from './fencer.ts'
import { FigureBook, type Figures } from './figures.ts'
import { Inspector } from './inspector.ts'
import type { Limits } from './limits.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { LogKeeper } from './logKeeper.ts'
import type { Logger } from './logger.ts'
import { silentLogger } from './logger.ts'
import { Observer } from './observer.ts'
import type { Outcome } from './outcome.ts'
import { earliest, pace, requeueAt } from './pace.ts'
import { Pacing } from './pacing.ts'
import { type MakePlan, Planning } from './planning.ts'
import { Prober, type ProberOptions } from './prober.ts'
import type { ProgressEvent } from './progress.ts'
import { isRecordAction, RecordKeeper } from './recordKeeper.ts'
import { type MakeRecord, Requests } from './requests.ts'
import { Rest } from './rest.ts'
import { Sampler } from './sampler.ts'
import { TrafficKeeper } from './trafficKeeper.ts'
import { VolumeWatch } from './volumeWatch.ts'
import { Waiters } from './waiters.ts'

export interface LoopOptions {
  readonly runtimes: ReadonlyMap<NodeName, Runtime>
  /** The node that object records are kept on; the first of `runtimes` when absent. */
  readonly head?: NodeName
  readonly clock: Clock
  readonly desired: Desired
  /** Ends the loop. Nothing is undone: what is under way on a node is let go of, and adopted by the next engine. */
  readonly signal: AbortSignal
  readonly log?: Logger
  readonly onProgress?: (event: ProgressEvent) => void
  readonly onTick?: (state: LoopState) => void
  readonly limits?: Partial<Limits>
  /** The planner, unless a test wants a wrong one. */
  readonly plan?: MakePlan
  /** How it is made sure of that a node is off, by the Cluster's command; absent: it is not. */
  readonly fence?: Fence
  /** How probes are asked, unless nothing is there that could answer. */
  readonly ask?: ProberOptions['ask']
}

export interface LoopState {
  /** The last plan and what it was made from; absent before the first. */
  readonly plan?: Plan
  readonly snapshot?: Snapshot
  /** Ticks so far. */
  readonly ticks: number
  /** Nodes that do not answer and why, records that could not be written: a sentence each. */
  readonly problems: readonly string[]
  readonly figures: Figures
}

export interface WaitOptions {
  readonly timeoutMs: number
  /** Objects that need not become healthy, such as Jobs with `--no-wait-jobs`. */
  readonly ignore?: (object: ObjectKey) => boolean
}

export interface Loop {
  /** Resolves when the signal is aborted and everything has been let go of. Rejects when the object records are damaged. */
  run(): Promise<void>
  setDesired(desired: Desired): void
  state(): LoopState
  /** Writes an object record made from those that there are. What is planned afterwards knows it. Rejects when it cannot be written. */
  remember(make: MakeRecord): Promise<void>
  untilHealthy(options: WaitOptions): Promise<Outcome>
}

export function createLoop(options: LoopOptions): Loop {
  return new TheLoop(options)
}

class TheLoop implements Loop {
  readonly #options: LoopOptions
  readonly #limits: Limits
  readonly #log: Logger
  readonly #figures: FigureBook
  readonly #bell = new Bell()
  readonly #pacing: Pacing
  readonly #observer: Observer
  readonly #inspector: Inspector
  readonly #executor: Executor
  readonly #prober: Prober
  readonly #sampler: Sampler
  readonly #volumeWatch: VolumeWatch
  readonly #logKeeper: LogKeeper
  readonly #traffic: TrafficKeeper
  readonly #fencer: Fencer
  readonly #keeper: RecordKeeper
  readonly #changes: Changes
  readonly #waiters: Waiters
  readonly #requests = new Requests()
  readonly #rest: Rest
  readonly #planning: Planning
  #desired: Desired
  #plan: Plan | undefined
  #snapshot: Snapshot | undefined
  #ticks = 0

  constructor(options: LoopOptions) {
    const { runtimes, clock, signal, desired, log = silentLogger } = options
    const wake = (): void => this.#bell.ring()
    const progress = (event: ProgressEvent): void => options.onProgress?.(event)
    this.#options = options
    this.#desired = desired
    this.#log = (level, message, fields) => log(level, message, { commit: this.#desired.commit, ...fields })
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#pacing = new Pacing(this.#limits)
    this.#figures = new FigureBook(clock)
    this.#observer = new Observer([...runtimes.keys()], clock, wake)
    this.#keeper = new RecordKeeper(
      { head: headOf(options), runtimes },
      clock,
      this.#log,
      this.#pacing,
      this.#limits,
      this.#figures,
    )
    this.#changes = new Changes(progress)
    this.#waiters = new Waiters(clock, signal)
    this.#rest = new Rest(clock, signal)
    this.#planning = new Planning(options.plan ?? planFor, this.#figures, this.#limits, this.#log)
    const shared = {
      runtimes,
      clock,
      signal,
      observer: this.#observer,
      log: this.#log,
      limits: this.#limits,
      figures: this.#figures,
      desired: () => withKept(this.#desired, this.#keeper.records),
      // What a commit says holds from the next listing on.
      resyncEveryMs: () => options.limits?.resyncEveryMs ?? resyncMs(this.#desired),
    }
    this.#inspector = new Inspector({
      ...shared,
      looked: (node, uid) => {
        if (this.#executor.looked(node, uid)) wake()
      },
      nodeChanged: (node, reachable, message) => {
        if (reachable) this.#traffic.again(node)
        progress({
          kind: 'nodeChanged',
          at: clock.now().toString(),
          node,
          reachable,
          ...(message === undefined ? {} : { message }),
        })
      },
      nodeDamaged: (node, finding) =>
        progress({ kind: 'nodeDamaged', at: clock.now().toString(), node, ...finding }),
      mends: () => syncSettings(this.#desired.cluster).mode === 'heal',
    })
    this.#executor = new Executor({
      ...shared,
      records: () => this.#keeper.records,
      pacing: this.#pacing,
      progress,
      ended: (node, uid) => this.#inspector.inspect(node, uid),
      nodeLost: (node) => this.#inspector.resync(node),
    })
    this.#prober = new Prober({ ...shared, wake, progress, ...(options.ask && { ask: options.ask }) })
    this.#sampler = new Sampler({ ...shared, wake })
    this.#volumeWatch = new VolumeWatch({ ...shared, wake })
    this.#logKeeper = new LogKeeper(shared)
    this.#traffic = new TrafficKeeper({ ...shared, wake })
    this.#fencer = new Fencer({ ...shared, fence: options.fence, remember: (make) => this.remember(make) })
  }

  setDesired(desired: Desired): void {
    this.#desired = desired
    this.#bell.ring()
  }

  state(): LoopState {
    return {
      ...(this.#plan === undefined ? {} : { plan: this.#plan }),
      ...(this.#snapshot === undefined ? {} : { snapshot: this.#snapshot }),
      ticks: this.#ticks,
      figures: this.#figures.now(),
      problems: [
        ...(this.#planning.problem === undefined ? [] : [this.#planning.problem]),
        ...this.#observer.problems(),
        ...this.#keeper.problems(),
      ],
    }
  }

  untilHealthy({ timeoutMs, ignore = () => false }: WaitOptions): Promise<Outcome> {
    const outcome = this.#waiters.add(timeoutMs, ignore, () => this.state())
    this.#bell.ring()
    return outcome
  }

  remember(make: MakeRecord): Promise<void> {
    const written = this.#requests.add(make)
    if (this.#options.signal.aborted) this.#requests.refuse()
    this.#bell.ring()
    return written
  }

  async run(): Promise<void> {
    const { signal } = this.#options
    signal.addEventListener('abort', () => this.#requests.refuse(), { once: true })
    const following = this.#inspector.follow()
    await Promise.all([this.#inspector.first(), this.#keeper.read(signal)])
    this.#observer.begin()
    await Promise.all([
      following,
      this.#inspector.run(),
      this.#prober.run(),
      this.#sampler.run(),
      this.#volumeWatch.run(),
      this.#logKeeper.run(),
      this.#traffic.run(),
      this.#ticksUntilAborted(),
    ])
    await this.#executor.settled()
  }

  async #ticksUntilAborted(): Promise<void> {
    const { clock, signal } = this.#options
    while (!signal.aborted) {
      this.#bell.hush()
      if (this.#requests.waiting) await this.#requests.write(this.#keeper, signal)
      const began = clock.now()
      const next = await this.#tick(began)
      await this.#rest.after(began)
      await this.#bell.wait(clock, next, signal)
    }
  }

  /** Snapshot, plan, act; when the next one is due if nothing happens. */
  async #tick(now: Temporal.Instant): Promise<Temporal.Instant | undefined> {
    using _ticking = this.#figures.ticking(now)
    const snapshot: Snapshot = {
      desired: this.#desired,
      observed: this.#observer.observed(),
      records: this.#keeper.records,
      busy: this.#executor.busy(),
    }
    const plan = this.#planning.plan(snapshot, now)
    this.#ticks += 1
    if (plan === undefined) return after(now, this.#planning.retryMs)
    this.#plan = plan
    this.#snapshot = snapshot
    this.#changes.report(plan, snapshot, now.toString())
    this.#prober.update(snapshot.observed)
    this.#sampler.update(podsToMeasure(plan, snapshot.desired))
    this.#volumeWatch.update()
    this.#logKeeper.update()
    this.#traffic.update(plan.traffic, snapshot.observed)
    this.#fencer.update(plan.fencings ?? [])
    const heldUntil = await this.#act(plan, now)
    if (snapshot.desired === this.#desired && this.#traffic.settled) this.#waiters.judge(plan, snapshot)
    this.#options.onTick?.(this.state())
    return earliest(requeueAt(plan, now), heldUntil)
  }

  /** Begins what may begin now; when the first of those held back may. */
  async #act(plan: Plan, now: Temporal.Instant): Promise<Temporal.Instant | undefined> {
    const { allowed, held, heldUntil } = pace(plan.actions, now, this.#pacing)
    this.#figures.heldBack = held.length
    const writes = allowed.filter(isRecordAction)
    await this.#keeper.write(writes, this.#options.signal)
    this.#keeper.stillWanted(plan.actions.filter(isRecordAction))
    const uncovered = this.#keeper.unwritten(held.filter(isRecordAction))
    for (const action of allowed) {
      if (!isRecordAction(action) && !uncovered.has(action.object)) this.#executor.begin(action)
    }
    // the next plan is made from the records as they are now
    if (writes.length > 0) this.#bell.ring()
    return heldUntil
  }
}

function headOf({ runtimes, head = runtimes.keys().next().value }: LoopOptions): Runtime {
  const runtime = head === undefined ? undefined : runtimes.get(head)
  if (runtime === undefined)
    throw new Error(`creating the loop: no runtime for the head node ${head ?? '(none given)'}`)
  return runtime
}

function resyncMs({ cluster }: Desired): number {
  return syncSettings(cluster).resyncIntervalSeconds * 1_000
}
