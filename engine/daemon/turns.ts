/** Lets those who ask work one after the other, in the order in which they asked. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work)
    // A turn that fails is its owner's affair.
    this.#last = mine.catch(() => undefined)
    return mine
  }
}
