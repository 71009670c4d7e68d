import { expect, test } from 'vitest'
import { nodeName, podUid } from '../../engine/api/names.ts'
import type { ProbeDue } from '../../engine/kubelet/probes.ts'
import { type PlannedProbe, ProbeQueue } from '../../engine/reconciler/probeQueue.ts'

const START = Temporal.Instant.from('2026-01-01T00:00:00Z')
const at = (ms: number): Temporal.Instant => START.add({ milliseconds: ms })

function planned(name: string, ms: number): PlannedProbe {
  const due: ProbeDue = {
    key: `${name}/readiness`,
    kind: 'readiness',
    container: name,
    attempt: 0,
    probe: {},
    dueAt: at(ms),
    target: { kind: 'tcp', host: '10.0.0.1', port: 80 },
    timeoutMs: 1_000,
  }
  return { node: nodeName('here'), uid: podUid(name), due, at: at(ms) }
}

function names(probes: readonly PlannedProbe[]): readonly string[] {
  return probes.map(({ uid }) => uid)
}

test('what is due is taken in the order of time, once, and the rest stays', () => {
  const queue = new ProbeQueue()
  for (const [name, ms] of [
    ['c', 30],
    ['a', 10],
    ['d', 40],
    ['b', 20],
  ] as const)
    queue.add(planned(name, ms))
  expect(names(queue.take(at(9)))).toEqual([])
  expect(names(queue.take(at(30)))).toEqual(['a', 'b', 'c'])
  expect(names(queue.take(at(30)))).toEqual([])
  expect(queue.nextAt).toEqual(at(40))
})

test('whoever adds a probe hears whether it is the first of all', () => {
  const queue = new ProbeQueue()
  expect(queue.add(planned('a', 20))).toBe(true)
  expect(queue.add(planned('b', 30))).toBe(false)
  expect(queue.add(planned('c', 10))).toBe(true)
})

test('of probes that fall due together, the one that is meant is removed', () => {
  const queue = new ProbeQueue()
  const all = ['a', 'b', 'c'].map((name) => planned(name, 10))
  for (const one of all) queue.add(one)
  const [, second] = all
  if (second !== undefined) queue.remove(second)
  expect(names(queue.take(at(10))).toSorted()).toEqual(['a', 'c'])
})

test('one that was taken already is not missed when it is removed', () => {
  const queue = new ProbeQueue()
  const one = planned('a', 10)
  queue.add(one)
  queue.take(at(10))
  queue.add(planned('b', 10))
  queue.remove(one)
  expect(names(queue.empty())).toEqual(['b'])
  expect(queue.nextAt).toBeUndefined()
})
