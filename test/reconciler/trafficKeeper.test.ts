import { expect, test } from 'vitest'
import { nodeName, objectKey } from '../../engine/api/names.ts'
import { NO_TRAFFIC, type NodeTraffic } from '../../engine/api/traffic.ts'
import { FigureBook } from '../../engine/reconciler/figures.ts'
import { DEFAULT_LIMITS } from '../../engine/reconciler/limits.ts'
import { Observer } from '../../engine/reconciler/observer.ts'
import { TrafficKeeper } from '../../engine/reconciler/trafficKeeper.ts'
import { RuntimeFailure } from '../../engine/runtimes/runtime.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { createWorld, NODE } from '../simulation/loop/engine.ts'
import { listingOf, uidOf } from './support.ts'

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

const OTHER = nodeName('other')

/** Two nodes, one of which takes a second for each wish and is led from; what it was asked for, and what the observer says after each. */
function keeping(fails: (asked: number) => boolean = () => false) {
  const { clock, node } = createWorld()
  const observer = new Observer([NODE, OTHER], clock, () => undefined)
  observer.answers(NODE)
  const ending = new AbortController()
  const asked: NodeTraffic[] = []
  const ended: string[] = []
  const applyTraffic = async (traffic: NodeTraffic) => {
    asked.push(traffic)
    await clock.sleepFor(1_000)
    if (fails(asked.length)) throw new RuntimeFailure('NetworkNotReady', 'nft ended with 1')
    return []
  }
  const endConnections = async (addresses: readonly string[]) => {
    ended.push(...addresses)
  }
  const runtime = { ...connectTo(node).runtime, applyTraffic, endConnections }
  const keeper = new TrafficKeeper({
    runtimes: new Map([[NODE, runtime]]),
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
  const update = (traffic: NodeTraffic) => keeper.update(new Map([[NODE, traffic]]), observer.observed())
  return { asked, end, ended, keeper, observer, pass, update, seen: () => observer.node(NODE) }
}

test('of wishes that wait the newest is applied; a pod is served until nothing leads to it', async () => {
  const { asked, end, keeper, pass, seen, update } = keeping()
  const [first, second, third] = [trafficTo('10.0.0.1'), trafficTo('10.0.0.2'), trafficTo('10.0.0.3')]
  update(first)
  await pass(1_500)
  expect([...(seen().serving ?? [])]).toEqual(['10.0.0.1'])
  expect(keeper.settled).toBe(true)
  update(second)
  await pass(500)
  expect(keeper.settled).toBe(false)
  expect([...(seen().serving ?? [])].toSorted()).toEqual(['10.0.0.1', '10.0.0.2'])
  update(first)
  update(third)
  await pass(2_000)
  expect(asked).toEqual([first, second, third])
  expect([...(seen().serving ?? [])]).toEqual(['10.0.0.3'])
  await end()
})

test('what fails is told and tried again, later each time; once it works nothing is told of it', async () => {
  const { asked, end, pass, seen, update } = keeping((count) => count < 3)
  update(trafficTo('10.0.0.1'))
  await pass(1_500)
  expect(seen().trafficProblems).toEqual([{ reason: 'NetworkNotReady', message: 'nft ended with 1' }])
  expect(seen().serving).toBeUndefined()
  await pass(6_000)
  expect(asked).toHaveLength(3)
  expect(seen().trafficProblems).toEqual([])
  expect([...(seen().serving ?? [])]).toEqual(['10.0.0.1'])
  await end()
})

test('connections to a pod of another node end when that is gone, not when nothing leads there any more; those to others stay', async () => {
  const { end, ended, observer, pass, update } = keeping()
  const list = (...names: readonly string[]) => {
    const pods = names.map(
      (name, index) => [uidOf(name), { ...listingOf(name), ip: `10.0.0.${index + 1}` }] as const,
    )
    observer.mergeListing(OTHER, { pods: new Map(pods), unreadable: [] }, observer.stamp())
  }
  list('first', 'second', 'third')
  update(trafficTo('10.0.0.1', '10.0.0.2', '192.0.2.7'))
  await pass(1_500)
  update(trafficTo('10.0.0.1'))
  await pass(1_500)
  expect(ended).toEqual([])
  list('first')
  update(trafficTo('10.0.0.1'))
  await pass(1_500)
  expect(ended).toEqual(['10.0.0.2'])
  update(trafficTo('10.0.0.1'))
  await pass(60_000)
  expect(ended).toEqual(['10.0.0.2'])
  await end()
})
