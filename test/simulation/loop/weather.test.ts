import { expect, test } from 'vitest'
import { reboot } from '../../../engine/runtimes/simulated/lives.ts'
import type { Weather } from '../../../engine/runtimes/simulated/weather.ts'
import { calm as calmWeather, seededWeather } from '../../../engine/runtimes/simulated/weather.ts'
import type { World } from './engine.ts'
import { createWorld, once, startEngine } from './engine.ts'
import { containersOn, wantedContainers } from './expected.ts'
import { Dice } from '../dice.ts'
import { randomCommits, randomScript } from './random.ts'
import { Watch } from './watch.ts'

/** Both may be given, to look at one world again or to search many. */
const FIRST_SEED = Number(process.env['SIMULATION_SEED'] ?? 1)
const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 120)

test('whatever the weather, the node comes to run the last commit, and nothing is done twice', async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) await reported(seed)
})

test('nor does it in ten worlds that nobody has seen before', async () => {
  const first = 1_000_000 + Math.floor(Math.random() * 1_000_000_000)
  for (let seed = first; seed < first + 10; seed += 1) await reported(seed)
})

async function reported(seed: number): Promise<void> {
  try {
    await storm(seed)
  } catch (error) {
    throw new Error(`seed ${seed}: see it again with SIMULATION_SEED=${seed} SIMULATION_SEEDS=1`, {
      cause: error,
    })
  }
}

async function storm(seed: number): Promise<void> {
  const dice = new Dice(seed)
  const commits = randomCommits(dice)
  const disturbed = dice.chance(0.5)
  const world = createWorld(randomScript(seed, disturbed))
  const watch = new Watch(world.node, { undisturbed: !disturbed })
  const faultChance = dice.pick(0, 0.02, 0.1)
  const latencyMsMax = dice.pick(5, 300, 3_000)
  let calm = false
  const rough = seededWeather(dice.next, { faultChance, latencyMsMax, calm: () => calm })
  // a postStart hook that cannot be run is a hook that failed, and its container is rightly started again
  const weather: Weather = (verb) => (verb === 'exec' && !disturbed ? calmWeather(verb) : rough(verb))
  for (const desired of commits) {
    watch.expect(desired)
    const engine = startEngine(world, desired, { weather, vague: () => dice.chance(0.1) })
    await world.clock.runFor(dice.whole(0, 40_000))
    if (disturbed && dice.chance(0.3)) reboot(world.node)
    if (dice.chance(0.3)) await outage(world, dice)
    if (dice.chance(0.2)) world.clock.step(dice.whole(-60_000, 60_000))
    await world.clock.runFor(dice.whole(0, 20_000))
    if (dice.chance(0.7)) engine.kill()
    else await engine.stop()
  }
  calm = true
  await converges(world, commits, watch)
}

async function outage(world: World, dice: Dice): Promise<void> {
  world.node.reachable = false
  await world.clock.runFor(dice.whole(0, 20_000))
  world.node.reachable = true
}

async function converges(
  world: World,
  commits: ReturnType<typeof randomCommits>,
  watch: Watch,
): Promise<void> {
  const last = commits.at(-1)
  if (last === undefined) throw new Error('a world without commits')
  expect(await once(world, last)).toEqual({ kind: 'healthy' })
  expect(containersOn(world.node)).toEqual(wantedContainers(last))
  const facts = world.node.facts.length
  expect(await once(world, last)).toEqual({ kind: 'healthy' })
  expect(world.node.facts.slice(facts)).toEqual([])
  expect(watch.broken).toEqual([])
  expect(world.log.filter(({ level }) => level === 'error')).toEqual([])
}
