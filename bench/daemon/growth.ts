import { execa } from 'execa'
import type { Measurement } from '../measure.ts'

const WORKER = new URL('growth-worker.ts', import.meta.url).pathname
const COMMITS = 10_000
/** Caches are full and code is compiled by then. */
const FIRST = 1000

/** What the worker prints: resident sets, in bytes, after a collection of garbage. */
export interface Growth {
  readonly first: number
  readonly last: number
}

/** The daemon itself, on a machine and a repository in memory: commits that change pods, one after the other, each until it is healthy. */
export async function benchGrowth(): Promise<readonly Measurement[]> {
  const args = [
    '--expose-gc',
    '--max-semi-space-size=4',
    '--no-parallel-scavenge',
    WORKER,
    String(FIRST),
    String(COMMITS),
  ]
  // As engine/main.ts starts it.
  const { stdout } = await execa(process.execPath, args, { env: { MALLOC_ARENA_MAX: '2' } })
  const { first, last } = JSON.parse(stdout) as Growth
  return [
    {
      what: `resident growth from ${FIRST.toLocaleString('en')} to ${COMMITS.toLocaleString('en')} simulated commits`,
      value: Math.max(0, (last / first - 1) * 100),
      unit: '%',
      runs: 1,
      target: { text: 'under 10 %', most: 10 },
    },
    { what: 'resident after them', value: last / 1_000_000, unit: 'MB', runs: 1 },
  ]
}
