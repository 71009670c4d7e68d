import { expect, test } from 'vitest'
import type { KeepLogsRequest } from '../../engine/api/cri.ts'
import type { Cluster } from '../../engine/api/generated/types.ts'
import { createLoop } from '../../engine/reconciler/loop.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { createWorld, NODE } from '../simulation/loop/engine.ts'
import { desiredOf, pod } from '../simulation/loop/manifests.ts'

interface Asked {
  readonly atMs: number
  readonly containers: readonly string[]
  readonly limits: KeepLogsRequest['limits']
}

const CLUSTER: Cluster = {
  apiVersion: 'reconcile.dev/v1',
  kind: 'Cluster',
  metadata: { name: 'test' },
  spec: { containerLogMaxSize: '1Mi', containerLogMaxFiles: 3 },
}

/** A loop on a simulated node that says of logs what `answer` says; what it was asked, and what it logged. */
function running(pods: readonly string[], answer: () => number) {
  const world = createWorld()
  const { runtime } = connectTo(world.node)
  const asked: Asked[] = []
  const began = world.clock.now().epochMilliseconds
  const keepLogs = async ({ containers, limits }: KeepLogsRequest) => {
    const names = containers.map(({ attempt, container }) => `${container}/${attempt}`)
    asked.push({ atMs: world.clock.now().epochMilliseconds - began, containers: names, limits })
    return answer()
  }
  const ending = new AbortController()
  const warnings: string[] = []
  const wanted = (names: readonly string[]) => ({
    ...desiredOf(
      names.join(),
      names.map((name) => pod(name)),
    ),
    cluster: CLUSTER,
  })
  const loop = createLoop({
    runtimes: new Map([[NODE, { ...runtime, keepLogs }]]),
    clock: world.clock,
    desired: wanted(pods),
    signal: ending.signal,
    log: (level, message) => {
      if (level === 'warn') warnings.push(message)
    },
  })
  const done = loop.run()
  const want = (names: readonly string[]) => loop.setDesired(wanted(names))
  const stop = async () => {
    ending.abort()
    await world.clock.runUntil(done)
  }
  return { asked, clock: world.clock, stop, wanted: want, warnings }
}

test('a log is kept at once when its container has started, and then as often as the node needs it', async () => {
  const { asked, clock, stop, wanted } = running(['one'], () => 5_000)
  await clock.runFor(14_000)
  expect(asked.map(({ containers }) => containers)).toEqual([['app/0'], ['app/0'], ['app/0']])
  expect(asked[0]?.atMs).toBeLessThan(1_000)
  expect((asked[2]?.atMs ?? 0) - (asked[1]?.atMs ?? 0)).toBeGreaterThanOrEqual(5_000)
  expect(asked[0]?.limits).toEqual({ bytesMax: 1024 * 1024, filesMax: 3 })
  wanted(['one', 'two'])
  await clock.runFor(1_000)
  expect(asked.at(-1)?.containers).toEqual(['app/0', 'app/0'])
  await stop()
})

test('where nothing runs, nothing is asked', async () => {
  const { asked, clock, stop } = running([], () => 1_000)
  await clock.runFor(60_000)
  expect(asked).toEqual([])
  await stop()
})

test('logs that cannot be kept are told of once, and tried again', async () => {
  const { asked, clock, stop, warnings } = running(['one'], () => {
    throw new Error('no room')
  })
  await clock.runFor(35_000)
  expect(asked.length).toBeGreaterThan(2)
  expect(warnings).toEqual(['logs of containers could not be kept: no room'])
  await stop()
})
