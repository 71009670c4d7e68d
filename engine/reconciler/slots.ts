import type { NodeName } from '../api/names.ts'

/** At most `limit` at a time; the rest wait in the order in which they came. */
export class Slots {
  readonly #limit: number
  readonly #waiting: Waiter[] = []
  #taken = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Rejects with the signal's reason when it is aborted before its turn has come. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#turn(signal)
    try {
      return await work()
    } finally {
      this.#free()
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> | undefined {
    signal?.throwIfAborted()
    if (this.#taken < this.#limit) {
      this.#taken += 1
      return undefined
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
      reject(new Error('given up while waiting for a turn', { cause: signal?.reason }))
    }
    const waiter: Waiter = {
      begin() {
        signal?.removeEventListener('abort', leave)
        resolve()
      },
    }
    signal?.addEventListener('abort', leave, { once: true })
    this.#waiting.push(waiter)
    return promise
  }

  /** The slot goes from hand to hand, so that a newcomer does not overtake who waits. */
  #free(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#taken -= 1
    else next.begin()
  }
}

interface Waiter {
  begin(): void
}

export function slotsByNode(nodes: Iterable<NodeName>, limit: number): ReadonlyMap<NodeName, Slots> {
  return new Map([...nodes].map((name) => [name, new Slots(limit)]))
}
