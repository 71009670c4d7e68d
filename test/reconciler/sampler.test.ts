import { expect, test } from 'vitest'
import { usageBetween } from '../../engine/reconciler/sampler.ts'

const START = Temporal.Instant.from('2026-01-01T00:00:00Z')

function reading(seconds: number, nanoseconds: number, attempt = 0) {
  return {
    at: START.add({ seconds }),
    stats: [{ container: 'app', cpuNanoseconds: nanoseconds, memoryBytes: 1000 + seconds }],
    attempts: new Map([['app', attempt]]),
  }
}

test('cpu is a rate between two readings, memory what it was at the second', () => {
  // 3.75 s of cpu time in 15 s are a quarter of a core
  expect(usageBetween(reading(0, 1e9), reading(15, 4.75e9))).toEqual({
    at: '2026-01-01T00:00:15.000Z',
    windowMs: 15_000,
    containers: new Map([['app', { cpuMillis: 250, memoryBytes: 1015 }]]),
  })
})

test('less than a thousandth of a core is one, as Kubernetes rounds', () => {
  expect(usageBetween(reading(0, 0), reading(15, 1000))?.containers.get('app')?.cpuMillis).toBe(1)
  expect(usageBetween(reading(0, 0), reading(15, 0))?.containers.get('app')?.cpuMillis).toBe(0)
})

test('a container that was restarted in between, came new, or has less than before is left out', () => {
  const none = { at: START, stats: [], attempts: new Map() }
  for (const [first, second] of [
    [reading(0, 1e9), reading(15, 2e9, 1)],
    [none, reading(15, 2e9)],
    [reading(0, 3e9), reading(15, 2e9)],
  ] as const)
    expect(usageBetween(first, second)?.containers.size).toBe(0)
})

test('when the clock was set back in between, nothing is known', () => {
  expect(usageBetween(reading(15, 1e9), reading(0, 2e9))).toBeUndefined()
})
