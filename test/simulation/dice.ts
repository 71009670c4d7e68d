import { seededRandom } from '../../engine/runtimes/simulated/weather.ts'

/** Draws from one seed. */
export class Dice {
  readonly next: () => number

  constructor(seed: number) {
    this.next = seededRandom(seed)
  }

  /** From `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(first: T, ...others: readonly T[]): T {
    return [first, ...others][this.whole(0, others.length)] ?? first
  }

  /** One of them; undefined when there is none. */
  of<T>(items: readonly T[]): T | undefined {
    return items[this.whole(0, items.length - 1)]
  }
}
