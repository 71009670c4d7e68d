import { beforeEach, expect, test } from 'vitest'
import { nodeName } from '../../../engine/api/names.ts'
import { fleetRuntime } from '../../../engine/cli/fleet/runtime.ts'
import { VirtualClock } from '../../../engine/runtimes/simulated/clock.ts'
import { SimulatedNode } from '../../../engine/runtimes/simulated/node.ts'
import { adoptPod } from '../../../engine/runtimes/simulated/lives.ts'
import { connectTo } from '../../../engine/runtimes/simulated/runtime.ts'
import type { Runtime } from '../../../engine/runtimes/runtime.ts'
import { runningListing, uidOf } from '../../reconciler/support.ts'

let clock: VirtualClock
let nodes: readonly SimulatedNode[]
let fleet: Runtime

beforeEach(() => {
  clock = new VirtualClock()
  nodes = ['one', 'two'].map((name) => new SimulatedNode(nodeName(name), clock, () => ({})))
  for (const node of nodes) {
    const rule = { policy: 'Always', delaysSeconds: [0], resetAfterSeconds: 600 } as const
    adoptPod(node, uidOf(`on-${node.name}`), runningListing(`on-${node.name}`), () => rule)
  }
  const runtimes = nodes.map((node) => [node.name, connectTo(node).runtime] as const)
  const [[, head] = []] = runtimes
  if (head === undefined) throw new Error('no head')
  fleet = fleetRuntime(new Map(runtimes), head)
})

function off(name: string): void {
  for (const node of nodes) if (node.name === name) node.reachable = false
}

test('what is on nodes that answer is found while another one is off, which is told of', async () => {
  expect([...(await clock.runUntil(fleet.list())).pods.keys()]).toEqual([uidOf('on-one'), uidOf('on-two')])
  expect(await clock.runUntil(fleet.list())).not.toHaveProperty('silent')
  off('one')
  const { pods, silent } = await clock.runUntil(fleet.list())
  expect([...pods.keys()]).toEqual([uidOf('on-two')])
  expect(silent).toEqual(['node one does not answer: list: node one is not there'])
  expect((await clock.runUntil(fleet.inspect(uidOf('on-two'))))?.record.pod.metadata.name).toBe('on-two')
  await clock.runUntil(fleet.freezePod(uidOf('on-two')))
  expect((await clock.runUntil(fleet.inspect(uidOf('on-two'))))?.frozenSince).toBeDefined()
})

test('what none of those has that answer may be on the one that does not', async () => {
  off('one')
  await expect(clock.runUntil(fleet.freezePod(uidOf('on-one')))).rejects.toThrow('node one is not there')
  await expect(clock.runUntil(fleet.freezePod(uidOf('on-none')))).rejects.toThrow('node one is not there')
})

test('without any node that answers nothing is known', async () => {
  off('one')
  off('two')
  await expect(clock.runUntil(fleet.list())).rejects.toThrow('node one is not there')
})
