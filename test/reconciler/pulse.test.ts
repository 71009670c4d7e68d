import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../engine/reconciler/limits.ts'
import { Pulse } from '../../engine/reconciler/pulse.ts'
import { VirtualClock } from '../../engine/runtimes/simulated/clock.ts'

/** A node that answers each question so much later, or (undefined) never; when it was said to be silent, in seconds. */
async function silences(latencyMs: (elapsedMs: number) => number | undefined, seconds: number) {
  const clock = new VirtualClock()
  const ending = new AbortController()
  const said: number[] = []
  const ping = async (): Promise<void> => {
    const waitMs = latencyMs(clock.elapsedMs)
    if (waitMs === undefined) await new Promise(() => undefined)
    await clock.sleepFor(waitMs ?? 0)
  }
  const pulse = new Pulse({ ping }, { clock, signal: ending.signal, limits: DEFAULT_LIMITS })
  const running = pulse.run({ silent: () => said.push(clock.elapsedMs / 1000), heard: () => undefined })
  await clock.runFor(seconds * 1000)
  ending.abort()
  await clock.runUntil(running)
  return { said, heardAgoMs: clock.now().since(pulse.heardAt).total('milliseconds') }
}

test('a node that answers, however slowly, is never silent', async () => {
  expect((await silences(() => 0, 600)).said).toEqual([])
  expect((await silences(() => 2_000, 600)).said).toEqual([])
  expect((await silences(() => 9_000, 600)).said).toEqual([])
})

test('a cut of 10 s is over before anything is said', async () => {
  const cut = (ms: number) => (ms >= 100_000 && ms < 110_000 ? 110_000 - ms : 0)
  expect((await silences(cut, 300)).said).toEqual([])
})

test('after 20 s without an answer it is said each 5 s, and since when', async () => {
  const { said, heardAgoMs } = await silences((ms) => (ms < 100_000 ? 0 : undefined), 130)
  expect(said).toEqual([115, 120, 125, 130])
  expect(heardAgoMs).toBe(35_000)
})

test('of what cannot be asked nothing is said', async () => {
  const clock = new VirtualClock()
  const { signal } = new AbortController()
  const pulse = new Pulse({}, { clock, signal, limits: DEFAULT_LIMITS })
  await pulse.run({ silent: () => expect.unreachable(), heard: () => expect.unreachable() })
  await clock.runFor(60_000)
  expect(pulse.heardAt).toEqual(clock.now())
})
