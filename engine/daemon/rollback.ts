import { inForceAfter, type Rollback } from '../api/sync.ts'
import { lossLines } from '../planner/rails.ts'
import { rollbackOf } from '../planner/rollback.ts'
import { millisecondsBetween } from '../reconciler/clock.ts'
import type { Logger } from '../reconciler/logger.ts'
import type { LoopState } from '../reconciler/loop.ts'
import { messageOf } from '../reconciler/problems.ts'
import type { PatientSource } from '../source/patient.ts'
import { type Revision, SourceError } from '../source/source.ts'
import { createDesiredReader } from './desired.ts'
import { judge, type JudgeOptions } from './judge.ts'
import type { Turns } from './turns.ts'

export interface RollbackOptions extends JudgeOptions {
  readonly log: Logger
  readonly source: PatientSource
  readonly turns: Turns
  /** It was gone back, and that is on record. */
  readonly went: (rollback: Rollback) => void
}

/** A commit that cannot be gone back to now may be later: the repository may come back, somebody may approve. */
const RETRY_MS = 30_000

/** Goes back to the last healthy commit when the one in force asks for that and its rollout is out of time. */
export class Rollbacks {
  readonly #options: RollbackOptions
  #triedAt: Temporal.Instant | undefined
  /** Said once, not with each try. */
  #said: string | undefined

  constructor(options: RollbackOptions) {
    this.#options = options
  }

  /** After each plan. Goes back when it is this one's turn. */
  look(state: LoopState): void {
    const { clock, turns } = this.#options
    const now = clock.now()
    // A clock that was set back makes nobody wait longer.
    const isEarly =
      this.#triedAt !== undefined && Math.abs(millisecondsBetween(this.#triedAt, now)) < RETRY_MS
    if (isEarly || this.#wanted(state) === undefined) return
    this.#triedAt = now
    void turns.take(() => this.#goBack())
  }

  async #goBack(): Promise<void> {
    const { engine, signal, went } = this.#options
    // Another commit may have been put in force while others had their turn.
    const wanted = this.#wanted(engine.state())
    if (wanted === undefined) return
    try {
      const done = await this.#carryOut(wanted)
      if (typeof done === 'string') this.#say(`its rollout has failed, and ${done}`, wanted.from)
      else went(done)
    } catch (error) {
      if (!signal.aborted)
        this.#say(`going back to commit ${wanted.to} failed: ${messageOf(error)}`, wanted.from)
    }
  }

  /** A text says why it was not done. On record before anything is done on a node. */
  async #carryOut(wanted: Omit<Rollback, 'at'>): Promise<Rollback | string> {
    const { clock, engine, memory, site } = this.#options
    const reading = createDesiredReader().read(await this.#read(wanted.to), 'commit')
    if (reading.kind === 'invalid')
      return `commit ${wanted.to}, the last healthy one, is not valid for this engine: it stays as it is`
    const { desired, warnings } = reading
    const judgement = await judge({ desired, warnings }, this.#options)
    if (judgement.kind === 'held') {
      const losses = lossLines(judgement).join(', ')
      return `going back to commit ${wanted.to} would delete too much, so it stays as it is: ${judgement.reasons.join('; ')}: ${losses}`
    }
    const objection = await site.objection(desired)
    if (objection !== undefined) return `commit ${wanted.to} cannot be gone back to: ${objection.message}`
    const rollback: Rollback = { ...wanted, at: clock.now().toString({ smallestUnit: 'millisecond' }) }
    // An engine that is killed here finds the commit that failed in force, and goes back from it again.
    await memory.change((before) => ({ ...inForceAfter(before, desired), rollback }), desired.commit, {
      ...this.#options,
      runtime: (await site.machine(desired)).runtime,
    })
    const taken = await site.take(desired)
    await engine.drive(taken.machine, taken.desired)
    return rollback
  }

  /** Of what is here, without asking anybody for news. */
  async #read(commit: string): Promise<Revision> {
    const { signal, source } = this.#options
    const { commits } = await source.here(signal)
    if (commits === undefined) throw new SourceError(`what is followed has no commits, so no ${commit}`)
    return await commits.read(commit, signal)
  }

  /** From a plan for the commit in force, and what is on record now. */
  #wanted({ plan, snapshot }: LoopState): Omit<Rollback, 'at'> | undefined {
    const { engine, memory } = this.#options
    const { desired } = engine
    if (plan === undefined || snapshot === undefined || snapshot.desired !== desired) return undefined
    return rollbackOf(plan, { desired, records: memory.over(snapshot.records) })
  }

  #say(message: string, commit: string): void {
    if (this.#said === message) return
    this.#said = message
    this.#options.log('warn', message, { commit })
  }
}
