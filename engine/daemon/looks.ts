import type { Look } from '../source/follow.ts'

interface Waiting {
  readonly look: Look
  readonly done: () => void
}

/** Those who wait until a look at the repository has been made, and what it found been dealt with. */
export class Looks {
  #heard: Look = 0
  #waiting: readonly Waiting[] = []

  async until(look: Look): Promise<void> {
    if (look <= this.#heard) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting = [...this.#waiting, { look, done: resolve }]
    await promise
  }

  heard(look: Look): void {
    this.#heard = look
    const [served = [], left = []] = [true, false].map((isServed) =>
      this.#waiting.filter((one) => one.look <= look === isServed),
    )
    this.#waiting = left
    for (const { done } of served) done()
  }

  /** There are no more. */
  end(): void {
    this.heard(Number.POSITIVE_INFINITY)
  }
}
