import { expect, test } from 'vitest'
import type { SyncEvent } from '../../../engine/daemon/syncState.ts'
import { createPod } from '../../reconciler/support.ts'
import { type MeasuredWorld, measuredWorld } from './world.ts'

async function series({ metrics }: MeasuredWorld, name: string): Promise<readonly string[]> {
  // Needs no node, so no time passes.
  const text = await metrics.text(new Set(['engine']))
  return text.split('\n').filter((line) => line.startsWith(name))
}

const AT = '2026-01-01T00:00:00Z'

test('the lag is how long the branch has been at a commit that is not in force', async () => {
  const world = await measuredWorld(5)
  const lag = (): Promise<readonly string[]> => series(world, 'reconcile_sync_lag_seconds')
  expect(await lag()).toEqual(['reconcile_sync_lag_seconds 0'])
  world.sync({ kind: 'commitSeen', at: AT, commit: 'c0ffee' })
  expect(await lag()).toEqual(['reconcile_sync_lag_seconds 5'])
  world.sync({ kind: 'commitApplied', at: AT, commit: 'c0ffee', objects: 1, warnings: [] })
  expect(await lag()).toEqual(['reconcile_sync_lag_seconds 0'])
})

const STOPPED: readonly (readonly [status: string, event: SyncEvent])[] = [
  ['held', { kind: 'commitHeld', at: AT, commit: 'bad', reasons: ['it is empty'], objects: [], data: [] }],
  ['refused', { kind: 'commitRefused', at: AT, commit: 'bad', reason: 'invalid', message: 'no', errors: [] }],
  ['rolledBack', { kind: 'rolledBack', at: AT, from: 'bad', to: 'c0ffee', objects: [], reason: 'it hangs' }],
]

test.for(STOPPED)('a commit that is %s shows, and lags', async ([status, event]) => {
  const world = await measuredWorld(5)
  world.sync({ kind: 'commitApplied', at: AT, commit: 'c0ffee', objects: 1, warnings: [] })
  world.sync({ kind: 'commitSeen', at: AT, commit: 'bad' })
  world.sync(event)
  expect(await series(world, `reconcile_sync_status{status="${status}"}`)).toEqual([
    `reconcile_sync_status{status="${status}"} 1`,
  ])
  expect(await series(world, 'reconcile_sync_lag_seconds')).toEqual(['reconcile_sync_lag_seconds 5'])
  expect(await series(world, `reconcile_commits_total{outcome="${status}"}`)).toEqual([
    `reconcile_commits_total{outcome="${status}"} 1`,
  ])
})

test('looks at the repository that fail are counted, and those in a row shown', async () => {
  const world = await measuredWorld(1)
  world.sync({ kind: 'sourceFailed', at: AT, message: 'no route', failures: 1 })
  world.sync({ kind: 'sourceFailed', at: AT, message: 'no route', failures: 2 })
  expect(await series(world, 'reconcile_source_failures')).toEqual(['reconcile_source_failures 2'])
  world.sync({ kind: 'looked', at: AT, commit: 'c0ffee' })
  expect(await series(world, 'reconcile_source_failures')).toEqual(['reconcile_source_failures 0'])
  expect(await series(world, 'reconcile_source_errors_total')).toEqual(['reconcile_source_errors_total 2'])
  expect(await series(world, 'reconcile_source_looks_total')).toEqual(['reconcile_source_looks_total 1'])
})

test('actions that fail or are cut off are told apart from those that succeed', async () => {
  const world = await measuredWorld(0)
  const action = createPod('web')
  world.metrics.event({ kind: 'actionEnded', at: AT, action, durationMs: 40 })
  world.metrics.event({ kind: 'actionFailed', at: AT, action, durationMs: 3_000, problems: [] })
  world.metrics.event({ kind: 'actionCancelled', at: AT, action })
  expect(await series(world, 'reconcile_action_duration_seconds_sum')).toEqual([
    'reconcile_action_duration_seconds_sum{action="createPod",result="succeeded"} 0.04',
    'reconcile_action_duration_seconds_sum{action="createPod",result="failed"} 3',
  ])
  expect(await series(world, 'reconcile_actions_cancelled_total')).toEqual([
    'reconcile_actions_cancelled_total{action="createPod"} 1',
  ])
})

test('a node that does not answer is seen, and its pods are known as they were', async () => {
  const world = await measuredWorld(30)
  world.world.node.reachable = false
  await world.world.clock.runFor(120_000)
  expect(await series(world, 'reconcile_node_reachable')).toEqual([
    'reconcile_node_reachable{node="local"} 0',
  ])
  expect(await series(world, 'reconcile_problems')).not.toEqual(['reconcile_problems 0'])
  expect(await series(world, 'reconcile_plan_pods{bucket="unknown"}')).toEqual([
    'reconcile_plan_pods{bucket="unknown"} 6',
  ])
})

test('what is to be made, changed or removed is drift, and what runs as it should is not', async () => {
  const world = await measuredWorld(30)
  const drift = async (): Promise<readonly string[]> =>
    (await series(world, 'reconcile_drifted_objects')).filter((line) => !line.endsWith(' 0'))
  expect(await drift()).toEqual([])
  const { desired } = world.engine.loop.state().snapshot ?? {}
  if (desired === undefined) throw new Error('no plan was made')
  const objects = new Map([...desired.objects].filter(([key]) => !key.startsWith('StatefulSet')))
  world.engine.loop.setDesired({ ...desired, commit: 'less', objects })
  await world.world.clock.runFor(2)
  expect(await drift()).toEqual(['reconcile_drifted_objects{kind="StatefulSet"} 1'])
})
