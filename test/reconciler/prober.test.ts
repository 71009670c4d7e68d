import { expect, test } from 'vitest'
import type { Container, Probe } from '../../engine/api/generated/types.ts'
import type { ExecResult } from '../../engine/api/cri.ts'
import type { ContainerScript } from '../../engine/runtimes/simulated/script.ts'
import { calm } from '../../engine/runtimes/simulated/weather.ts'
import type { Weather } from '../../engine/runtimes/simulated/weather.ts'
import type { Engine, World } from '../simulation/loop/engine.ts'
import { createWorld, runningOn, startEngine } from '../simulation/loop/engine.ts'
import { container, desiredOf, pod } from '../simulation/loop/manifests.ts'

const EXEC = { exec: { command: ['probe'] } }
const GOOD: ExecResult = { exitCode: 0, output: '', timedOut: false }
const BAD: ExecResult = { exitCode: 1, output: 'down', timedOut: false }

interface Probed {
  readonly world: World
  readonly engine: Engine
  /** When each probe ran, in milliseconds since the world's beginning. */
  readonly asked: readonly number[]
}

function probed(
  probes: Partial<Container>,
  answer: (ranMs: number) => ExecResult,
  weather: Weather = calm,
  pinged = false,
): Probed {
  const asked: number[] = []
  const script: ContainerScript = {
    exec: (_, ranMs) => {
      asked.push(world.clock.elapsedMs)
      return answer(ranMs)
    },
  }
  const world: World = createWorld(() => script)
  const desired = desiredOf('a', [pod('web', { containers: [container('app', probes)] })])
  return { world, engine: startEngine(world, desired, { weather, pinged }), asked }
}

function isReady({ world }: Probed): boolean {
  const [found] = world.node.pods.values()
  return found?.record.containers['app']?.ready ?? false
}

const readiness = (more: Partial<Probe> = {}): Partial<Container> => ({
  readinessProbe: { ...EXEC, periodSeconds: 1, ...more },
})

test('a probe runs once a period, after its initial delay', async () => {
  const it = probed(readiness({ initialDelaySeconds: 3, periodSeconds: 2 }), () => GOOD)
  await it.world.clock.runFor(10_500)
  const [first = 0, ...later] = it.asked
  expect(first).toBeGreaterThanOrEqual(3_000)
  expect(
    later.map((ms, index) => ms - (it.asked[index] ?? 0)).every((gap) => gap >= 2_000 && gap < 2_010),
  ).toBe(true)
  expect(it.asked).toHaveLength(4)
  it.engine.kill()
})

test('readiness follows the thresholds in both directions', async () => {
  const it = probed(readiness({ successThreshold: 2, failureThreshold: 3 }), (ranMs) =>
    ranMs < 10_000 ? GOOD : BAD,
  )
  await it.world.clock.runFor(900)
  expect(isReady(it)).toBe(false)
  await it.world.clock.runFor(1_000)
  expect(isReady(it)).toBe(true)
  await it.world.clock.runFor(10_000)
  expect(isReady(it)).toBe(true)
  await it.world.clock.runFor(2_000)
  expect(isReady(it)).toBe(false)
  it.engine.kill()
})

test('results that change nothing make no plan', async () => {
  const it = probed(readiness(), () => GOOD)
  await it.world.clock.runFor(10_000)
  const { ticks } = it.engine.loop.state()
  const asked = it.asked.length
  await it.world.clock.runFor(30_000)
  expect(it.asked.length).toBeGreaterThanOrEqual(asked + 29)
  expect(it.engine.loop.state().ticks).toBe(ticks)
  it.engine.kill()
})

test('a container that fails its liveness probe is stopped and started again by the node', async () => {
  const livenessProbe = { ...EXEC, periodSeconds: 1, failureThreshold: 2 }
  const it = probed({ livenessProbe }, (ranMs) => (ranMs < 5_000 ? GOOD : BAD))
  await it.world.clock.runFor(10_000)
  expect(runningOn(it.world.node)).toEqual(['web app#1'])
  it.engine.kill()
})

