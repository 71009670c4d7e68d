import { type Transport, TransportError } from '../../transport/transport.ts'
import { oneByOne } from './oneByOne.ts'

export interface Finding {
  readonly found: string
  readonly done: string
}

/** What asks a server notices little of one that is away for so long. */
const LOOK_EVERY_MS = 1_000

/** By machine and name: a driver that is made anew takes over from the one before. */
const timers = new Map<string, NodeJS.Timeout>()

/** A server that goes on without the engine, and that an engine looks after: in turn with whatever else is done to it. */
export class ServerWatch {
  readonly #transport: Pick<Transport, 'machine'>
  readonly #name: string
  readonly #key: string
  readonly #look: () => Promise<Finding | undefined>
  readonly #findings: Finding[] = []

  /** `look`: what was amiss, and what it has done about it. */
  constructor(transport: Pick<Transport, 'machine'>, name: string, look: () => Promise<Finding | undefined>) {
    this.#transport = transport
    this.#name = name
    this.#key = `${transport.machine} ${name}`
    this.#look = look
  }

  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    return await oneByOne(this.#transport, this.#name, work)
  }

  /** Whether it is looked after from here on. */
  set(isKept: boolean): void {
    clearTimeout(timers.get(this.#key))
    timers.delete(this.#key)
    if (isKept) this.#lookLater()
  }

  /** So long after the last look has ended: one that stands in line, or a node that does not answer, gathers no others. */
  #lookLater(): void {
    const timer = setTimeout(() => void this.#lookAndGoOn(timer), LOOK_EVERY_MS)
    // Whoever has nothing else to do ends all the same.
    timers.set(this.#key, timer.unref())
  }

  async #lookAndGoOn(timer: NodeJS.Timeout): Promise<void> {
    try {
      await this.inTurn(async () => await this.#once())
    } catch (error) {
      // Of a node that cannot be reached somebody else tells.
      if (!(error instanceof TransportError)) throw error
    }
    if (timers.get(this.#key) === timer) this.#lookLater()
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
