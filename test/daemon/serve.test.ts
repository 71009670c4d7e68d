import { expect, test } from 'vitest'
import { liveProblem, readyProblem } from '../../engine/daemon/serve.ts'
import { initialSyncState, type SyncState } from '../../engine/daemon/syncState.ts'
import type { LoopState } from '../../engine/reconciler/loop.ts'
import { NODE, START } from '../reconciler/support.ts'
import { measuredWorld } from './metrics/world.ts'

const BEGUN = Temporal.Instant.from(START)
const FIGURES = { planFailures: 0, heldBack: 0, recordWriteFailures: 0, listings: new Map() }
const IDLE: LoopState = { ticks: 7, problems: [], figures: FIGURES }
const NONE: SyncState = initialSyncState({ repository: '/r', path: '' }, START)
const APPLIED: SyncState = { ...NONE, applied: { commit: 'c0ffee', at: START } }

test('a loop that has nothing to do is alive, however long', () => {
  expect(liveProblem(IDLE, APPLIED, BEGUN.add({ hours: 1000 }))).toBeUndefined()
})

test('a loop that hangs in a tick is not, after two minutes', () => {
  const hanging = { ...IDLE, figures: { ...FIGURES, tickingSince: BEGUN } }
  expect(liveProblem(hanging, APPLIED, BEGUN.add({ seconds: 120 }))).toBeUndefined()
  expect(liveProblem(hanging, APPLIED, BEGUN.add({ seconds: 121 }))).toBe(
    'the loop hangs in a tick since 2026-01-01T00:00:00Z',
  )
})

test('a loop that does not begin is not, and says what it has to say', () => {
  const unbegun = { ...IDLE, ticks: 0, problems: ['nothing is reconciled: the records are damaged'] }
  expect(liveProblem(unbegun, NONE, BEGUN.add({ hours: 1 }))).toBeUndefined()
  expect(liveProblem(unbegun, APPLIED, BEGUN.add({ seconds: 60 }))).toBeUndefined()
  expect(liveProblem(unbegun, APPLIED, BEGUN.add({ hours: 1 }))).toBe(
    'the loop does not begin: nothing is reconciled: the records are damaged',
  )
})

test('it is at work once a commit is in force and the nodes were looked at', async () => {
  const { engine } = await measuredWorld(5)
  const state = engine.loop.state()
  expect(readyProblem(state, NONE)).toBe('no commit is in force yet')
  expect(readyProblem(IDLE, APPLIED)).toBe('the nodes have not been looked at yet')
  expect(readyProblem(state, APPLIED)).toBeUndefined()
  const { snapshot } = state
  const node = snapshot?.observed.nodes.get(NODE)
  if (snapshot === undefined || node === undefined) throw new Error('no plan was made')
  const observed = { nodes: new Map([[NODE, { ...node, unlisted: true as const }]]) }
  expect(readyProblem({ ...state, snapshot: { ...snapshot, observed } }, APPLIED)).toBe(
    'not looked at yet: local',
  )
})
