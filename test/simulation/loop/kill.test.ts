import { expect, test } from 'vitest'
import type { Desired } from '../../../engine/api/snapshot.ts'
import type { ContainerScript } from '../../../engine/runtimes/simulated/script.ts'
import type { World } from './engine.ts'
import { createWorld, once, startEngine } from './engine.ts'
import { containersOn, wantedContainers } from './expected.ts'
import { container, deployment, desiredOf, pod } from './manifests.ts'
import { Watch } from './watch.ts'

const PROBE = { exec: { command: ['probe'] }, periodSeconds: 1 }
const HOOK = { exec: { command: ['hook'] } }

/** A rollout, a replaced pod, and a deployment that is removed: each with all that can lie between begin and end. */
const BEFORE = desiredOf('before', [
  deployment('web', { replicas: 2 }, { containers: [served('1')] }),
  deployment('old', { replicas: 1 }),
  pod('one', { initContainers: [container('init')] }),
])
const AFTER = desiredOf('after', [
  deployment('web', { replicas: 3 }, { containers: [served('2')] }),
  pod('one', { containers: [container('app', { image: 'registry.example/app:2' })] }),
])

function served(tag: string): ReturnType<typeof container> {
  const lifecycle = { postStart: HOOK, preStop: HOOK }
  return container('app', { image: `registry.example/app:${tag}`, readinessProbe: PROBE, lifecycle })
}

function script({ container: name }: { readonly container: string }): ContainerScript {
  return name === 'init' ? { exitAfterMs: 200 } : { stopAfterMs: 300 }
}

test('an engine that is killed before any of its steps leaves a node that the next one brings to the same end', async () => {
  const steps = await stepsOf(BEFORE, AFTER)
  expect(steps).toBeGreaterThan(100)
  for (let step = 1; step <= steps; step += 1) await killedAt(step, [BEFORE, AFTER])
})

test('nor does it matter how often it is killed', async () => {
  const world = createWorld(script)
  const watch = new Watch(world.node, { undisturbed: true })
  await once(world, BEFORE)
  watch.expect(AFTER)
  let rounds = 0
  for (let alive = false; !alive && rounds < 1_000; rounds += 1) {
    // a few steps more each time: an engine that never gets anywhere would converge only by luck
    alive = !(await runUntilKilled(world, AFTER, 6 + rounds))
  }
  expect(rounds).toBeGreaterThan(3)
  await endsWell(world, AFTER, watch)
})

async function stepsOf(before: Desired, after: Desired): Promise<number> {
  const world = createWorld(script)
  await once(world, before)
  const engine = startEngine(world, after)
  await world.clock.runUntil(engine.loop.untilHealthy({ timeoutMs: 600_000 }))
  await engine.stop()
  return engine.connection.line.steps
}

async function killedAt(step: number, [before, after]: readonly [Desired, Desired]): Promise<void> {
  const world = createWorld(script)
  const watch = new Watch(world.node, { undisturbed: true })
  await once(world, before)
  watch.expect(after)
  const killed = await runUntilKilled(world, after, step)
  try {
    expect(killed).toBe(true)
    await endsWell(world, after, watch)
  } catch (error) {
    throw new Error(`killed at step ${step}`, { cause: error })
  }
}

/** True: it came to the step at which it was to be killed. */
async function runUntilKilled(world: World, desired: Desired, atStep: number): Promise<boolean> {
  const dead = Promise.withResolvers<boolean>()
  const engine = startEngine(world, desired, {
    onStep: (_, step) => {
      if (step !== atStep) return
      engine.kill()
      dead.resolve(true)
    },
  })
  const healthy = engine.loop.untilHealthy({ timeoutMs: 600_000 }).then(() => false)
  const killed = await world.clock.runUntil(Promise.race([dead.promise, healthy]))
  if (!killed) await engine.stop()
  return killed
}

async function endsWell(world: World, desired: Desired, watch: Watch): Promise<void> {
  expect(await once(world, desired)).toEqual({ kind: 'healthy' })
  expect(containersOn(world.node)).toEqual(wantedContainers(desired))
  expect(watch.broken).toEqual([])
  expect(world.log.filter(({ level }) => level === 'error')).toEqual([])
}
