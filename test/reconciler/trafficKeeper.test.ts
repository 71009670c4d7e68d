import { expect, test } from 'vitest'
import { objectKey } from '../../engine/api/names.ts'
import { NO_TRAFFIC, type NodeTraffic } from '../../engine/api/traffic.ts'
import { FigureBook } from '../../engine/reconciler/figures.ts'
import { DEFAULT_LIMITS } from '../../engine/reconciler/limits.ts'
import { Observer } from '../../engine/reconciler/observer.ts'
import { TrafficKeeper } from '../../engine/reconciler/trafficKeeper.ts'
import { RuntimeFailure } from '../../engine/runtimes/runtime.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { createWorld, NODE } from '../simulation/loop/engine.ts'

function trafficTo(...addresses: readonly string[]): NodeTraffic {
  const frontend = {
    service: objectKey('Service', 'default', 'web'),
    family: 'ip',
    address: '10.96.0.20',
    protocol: 'tcp',
    port: 80,
    endpoints: addresses.map((address) => ({ address, port: 8080, local: true })),
    whenEmpty: 'refuse',
    masquerade: false,
  } as const
  return { ...NO_TRAFFIC, frontends: [frontend], serviceRanges: ['10.96.0.0/16'] }
}

/** A keeper on a node that takes a second for each wish; what it was asked for, and what the observer says after each. */
function keeping(fails: (asked: number) => boolean = () => false) {
  const { clock, node } = createWorld()
  const observer = new Observer([NODE], clock, () => undefined)
  observer.answers(NODE)
  const ending = new AbortController()
  const asked: NodeTraffic[] = []
  const applyTraffic = async (traffic: NodeTraffic) => {
    asked.push(traffic)
    await clock.sleepFor(1_000)
    if (fails(asked.length)) throw new RuntimeFailure('NetworkNotReady', 'nft ended with 1')
    return []
  }
  const keeper = new TrafficKeeper({
    runtimes: new Map([[NODE, { ...connectTo(node).runtime, applyTraffic }]]),
    clock,
    observer,
    signal: ending.signal,
    log: () => undefined,
    limits: DEFAULT_LIMITS,
    figures: new FigureBook(clock),
    resyncEveryMs: () => 30_000,
    wake: () => undefined,
  })
  const done = keeper.run()
  const pass = async (milliseconds: number) => await clock.runUntil(clock.sleepFor(milliseconds))
  const end = async () => {
    ending.abort()
    await clock.runUntil(done)
  }
  return { asked, end, keeper, pass, seen: () => observer.node(NODE) }
}

test('of wishes that wait the newest is applied; a pod is served until nothing leads to it', async () => {
  const { asked, end, keeper, pass, seen } = keeping()
  const [first, second, third] = [trafficTo('10.0.0.1'), trafficTo('10.0.0.2'), trafficTo('10.0.0.3')]
  keeper.update(new Map([[NODE, first]]))
  await pass(1_500)
  expect([...(seen().serving ?? [])]).toEqual(['10.0.0.1'])
  expect(keeper.settled).toBe(true)
  keeper.update(new Map([[NODE, second]]))
  await pass(500)
  expect(keeper.settled).toBe(false)
  expect([...(seen().serving ?? [])].toSorted()).toEqual(['10.0.0.1', '10.0.0.2'])
  keeper.update(new Map([[NODE, first]]))
  keeper.update(new Map([[NODE, third]]))
  await pass(2_000)
  expect(asked).toEqual([first, second, third])
  expect([...(seen().serving ?? [])]).toEqual(['10.0.0.3'])
  await end()
})

test('what fails is told and tried again, later each time; once it works nothing is told of it', async () => {
  const { asked, end, keeper, pass, seen } = keeping((count) => count < 3)
  keeper.update(new Map([[NODE, trafficTo('10.0.0.1')]]))
  await pass(1_500)
  expect(seen().trafficProblems).toEqual([{ reason: 'NetworkNotReady', message: 'nft ended with 1' }])
  expect(seen().serving).toBeUndefined()
  await pass(6_000)
  expect(asked).toHaveLength(3)
  expect(seen().trafficProblems).toEqual([])
  expect([...(seen().serving ?? [])]).toEqual(['10.0.0.1'])
  await end()
})
