import type { NodeName } from '../api/names.ts'
import { emptiedNodes } from '../planner/formerNodes.ts'
import type { Logger } from '../reconciler/logger.ts'
import type { LoopState } from '../reconciler/loop.ts'
import { messageOf } from '../reconciler/problems.ts'
import type { Engine } from './engine.ts'
import type { Site } from './site.ts'
import type { Turns } from './turns.ts'

export interface DeparturesOptions {
  readonly engine: Engine
  readonly log: Logger
  readonly signal: AbortSignal
  readonly site: Site
  readonly turns: Turns
}

/** Lets go of machines that have left the commit, once they have nothing any more. */
export class Departures {
  readonly #options: DeparturesOptions
  #isUnderWay = false

  constructor(options: DeparturesOptions) {
    this.#options = options
  }

  /** After each plan. */
  look(state: LoopState): void {
    if (this.#isUnderWay || this.#emptied(state).length === 0) return
    this.#isUnderWay = true
    void this.#options.turns
      .take(() => this.#letGo())
      .finally(() => {
        this.#isUnderWay = false
      })
  }

  async #letGo(): Promise<void> {
    const { engine, log, signal, site } = this.#options
    // The commit may have them again by now.
    const names = this.#emptied(engine.state())
    const { desired } = engine
    if (names.length === 0 || desired === undefined) return
    try {
      await site.letGo(names, desired, (taken) => engine.drive(taken.machine, taken.desired))
    } catch (error) {
      if (!signal.aborted) log('warn', `letting go of ${names.join(', ')} failed: ${messageOf(error)}`)
    }
  }

  #emptied({ snapshot }: LoopState): readonly NodeName[] {
    if (snapshot === undefined || snapshot.desired !== this.#options.engine.desired) return []
    return emptiedNodes(snapshot)
  }
}
