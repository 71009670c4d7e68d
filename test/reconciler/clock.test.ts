import { expect, test } from 'vitest'
import { Bell } from '../../engine/reconciler/bell.ts'
import { after, systemClock } from '../../engine/reconciler/clock.ts'
import { within } from '../../engine/reconciler/within.ts'
import { VirtualClock } from '../../engine/runtimes/simulated/clock.ts'

const NEVER = new AbortController().signal

test('the system clock sleeps until its time has come', async () => {
  const at = after(systemClock.now(), 20)
  await systemClock.sleepUntil(at, NEVER)
  expect(systemClock.now().epochMilliseconds).toBeGreaterThanOrEqual(at.epochMilliseconds)
})

test('a sleep ends with its signal, also one that lies years ahead', async () => {
  const ending = new AbortController()
  const asleep = systemClock.sleepUntil(after(systemClock.now(), 1e12), ending.signal)
  ending.abort()
  await asleep
  await systemClock.sleepUntil(after(systemClock.now(), 1e12), ending.signal)
  expect(ending.signal.aborted).toBe(true)
})

test('a bell that rang before anyone waited is heard once', async () => {
  const clock = new VirtualClock()
  const bell = new Bell()
  bell.ring()
  bell.ring()
  await clock.runUntil(bell.wait(clock, undefined, NEVER))
  expect(clock.elapsedMs).toBe(0)
  await clock.runUntil(bell.wait(clock, after(clock.now(), 500), NEVER))
  expect(clock.elapsedMs).toBe(500)
})

test('a ring ends a wait before its time', async () => {
  const clock = new VirtualClock()
  const bell = new Bell()
  void clock.sleepFor(100).then(() => bell.ring())
  await clock.runUntil(bell.wait(clock, after(clock.now(), 500), NEVER))
  expect(clock.elapsedMs).toBe(100)
})

test('work within its time gives its value, and work that takes longer is told to stop', async () => {
  const clock = new VirtualClock()
  const quick = within(clock, 100, NEVER, async () => 'value')
  expect(await clock.runUntil(quick)).toEqual({ kind: 'done', value: 'value' })
  let told = false
  const slow = within(clock, 100, NEVER, async (signal) => {
    await clock.sleepFor(1_000, signal)
    told = signal.aborted
  })
  expect(await clock.runUntil(slow)).toEqual({ kind: 'timedOut' })
  await clock.runFor(0)
  expect(told).toBe(true)
})

test('work that fails within its time fails', async () => {
  const clock = new VirtualClock()
  const work = within(clock, 100, NEVER, () => Promise.reject(new Error('broken')))
  await expect(clock.runUntil(work)).rejects.toThrow('broken')
})
