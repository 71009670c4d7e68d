import { TransportError } from '../../transport/transport.ts'
import { RuntimeFailure } from '../runtime.ts'
import type { SimulatedNode } from './node.ts'
import type { Fault, Weather } from './weather.ts'
import { calm } from './weather.ts'

export interface LineOptions {
  readonly weather?: Weather
  /** Before each step of each verb, counted from 1: the place to kill the engine. */
  readonly onStep?: (verb: string, step: number) => void
}

/** One engine's way to a node: delays, faults, and its death, after which nothing that was under way goes any further. */
export class Line {
  readonly #node: SimulatedNode
  readonly #weather: Weather
  readonly #onStep: NonNullable<LineOptions['onStep']>
  #steps = 0
  #dead = false

  constructor(node: SimulatedNode, { weather = calm, onStep = () => undefined }: LineOptions) {
    this.#node = node
    this.#weather = weather
    this.#onStep = onStep
  }

  get steps(): number {
    return this.#steps
  }

  get dead(): boolean {
    return this.#dead
  }

  kill(): void {
    this.#dead = true
  }

  /** `work` does its parts with a `between` after each but the last: there it may be cut off. */
  async call<T>(
    verb: string,
    signal: AbortSignal | undefined,
    work: (between: () => Promise<void>) => T | Promise<T>,
  ): Promise<T> {
    const { latencyMs, fault } = this.#weather(verb)
    // half of it on the way there, half on the way back: an answer is old when it arrives
    const thereMs = Math.floor(latencyMs / 2)
    await this.pause(thereMs, signal)
    await this.#step(verb)
    this.#refuse(verb, fault)
    const value = await work(async () => {
      await this.#step(verb)
      if (fault === 'half') throw new RuntimeFailure('Simulated', `${verb}: half done, then failed`)
    })
    await this.#step(verb)
    await this.pause(latencyMs - thereMs, signal)
    if (fault === 'lost') throw new TransportError(`${verb}: done, but the answer was lost`)
    return value
  }

  async pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#node.clock.sleepFor(milliseconds, signal)
    if (this.#dead) await never()
    signal?.throwIfAborted()
  }

  #refuse(verb: string, fault: Fault): void {
    const gone = fault === 'silent' || !this.#node.reachable
    if (gone) throw new TransportError(`${verb}: node ${this.#node.name} is not there`)
    if (fault === 'refused') throw new RuntimeFailure('Simulated', `${verb}: refused`)
  }

  async #step(verb: string): Promise<void> {
    if (this.#dead) await never()
    this.#steps += 1
    this.#onStep(verb, this.#steps)
    if (this.#dead) await never()
  }
}

/** A dead engine's calls answer nobody. */
function never(): Promise<never> {
  return new Promise(() => undefined)
}
