import { oneByOne } from './oneByOne.ts'

export interface Finding {
  readonly found: string
  readonly done: string
}

/** What asks a server notices little of one that is away for so long. */
const LOOK_EVERY_MS = 1_000

/** By name: a driver that is made anew takes over from the one before. */
const timers = new Map<string, NodeJS.Timeout>()

/** A server that goes on without the engine, and that an engine looks after: in turn with whatever else is done to it. */
export class ServerWatch {
  readonly #name: string
  readonly #look: () => Promise<Finding | undefined>
  readonly #findings: Finding[] = []

  /** `look`: what was amiss, and what it has done about it. */
  constructor(name: string, look: () => Promise<Finding | undefined>) {
    this.#name = name
    this.#look = look
  }

  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    return await oneByOne(this.#name, work)
  }

  /** Whether it is looked after from here on. */
  set(isKept: boolean): void {
    clearInterval(timers.get(this.#name))
    timers.delete(this.#name)
    if (!isKept) return
    const timer = setInterval(() => void this.inTurn(async () => await this.#once()), LOOK_EVERY_MS)
    // Whoever has nothing else to do ends all the same.
    timers.set(this.#name, timer.unref())
  }

  /** Since this was last asked. */
  findings(): readonly Finding[] {
    return this.#findings.splice(0)
  }

  async #once(): Promise<void> {
    const finding = await this.#look()
    if (finding !== undefined) this.#findings.push(finding)
  }
}
