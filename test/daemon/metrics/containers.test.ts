import { expect, test } from 'vitest'
import { OomTally } from '../../../engine/daemon/metrics/containers/oomTally.ts'
import { ContainerReader } from '../../../engine/daemon/metrics/containers/read.ts'
import type { ObservedPod } from '../../../engine/api/snapshot.ts'
import type { PodMeasures } from '../../../engine/runtimes/measures.ts'
import type { Runtime } from '../../../engine/runtimes/runtime.ts'
import { TransportError } from '../../../engine/transport/transport.ts'
import { containerIn, listingOf, NODE, START, uidOf } from '../../reconciler/support.ts'
import { measured } from '../../../engine/runtimes/simulated/measures.ts'
import { type MeasuredWorld, measuredWorld } from './world.ts'

/** The world's runtime, but for how it is measured. */
async function worldMeasuring(measure: Runtime['measure'], seconds = 10): Promise<MeasuredWorld> {
  const world: MeasuredWorld = await measuredWorld(seconds, {
    containersTimeoutMs: 2_000,
    runtimes: () => new Map([[NODE, { ...world.engine.connection.runtime, measure }]]),
  })
  return world
}

async function text({ metrics, world }: MeasuredWorld): Promise<string> {
  return world.clock.runUntil(metrics.text(new Set(['containers'])))
}

test('cpu that a container uses grows from scrape to scrape', async () => {
  const world = await measuredWorld(10)
  const used = async (): Promise<number> =>
    Number(/^container_cpu_usage_seconds_total\{.*pod="db-0".*\} (.*)$/m.exec(await text(world))?.[1])
  const before = await used()
  await world.world.clock.runFor(10_000)
  // A tenth of a core for ten seconds, and for what the scrapes themselves took.
  expect((await used()) - before).toBeGreaterThanOrEqual(1)
})

test('a node that is slow holds up no scrape: its containers are left out, and a metric says so', async () => {
  const world = await worldMeasuring(() => new Promise(() => undefined))
  const told = await text(world)
  expect(told).toContain('reconcile_container_metrics_up{node="local"} 0')
  expect(told).toContain('reconcile_container_metrics_duration_seconds{node="local"} 2\n')
  expect(told).not.toContain('container_cpu_usage_seconds_total')
  expect(told).toContain('machine_cpu_cores{node="local"} 8')
})

test('a node that still owes an answer is not asked once more', async () => {
  let asked = 0
  const world = await worldMeasuring(() => {
    asked += 1
    return new Promise(() => undefined)
  })
  await text(world)
  const again = await text(world)
  expect(asked).toBe(1)
  expect(again).toContain('reconcile_container_metrics_duration_seconds{node="local"} 0\n')
})

test('those who ask at one time are answered by one reading', async () => {
  let asked = 0
  const world = await worldMeasuring(async () => {
    asked += 1
    return new Map()
  })
  const [one, other] = await Promise.all([text(world), text(world)])
  expect(one).toBe(other)
  expect(asked).toBe(1)
})

test('a node that fails to tell is left out, and asked again by the next scrape', async () => {
  let asked = 0
  const world: MeasuredWorld = await worldMeasuring(async (pods) => {
    asked += 1
    if (asked === 1) throw new TransportError('the connection broke off')
    return new Map(
      pods.flatMap((pod) => {
        const measures = measured(world.world.node, pod)
        return measures === undefined ? [] : [[pod.uid, measures]]
      }),
    )
  })
  expect(await text(world)).toContain('reconcile_container_metrics_up{node="local"} 0')
  expect(await text(world)).toContain('reconcile_container_metrics_up{node="local"} 1')
})

test('a node that is known not to answer is not asked', async () => {
  let asked = 0
  const world = await worldMeasuring(async () => {
    asked += 1
    return new Map()
  }, 30)
  world.world.node.reachable = false
  await world.world.clock.runFor(120_000)
  expect(await text(world)).toContain('reconcile_container_metrics_up{node="local"} 0')
  expect(asked).toBe(0)
})

test('before the first plan nobody is asked', async () => {
  const reader = new ContainerReader({
    runtimes: () => new Map(),
    clock: { now: Temporal.Now.instant, elapsedMs: 0, sleepUntil: async () => undefined },
  })
  expect(await reader.read(undefined)).toEqual([])
})

function podAt(attempt: number, wasKilled = false): ObservedPod {
  const containers = containerIn({ kind: 'running', startedAt: START }, attempt)
  const previous = {
    attempt: attempt - 1,
    exitCode: 137,
    oomKilled: wasKilled,
    startedAt: START,
    finishedAt: START,
    startFailed: false,
  }
  const listing = listingOf('web', { containers })
  const [app] = containers.values()
  if (app === undefined) throw new Error('no container')
  return {
    ...listing,
    containers: new Map([['app', attempt === 0 ? app : { ...app, previous }]]),
    probes: new Map(),
    failures: new Map(),
  }
}

function killing(oomKills: number): PodMeasures {
  const memory = { usage: 1, workingSet: 1, rss: 1, cache: 0, mapped: 0, swap: 0, limit: 0, oomKills }
  const rest = { most: undefined, failures: undefined, pageFaults: undefined, majorPageFaults: undefined }
  const cpu = {
    usageSeconds: 1,
    userSeconds: undefined,
    systemSeconds: undefined,
    periods: undefined,
    throttledPeriods: undefined,
    throttledSeconds: undefined,
    shares: undefined,
    periodMicroseconds: undefined,
    quotaMicroseconds: undefined,
  }
  const app = { cgroup: '/x', cpu, memory: { ...memory, ...rest }, processes: 1, io: [] }
  return { containers: new Map([['app', app]]), interfaces: [] }
}

test('processes that were killed for want of memory stay counted when the container is started anew', () => {
  const tally = new OomTally()
  const count = (pod: ObservedPod, kills: number): number | undefined =>
    tally.after(uidOf('web'), pod, killing(kills)).get('app')
  expect(count(podAt(0), 0)).toBe(0)
  expect(count(podAt(0), 2)).toBe(2)
  // ended by itself: the kernel counts from 0
  expect(count(podAt(1), 0)).toBe(2)
  expect(count(podAt(1), 1)).toBe(3)
  // killed itself, which its group did not live to tell
  expect(count(podAt(2, true), 0)).toBe(3)
  expect(count(podAt(3, true), 0)).toBe(4)
})

test('of pods that have gone nothing is remembered', () => {
  const tally = new OomTally()
  tally.after(uidOf('web'), podAt(0), killing(5))
  tally.keepOnly(new Set())
  expect(tally.after(uidOf('web'), podAt(1), killing(0)).get('app')).toBe(0)
})
