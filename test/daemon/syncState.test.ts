import { expect, test } from 'vitest'
import { objectKey } from '../../engine/api/names.ts'
import {
  initialSyncState,
  type SyncEvent,
  type SyncState,
  syncStateAfter,
} from '../../engine/daemon/syncState.ts'

const AT = '2026-01-01T00:00:00Z'
const BEGIN = initialSyncState({ repository: '/repo', path: '' }, AT)

type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never

/** Each event a second after the one before it. */
function after(...events: readonly Untimed<SyncEvent>[]): SyncState {
  return events.reduce<SyncState>(
    (state, event, index) => syncStateAfter(state, { at: at(index), ...event }),
    BEGIN,
  )
}

function at(index: number): string {
  return `2026-01-01T00:00:0${index}Z`
}

const SEEN_B = { kind: 'commitSeen', commit: 'b', before: 'a' } as const
const APPLIED_A = { kind: 'commitApplied', commit: 'a', objects: 1, warnings: [] } as const
const REFUSED_B = {
  kind: 'commitRefused',
  commit: 'b',
  reason: 'invalid',
  message: 'no',
  errors: [],
} as const
const HELD_B = { kind: 'commitHeld', commit: 'b', reasons: ['much'], objects: [], data: [] } as const

test('a commit that is refused or held leaves the one in force, and is forgotten when another one is seen', () => {
  const refused = after(APPLIED_A, SEEN_B, REFUSED_B)
  expect(refused).toMatchObject({ applied: { commit: 'a' }, seen: { commit: 'b' }, refused: { commit: 'b' } })
  const held = after(APPLIED_A, SEEN_B, REFUSED_B, HELD_B)
  expect(held).toMatchObject({ applied: { commit: 'a' }, held: { commit: 'b', reasons: ['much'] } })
  expect(held.refused).toBeUndefined()
  const next = after(APPLIED_A, SEEN_B, HELD_B, { kind: 'commitSeen', commit: 'c', before: 'b' })
  expect([next.held, next.refused, next.applied?.commit]).toEqual([undefined, undefined, 'a'])
})

test('another commit in force was never healthy', () => {
  const healthy = { kind: 'commitHealthy', commit: 'a', durationMs: 5 } as const
  expect(after(APPLIED_A, healthy).healthyAt).toBe(at(1))
  expect(after(APPLIED_A, healthy, { ...APPLIED_A, commit: 'b' }).healthyAt).toBeUndefined()
})

test('trouble with the repository counts from its first failure, and ends with the first look that ends well', () => {
  const failed = (failures: number) => ({ kind: 'sourceFailed', message: 'away', failures }) as const
  const state = after(failed(1), failed(2), failed(3))
  expect(state.trouble).toEqual({ message: 'away', failures: 3, since: at(0) })
  const back = after(failed(1), { kind: 'looked', commit: 'a' })
  expect([back.trouble, back.lastLookAt]).toEqual([undefined, at(1)])
})

test('an engine that has gone back stays so until the branch moves', () => {
  const back = { kind: 'rolledBack', from: 'b', to: 'a', objects: [], reason: 'late' } as const
  expect(after(back).rollback).toEqual({ from: 'b', to: 'a', objects: [], reason: 'late', at: at(0) })
  expect(after(back, { kind: 'looked', commit: 'b' }).rollback).toBeDefined()
  expect(after(back, { kind: 'commitSeen', commit: 'c', before: 'b' }).rollback).toBeUndefined()
})

test('objects are suspended once, in their order, and resumed one by one', () => {
  const [a, b] = [objectKey('Pod', 'x', 'a'), objectKey('Pod', 'x', 'b')]
  const both = after(
    { kind: 'suspended', object: b },
    { kind: 'suspended', object: a },
    { kind: 'suspended', object: b },
  )
  expect(both.suspended).toEqual([a, b])
  expect(syncStateAfter(both, { kind: 'resumed', object: a, at: AT }).suspended).toEqual([b])
})

test('what only tells leaves the state as it is', () => {
  const state = after(APPLIED_A)
  const telling = [{ kind: 'reloaded' }, { kind: 'ended' }, { kind: 'commitApproved', commit: 'b' }] as const
  for (const event of telling) expect(syncStateAfter(state, { at: AT, ...event })).toBe(state)
})
