/** mulberry32: everything that happens follows from the seed, so that a failure can be run again. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** Undefined of nothing. */
  oneOf<T>(choices: readonly T[]): T | undefined {
    return choices[this.below(choices.length)]
  }

  /** By their weights. */
  weighted<T extends { readonly weight: number }>(choices: readonly T[]): T {
    const all = choices.reduce((sum, { weight }) => sum + weight, 0)
    let left = this.next() * all
    for (const choice of choices) {
      left -= choice.weight
      if (left < 0) return choice
    }
    const last = choices.at(-1)
    if (last === undefined) throw new Error('nothing to choose from')
    return last
  }
}
