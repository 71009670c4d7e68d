import type { ObjectKey } from '../api/names.ts'
import type { Plan } from '../api/plan.ts'
import type { Desired, Snapshot } from '../api/snapshot.ts'
import { podsToMeasure } from '../planner/usage.ts'
import { Bell } from './bell.ts'
import { after } from './clock.ts'
import type { Figures } from './figures.ts'
import type { LoopOptions } from './loopOptions.ts'
import type { Outcome } from './outcome.ts'
import { earliest, pace, requeueAt } from './pace.ts'
import { createParts, type LoopParts } from './parts.ts'
import { isRecordAction } from './recordKeeper.ts'
import { type MakeRecord, Requests } from './requests.ts'

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
  readonly #parts: LoopParts
  readonly #bell = new Bell()
  readonly #requests = new Requests()
  #desired: Desired
  #plan: Plan | undefined
  #snapshot: Snapshot | undefined
  #ticks = 0

  constructor(options: LoopOptions) {
    this.#options = options
    this.#desired = options.desired
    this.#parts = createParts(options, {
      wake: () => this.#bell.ring(),
      desired: () => this.#desired,
      remember: (make) => this.remember(make),
    })
  }

  setDesired(desired: Desired): void {
    this.#desired = desired
    this.#bell.ring()
  }

  state(): LoopState {
    const { figures, keeper, observer, planning } = this.#parts
    return {
      ...(this.#plan === undefined ? {} : { plan: this.#plan }),
      ...(this.#snapshot === undefined ? {} : { snapshot: this.#snapshot }),
      ticks: this.#ticks,
      figures: figures.now(),
      problems: [
        ...(planning.problem === undefined ? [] : [planning.problem]),
        ...observer.problems(),
        ...keeper.problems(),
      ],
    }
  }

  untilHealthy({ timeoutMs, ignore = () => false }: WaitOptions): Promise<Outcome> {
    const outcome = this.#parts.waiters.add(timeoutMs, ignore, () => this.state())
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
    const { executor, inspector, keeper, logKeeper, observer, prober, sampler, traffic, volumeWatch } =
      this.#parts
    signal.addEventListener('abort', () => this.#requests.refuse(), { once: true })
    const following = inspector.follow()
    await Promise.all([inspector.first(), keeper.read(signal)])
    observer.begin()
    await Promise.all([
      following,
      inspector.run(),
      prober.run(),
      sampler.run(),
      volumeWatch.run(),
      logKeeper.run(),
      traffic.run(),
      this.#ticksUntilAborted(),
    ])
    await executor.settled()
  }

  async #ticksUntilAborted(): Promise<void> {
    const { clock, signal } = this.#options
    const { keeper, rest } = this.#parts
    while (!signal.aborted) {
      this.#bell.hush()
      if (this.#requests.waiting) await this.#requests.write(keeper, signal)
      const began = clock.now()
      const next = await this.#tick(began)
      await rest.after(began)
      await this.#bell.wait(clock, next, signal)
    }
  }

  /** Snapshot, plan, act; when the next one is due if nothing happens. */
  async #tick(now: Temporal.Instant): Promise<Temporal.Instant | undefined> {
    const { executor, figures, keeper, observer, planning } = this.#parts
    using _ticking = figures.ticking(now)
    const snapshot: Snapshot = {
      desired: this.#desired,
      observed: observer.observed(),
      records: keeper.records,
      busy: executor.busy(),
    }
    const plan = planning.plan(snapshot, now)
    this.#ticks += 1
    if (plan === undefined) return after(now, planning.retryMs)
    this.#plan = plan
    this.#snapshot = snapshot
    this.#tell(plan, snapshot, now)
    const heldUntil = await this.#act(plan, now)
    const { traffic, waiters } = this.#parts
    if (snapshot.desired === this.#desired && traffic.settled) waiters.judge(plan, snapshot)
    this.#options.onTick?.(this.state())
    return earliest(requeueAt(plan, now), heldUntil)
  }

  /** What is wanted of those who look after the nodes by themselves. */
  #tell(plan: Plan, snapshot: Snapshot, now: Temporal.Instant): void {
    const { changes, fencer, logKeeper, prober, sampler, traffic, volumeWatch } = this.#parts
    changes.report(plan, snapshot, now.toString())
    prober.update(snapshot.observed)
    sampler.update(podsToMeasure(plan, snapshot.desired))
    volumeWatch.update()
    logKeeper.update()
    traffic.update(plan.traffic, snapshot.observed)
    fencer.update(plan.fencings ?? [])
  }

  /** Begins what may begin now; when the first of those held back may. */
  async #act(plan: Plan, now: Temporal.Instant): Promise<Temporal.Instant | undefined> {
    const { executor, figures, keeper, pacing } = this.#parts
    const { allowed, held, heldUntil } = pace(plan.actions, now, pacing)
    figures.heldBack = held.length
    const writes = allowed.filter(isRecordAction)
    await keeper.write(writes, this.#options.signal)
    keeper.stillWanted(plan.actions.filter(isRecordAction))
    const uncovered = keeper.unwritten(held.filter(isRecordAction))
    for (const action of allowed) {
      if (!isRecordAction(action) && !uncovered.has(action.object)) executor.begin(action)
    }
    // the next plan is made from the records as they are now
    if (writes.length > 0) this.#bell.ring()
    return heldUntil
  }
}
