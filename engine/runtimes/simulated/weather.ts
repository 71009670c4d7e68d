/** What becomes of one call: its delay, and how it goes wrong. */
export interface Fate {
  readonly latencyMs: number
  readonly fault: Fault
}

/**
 * `refused`: nothing is done. `half`: a part is done, then it fails. `lost`: all is done, the answer never comes.
 * `silent`: the node is not there.
 */
export type Fault = 'none' | 'refused' | 'half' | 'lost' | 'silent'

export type Weather = (verb: string) => Fate

export const calm: Weather = () => ({ latencyMs: 1, fault: 'none' })

export interface WeatherOptions {
  readonly latencyMsMax: number
  /** Of one call, between 0 and 1. */
  readonly faultChance: number
  /** From then on all is calm: a storm without end lets nothing converge. */
  readonly calm: () => boolean
}

const FAULTS: readonly Fault[] = ['refused', 'half', 'lost', 'silent']

export function seededWeather(random: () => number, options: WeatherOptions): Weather {
  return (verb) => {
    if (options.calm()) return calm(verb)
    const latencyMs = Math.floor(random() ** 3 * options.latencyMsMax)
    const fault = random() < options.faultChance ? FAULTS[Math.floor(random() * FAULTS.length)] : 'none'
    return { latencyMs, fault: fault ?? 'none' }
  }
}

/** Numbers in [0, 1) that follow from the seed (mulberry32, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
