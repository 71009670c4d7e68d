import { expect, test } from 'vitest'
import { VirtualClock } from '../../../engine/runtimes/simulated/clock.ts'

const NEVER = new AbortController().signal

test('time passes only to the next instant that somebody waits for', async () => {
  const clock = new VirtualClock(Temporal.Instant.from('2026-01-01T00:00:00Z'))
  const seen: string[] = []
  const sleeper = async (ms: number): Promise<void> => {
    await clock.sleepFor(ms)
    seen.push(clock.now().toString())
  }
  await clock.runUntil(Promise.all([sleeper(86_400_000), sleeper(1_000)]))
  expect(seen).toEqual(['2026-01-01T00:00:01Z', '2026-01-02T00:00:00Z'])
})

test('a step of the wall clock moves those who wait for a time of day, forwards only', async () => {
  const clock = new VirtualClock()
  const at = clock.now().add({ seconds: 10 })
  const forwards = clock.sleepUntil(at, NEVER)
  clock.step(9_000)
  await clock.runUntil(forwards)
  expect(clock.elapsedMs).toBe(1_000)
  const backwards = clock.sleepUntil(clock.now().add({ seconds: 10 }), NEVER)
  clock.step(-3_600_000)
  await clock.runUntil(backwards)
  expect(clock.elapsedMs).toBe(11_000)
})

test('a world in which nobody waits for a time has come to a halt', async () => {
  const clock = new VirtualClock()
  await expect(clock.runUntil(new Promise(() => undefined))).rejects.toThrow('come to a halt')
})

test('a world that does not settle in its time is given up', async () => {
  const clock = new VirtualClock()
  await expect(clock.runUntil(clock.sleepFor(2_000), 1_000)).rejects.toThrow('has not settled')
})
