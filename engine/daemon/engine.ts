import type { Desired } from '../api/snapshot.ts'
import type { Clock } from '../reconciler/clock.ts'
import { after } from '../reconciler/clock.ts'
import { fencingBy } from '../reconciler/fencer.ts'
import { FigureBook } from '../reconciler/figures.ts'
import { retryDelayMs } from '../reconciler/limits.ts'
import type { Logger } from '../reconciler/logger.ts'
import { createLoop, type Loop, type LoopState, type WaitOptions } from '../reconciler/loop.ts'
import type { LoopOptions } from '../reconciler/loopOptions.ts'
import type { Outcome } from '../reconciler/outcome.ts'
import { messageOf, stackOf } from '../reconciler/problems.ts'
import type { ProgressEvent } from '../reconciler/progress.ts'
import type { MakeRecord } from '../reconciler/requests.ts'
import { localTransport } from '../transport/local.ts'
import type { Machine } from './site.ts'

export interface EngineOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly log: Logger
  readonly onProgress: (event: ProgressEvent) => void
  readonly onTick: (state: LoopState) => void
  /** What a test gives the loop besides. */
  readonly loop?: Pick<LoopOptions, 'ask' | 'limits' | 'plan'>
}

interface Run {
  readonly machine: Machine
  readonly stop: AbortController
  readonly ended: Promise<void>
}

const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 30_000

/** The loop of a daemon. A commit may change the machines: then another loop takes over, and adopts what runs. */
export class Engine {
  readonly #options: EngineOptions
  readonly #noFigures: FigureBook
  #run: Run | undefined
  #loop: Loop | undefined
  #desired: Desired | undefined
  #trouble: string | undefined
  /** Resolved when there is a loop that was not there before. */
  #begun = Promise.withResolvers<void>()
  /** Resolved by the first tick of a loop, and by its failure. */
  #ticked = Promise.withResolvers<void>()

  constructor(options: EngineOptions) {
    this.#options = options
    this.#noFigures = new FigureBook(options.clock)
  }

  /** What is in force. */
  get desired(): Desired | undefined {
    return this.#desired
  }

  get runtimes(): Machine['runtimes'] {
    return this.#run?.machine.runtimes ?? new Map()
  }

  state(): LoopState {
    const state = this.#loop?.state() ?? { ticks: 0, figures: this.#noFigures.now(), problems: [] }
    return this.#trouble === undefined ? state : { ...state, problems: [this.#trouble, ...state.problems] }
  }

  async drive(machine: Machine, desired: Desired): Promise<void> {
    this.#desired = desired
    if (this.#run?.machine === machine) {
      this.#loop?.setDesired(desired)
      return
    }
    await this.#end()
    const stop = new AbortController()
    this.#run = { machine, stop, ended: this.#live(machine, stop.signal) }
  }

  /** Resolves when the nodes have been looked at and a plan was made. Also when the daemon ends. Rejects while no loop can run. */
  async looked(): Promise<void> {
    if (this.#loop?.state().snapshot !== undefined) return
    if (this.#trouble === undefined) await Promise.race([this.#ticked.promise, aborted(this.#options.signal)])
    if (this.#trouble !== undefined) throw new Error(this.#trouble)
  }

  /** Through a change of loops, too. */
  async untilHealthy(options: WaitOptions): Promise<Outcome> {
    const { clock, signal } = this.#options
    const until = after(clock.now(), options.timeoutMs)
    for (;;) {
      const begun = this.#begun.promise
      const timeoutMs = Math.max(0, until.since(clock.now()).total('milliseconds'))
      const outcome = await this.#loop?.untilHealthy({ ...options, timeoutMs })
      if (outcome !== undefined && outcome.kind !== 'interrupted') return outcome
      if (signal.aborted) return { kind: 'interrupted' }
      if (timeoutMs === 0) return { kind: 'timeout', objects: [], problems: this.state().problems }
      await Promise.race([begun, clock.sleepUntil(until, signal)])
    }
  }

  /** Writes an object record made from those that there are; what is planned afterwards knows it. */
  async remember(make: MakeRecord): Promise<void> {
    if (this.#loop === undefined) throw new Error('writing a record: no loop runs')
    await this.#loop.remember(make)
  }

  /** Resolves when nothing is carried out any more. */
  async settled(): Promise<void> {
    await this.#run?.ended
  }

  async #end(): Promise<void> {
    this.#run?.stop.abort()
    await this.#run?.ended
    this.#loop = undefined
    this.#ticked = Promise.withResolvers<void>()
  }

  /** A loop that fails, as on records that are damaged, is begun anew: nothing else keeps the pods healthy. */
  async #live(machine: Machine, stopped: AbortSignal): Promise<void> {
    const { clock, log, signal } = this.#options
    const either = AbortSignal.any([signal, stopped])
    for (let failures = 1; !either.aborted; failures += 1) {
      const failed = new AbortController()
      try {
        await this.#runLoop(machine, AbortSignal.any([either, failed.signal]))
      } catch (error) {
        // Those who wait for this loop are told.
        failed.abort()
        this.#trouble = `nothing is reconciled: ${messageOf(error)}`
        this.#ticked.resolve()
        this.#ticked = Promise.withResolvers<void>()
        log('error', this.#trouble, { stack: stackOf(error) })
        const waitMs = retryDelayMs(failures, RETRY_MIN_MS, RETRY_MAX_MS)
        await clock.sleepUntil(after(clock.now(), waitMs), either)
      }
    }
  }

  async #runLoop(machine: Machine, signal: AbortSignal): Promise<void> {
    const { clock, log, loop, onProgress, onTick } = this.#options
    const desired = this.#desired
    if (desired === undefined) throw new Error('beginning a loop without a desired state')
    this.#loop = createLoop({
      ...loop,
      runtimes: machine.runtimes,
      clock,
      desired,
      signal,
      log,
      fence: fencingBy(localTransport()),
      onProgress,
      onTick: (state) => {
        this.#trouble = undefined
        this.#ticked.resolve()
        onTick(state)
      },
    })
    const { resolve } = this.#begun
    this.#begun = Promise.withResolvers<void>()
    resolve()
    await this.#loop.run()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  else signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
