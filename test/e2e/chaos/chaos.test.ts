import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { processesOf } from '../../support/containers.ts'
import { lineText } from '../../support/daemon.ts'
import { World, eventually } from '../../support/engine.ts'
import { machineTraces, NO_TRACES } from '../../support/machine.ts'
import { files } from '../../support/pods.ts'
import { Random } from '../../support/random.ts'
import { type Registry, startRegistry } from '../../support/registry.ts'
import { Chaos } from './chaos.ts'
import { STEPS } from './steps.ts'
import { expectedCommands, FIRST, WITNESS } from './wanted.ts'

let registry: Registry

beforeAll(async () => {
  registry = await startRegistry()
})

afterAll(async () => await registry[Symbol.asyncDispose]())

/** RECONCILE_MINUTES=30 runs it at length, RECONCILE_SEED=N the same steps again; RECONCILE_LOG=FILE keeps what the daemons said. */
const MINUTES = Number(process.env['RECONCILE_MINUTES'] ?? 0.5)
const SEED = Number(process.env['RECONCILE_SEED'] ?? 20261121)
const LOG = process.env['RECONCILE_LOG']
const PAUSE_MS_MAX = 1_500
/** Pods that were deleted by hand wait for the next look at everything. */
const SETTLE_MS = 120_000
/** Two looks, and what comes of them. */
const EXPLAINED_MS = 15_000

test(
  'a daemon that is left alone while its manifests, its pods, its machine and itself are tampered with comes to the right state, and its log explains each step',
  async () => {
    await using world = await World.create({
      registry: registry.url,
      sync: { resyncIntervalSeconds: 5, pollIntervalSeconds: 5 },
    })
    await world.commit(files(WITNESS))
    const first = await world.once()
    expect(first, first.stderr).toMatchObject({ exitCode: 0 })
    await using chaos = new Chaos(world, new Random(SEED), registry)
    const witness = await chaos.witness()
    await chaos.commit(FIRST)
    await settled(chaos)

    const until = performance.now() + MINUTES * 60_000
    while (performance.now() < until) await step(chaos)
    await chaos.commit({ ...chaos.wanted, lone: { version: 4_999 } })
    await settled(chaos)
    // What was done last may be noticed only at the next look at everything.
    await eventually(
      async () => chaos.unexplained(),
      (left) => left.length === 0,
      EXPLAINED_MS,
    )
    await settled(chaos)
    if (LOG !== undefined) writeFileSync(LOG, chaos.lines.map((line) => `${lineText(line)}\n`).join(''))

    expect(await chaos.witness()).toBe(witness)
    expect(chaos.lines.filter(({ message }) => message.startsWith('no line of JSON'))).toEqual([])
    expect(await chaos.daemon.end()).toBe(0)
    const down = await world.run('down')
    expect(down, down.stderr).toMatchObject({ exitCode: 0 })
    expect(machineTraces(world.root)).toEqual(NO_TRACES)
  },
  MINUTES * 60_000 + 2 * SETTLE_MS + 60_000,
)

async function step(chaos: Chaos): Promise<void> {
  const { random } = chaos
  const chosen = random.weighted(STEPS)
  const from = chaos.lines.length
  const done = await chosen.run(chaos)
  if (done === undefined) return
  chaos.note(done, from)
  console.log(`seed ${SEED}: ${done.what}`)
  await chaos.pause(random.next() * PAUSE_MS_MAX)
}

/** Exactly the containers of the last valid commit run, and the engine says that all is healthy. */
async function settled(chaos: Chaos): Promise<void> {
  const expected = expectedCommands(chaos.wanted)
  try {
    await eventually(
      async () => processesOf(chaos.world.root).filter((command) => command.startsWith('sleep ')),
      (commands) => JSON.stringify(commands) === JSON.stringify(expected),
      SETTLE_MS,
    )
    const once = await chaos.world.once()
    expect(once, once.stderr).toMatchObject({ exitCode: 0 })
  } catch (error) {
    const log = chaos.lines.slice(-60).map(lineText).join('\n')
    throw new Error(`seed ${SEED}: expected ${expected.join(', ')}; the log's end:\n${log}`, { cause: error })
  }
}
