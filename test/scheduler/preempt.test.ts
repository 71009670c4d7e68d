import { expect, test } from 'vitest'
import type { Placeable } from '../../engine/scheduler/pods.ts'
import { type BudgetRoom, preemptionFor } from '../../engine/scheduler/preempt.ts'
import type { Room } from '../../engine/scheduler/room.ts'
import { asking, node, pod, room } from './rooms.ts'

const low = (cpu: string, changes: Partial<Placeable> = {}): Placeable =>
  asking({ cpu }, { priority: 10, ...changes })
const high = (cpu: string, changes: Partial<Placeable> = {}): Placeable =>
  asking({ cpu }, { priority: 100, ...changes })

function outcome(one: Placeable, rooms: Room, budgets: readonly BudgetRoom[] = []): unknown {
  const result = preemptionFor(one, budgets, rooms)
  switch (result.kind) {
    case 'none':
      return result.message
    case 'awaits':
      return { awaits: rooms.nodes[result.node]?.name }
    case 'victims':
      return {
        node: rooms.nodes[result.node]?.name,
        victims: result.victims.map(({ uid }) => uid),
        violations: result.violations,
      }
    default:
      return result satisfies never
  }
}

test('only as many pods go as have to, the least important and youngest', () => {
  const [old, young, important] = [low('1500m'), low('1500m'), low('1', { priority: 50 })]
  const rooms = room([node('a')], { a: [old, young, important] })
  expect(outcome(high('1500m'), rooms)).toEqual({ node: 'a', victims: [young.uid], violations: 0 })
  expect(rooms.used.cpuMillis[0]).toBe(4000)
})

test('nobody goes for a pod of the same priority', () => {
  const rooms = room([node('a'), node('b', { unschedulable: true })], { a: [high('4')] })
  expect(outcome(high('1'), rooms)).toBe(
    'preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
  )
})

test('what no node could ever hold pushes nobody out', () => {
  expect(outcome(high('5'), room([node('a')], { a: [low('1')] }))).toBe(
    'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  )
})

test('a pod with preemptionPolicy Never waits for room', () => {
  const rooms = room([node('a')], { a: [low('4')] })
  expect(outcome(high('1', { mayPreempt: false }), rooms)).toBe(
    'preemption: not eligible due to preemptionPolicy=Never.',
  )
})

test('where pods are going anyway their room is awaited, and nobody else has to go', () => {
  const rooms = room([node('a'), node('b')], { a: [low('4')], b: [high('4', { deleting: true })] })
  expect(outcome(high('1'), rooms)).toEqual({ awaits: 'b' })
})

test('the node is taken whose most important victim is the least important', () => {
  const [a, b] = [low('4', { priority: 20 }), low('2')]
  const rooms = room([node('a'), node('b')], { a: [a], b: [b, low('2')] })
  expect(outcome(high('4'), rooms)).toMatchObject({ node: 'b' })
})

test('of equal importance the smaller sum counts, so fewer victims', () => {
  const lone = low('4')
  const rooms = room([node('a'), node('b')], { a: [low('2'), low('2')], b: [lone] })
  expect(outcome(high('4'), rooms)).toEqual({ node: 'b', victims: [lone.uid], violations: 0 })
})

test('of equal numbers those go whose most important one is youngest', () => {
  const [old, young] = [low('4', { createdMs: 1 }), low('4', { createdMs: 2 })]
  expect(outcome(high('4'), room([node('a'), node('b')], { a: [old], b: [young] }))).toMatchObject({
    node: 'b',
  })
})

test('fewer broken budgets count most, and what is held comes back first', () => {
  const labels = { app: 'db' }
  const budget = { namespace: 'default', selector: { matchLabels: labels }, allowed: 0 }
  const rooms = room([node('a'), node('b')], { a: [low('4', { labels })], b: [low('4', { priority: 90 })] })
  expect(outcome(high('4'), rooms, [budget])).toMatchObject({ node: 'b', violations: 0 })
  const [held, free] = [low('2', { labels }), low('2', { priority: 20 })]
  const one = room([node('a')], { a: [held, free] })
  expect(outcome(high('2'), one, [budget])).toEqual({ node: 'a', victims: [free.uid], violations: 0 })
  expect(outcome(high('4'), one, [budget])).toMatchObject({ violations: 1 })
})

test('pods go for a host port and for anti-affinity, too', () => {
  const port = { containers: [{ name: 'app', image: 'app', ports: [{ containerPort: 80, hostPort: 80 }] }] }
  const [taker, shy] = [
    pod(port, { priority: 10 }),
    pod(
      {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'x' } } },
            ],
          },
        },
      },
      { priority: 10 },
    ),
  ]
  expect(outcome(pod(port, { priority: 100 }), room([node('a')], { a: [taker] }))).toMatchObject({
    victims: [taker.uid],
  })
  expect(
    outcome(pod({}, { labels: { app: 'x' }, priority: 100 }), room([node('a')], { a: [shy] })),
  ).toMatchObject({ victims: [shy.uid] })
})