test('a probe that could not be run at all says nothing of the container', async () => {
  const livenessProbe = { ...EXEC, periodSeconds: 1, failureThreshold: 1 }
  const weather: Weather = (verb) => (verb === 'exec' ? { latencyMs: 1, fault: 'refused' } : calm(verb))
  const it = probed({ livenessProbe }, () => GOOD, weather)
  await it.world.clock.runFor(20_000)
  expect(runningOn(it.world.node)).toEqual(['web app#0'])
  expect(it.world.log.filter(({ message }) => message.includes('could not be run')).length).toBeGreaterThan(
    10,
  )
  it.engine.kill()
})

test('a probe without an answer in its time has failed', async () => {
  const weather: Weather = (verb) => (verb === 'exec' ? { latencyMs: 60_000, fault: 'none' } : calm(verb))
  const livenessProbe = { ...EXEC, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 2 }
  const it = probed({ livenessProbe }, () => GOOD, weather)
  await it.world.clock.runFor(4_100)
  expect(runningOn(it.world.node)).toEqual(['web app#1'])
  it.engine.kill()
})

/** Of a container that would be started again after its first failure, on a node behind a line. */
function behindLine(weather: Weather): Probed {
  const livenessProbe = { ...EXEC, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 1 }
  return probed({ livenessProbe }, () => GOOD, weather, true)
}

test('a readiness on record holds for the next engine until its first probe, however long its first look takes', async () => {
  const it = probed(readiness(), () => GOOD)
  await it.world.clock.runFor(5_000)
  it.engine.kill()
  const conditions = () => [...it.world.node.pods.values()].map(({ record }) => record.conditions)
  const before = conditions()
  const desired = desiredOf('a', [pod('web', { containers: [container('app', readiness())] })])
  const weather: Weather = (verb) => ({ latencyMs: verb === 'readObjectRecords' ? 60_000 : 1, fault: 'none' })
  const next = startEngine(it.world, desired, { weather })
  await it.world.clock.runFor(70_000)
  expect(it.asked.length).toBeGreaterThan(10)
  expect(conditions()).toEqual(before)
  next.kill()
})

test('the time that a slow line takes is not the time of a probe', async () => {
  const it = behindLine(() => ({ latencyMs: 3_000, fault: 'none' }))
  await it.world.clock.runFor(180_000)
  expect(it.asked.length).toBeGreaterThan(40)
  expect(runningOn(it.world.node)).toEqual(['web app#0'])
  it.engine.kill()
})

test('a container that does not answer has failed on however fast a line', async () => {
  const it = behindLine((verb) => ({ latencyMs: verb === 'exec' ? 60_000 : 1, fault: 'none' }))
  await it.world.clock.runFor(3_000)
  expect(runningOn(it.world.node)).toEqual(['web app#1'])
  it.engine.kill()
})

test('a probe whose node does not answer says nothing of the container', async () => {
  const it = behindLine(() => ({ latencyMs: 1, fault: 'none' }))
  await it.world.clock.runFor(10_000)
  it.world.node.reachable = false
  await it.world.clock.runFor(10_000)
  it.world.node.reachable = true
  await it.world.clock.runFor(20_000)
  expect(runningOn(it.world.node)).toEqual(['web app#0'])
  it.engine.kill()
})

test('a clock that is set back by an hour does not silence probes', async () => {
  const it = probed(readiness(), () => GOOD)
  await it.world.clock.runFor(5_000)
  const before = it.asked.length
  it.world.clock.step(-3_600_000)
  await it.world.clock.runFor(10_000)
  expect(it.asked.length).toBeGreaterThan(before + 5)
  it.engine.kill()
})

test('a probe whose answer comes after its node was given up is asked again when the node is back', async () => {
  let answerMs = 1
  const weather: Weather = (verb) => ({ latencyMs: verb === 'exec' ? answerMs : 1, fault: 'none' })
  const it = probed(readiness({ timeoutSeconds: 90 }), () => GOOD, weather)
  await it.world.clock.runFor(20_000)
  // Asked at 20 s, answered on the node at 45 s, heard of at 70 s; at 60 s the node does not answer a listing.
  answerMs = 50_000
  await it.world.clock.runFor(31_000)
  it.world.node.reachable = false
  answerMs = 1
  await it.world.clock.runFor(60_000)
  it.world.node.reachable = true
  await it.world.clock.runFor(60_000)
  const before = it.asked.length
  await it.world.clock.runFor(10_000)
  expect(it.asked.length).toBeGreaterThan(before + 5)
  it.engine.kill()
})
