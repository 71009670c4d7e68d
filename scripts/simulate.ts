import { parseArgs } from 'node:util'
import { live, type LifeResult } from '../test/simulation/fleet/life.ts'

const USAGE = `usage: npm run simulate -- [--seeds N] [--from SEED]    many worlds, from one seed on; 1,000 from seed 1 unless told
       npm run simulate -- --seed SEED                one world, with all that happens in it

Each world is made from its seed: a repository that is worked on, nodes, engines that are killed anywhere, weather. What must
never happen is looked for at every step, and once the weather has cleared the world must come to what its last commit says.
Exit status: 0 when every world did, 1 when one did not.`

/** How often people who wait are told how far it is. */
const TELL_EVERY_MS = 5_000

/** One thing that is wrong makes others wrong. */
const SENTENCES_MAX = 3

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  const numbers = [values.seeds, values.from, values.seed ?? '1'].map(Number)
  if (values.help === true || !numbers.every((number) => Number.isSafeInteger(number) && number > 0)) {
    console.error(USAGE)
    return values.help === true ? 0 : 3
  }
  const [seeds = 1, from = 1, seed = 1] = numbers
  return values.seed === undefined ? many(from, seeds) : one(seed)
}

async function one(seed: number): Promise<number> {
  const result = await live(seed, { traced: true })
  for (const line of result.trace) console.log(line)
  console.log(summary(result))
  return result.broken.length === 0 ? 0 : 1
}

async function many(from: number, seeds: number): Promise<number> {
  const began = performance.now()
  let toldMs = began
  let broken = 0
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await live(seed)
    if (result.broken.length > 0) {
      broken += 1
      console.log(summary(result))
    }
    if (performance.now() - toldMs < TELL_EVERY_MS) continue
    toldMs = performance.now()
    console.error(progress(seed - from + 1, began))
  }
  console.log(`${progress(seeds, began)}; ${broken === 0 ? 'all well' : `${broken} went wrong`}`)
  return broken === 0 ? 0 : 1
}

function progress(worlds: number, began: number): string {
  const perSecond = worlds / ((performance.now() - began) / 1_000)
  return `${worlds} worlds, ${perSecond.toFixed(1)} seeds a second`
}

function summary({ broken, seconds, seed, ticks }: LifeResult): string {
  const found = broken.length === 0 ? 'all well' : [...new Set(broken)].slice(0, SENTENCES_MAX).join('\n  ')
  return `seed ${seed}: ${seconds.toFixed(0)} s of its time, ${ticks} ticks: ${found}`
}

process.exit(await main())
