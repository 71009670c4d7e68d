import { expect, test } from 'vitest'
import { objectKey } from '../../engine/api/names.ts'
import type { SyncMemory } from '../../engine/api/sync.ts'
import { rollbackOf } from '../../engine/planner/rollback.ts'
import { barePod, deployment, Scene } from './scene.ts'

const AT = '2026-01-01T00:00:00Z'
const HEALTHY = 'b'.repeat(40)
const web = objectKey('Deployment', 'default', 'web')

function healthyBefore(memory: SyncMemory): SyncMemory {
  return { ...memory, lastHealthy: { commit: HEALTHY, at: AT } }
}

/** Two pods of version 1 run; those of the next one never do, and the deadline has passed. */
function stuck(): Scene {
  const options = { replicas: 2, progressDeadlineSeconds: 60 }
  const scene = new Scene()
    .sync({ rollback: true })
    .called('b')
    .commit(deployment('web', '1', options))
  scene.run()
  scene
    .remember(healthyBefore)
    .called('c')
    .commit(deployment('web', 'bad', options))
    .run(5)
  scene.world.pass(61)
  scene.run(3)
  return scene
}

function rollback(scene: Scene) {
  return rollbackOf(scene.plan(), scene.snapshot())
}

test('a rollout that is out of time stops by itself: it says so and keeps the old pods', () => {
  const scene = stuck().sync({})
  expect(scene.report('Deployment', 'web').health).toMatchObject({ reason: 'ProgressDeadlineExceeded' })
  expect(scene.tags().filter((tag) => tag === '1')).toHaveLength(2)
  expect(rollback(scene)).toBeUndefined()
})

test('with rollback, the last healthy commit is gone back to, with the words of what did not come to its end', () => {
  expect(rollback(stuck())).toEqual({
    from: 'c'.repeat(40),
    to: HEALTHY,
    objects: [web],
    reason: expect.stringMatching(/^Deployment default\/web: ProgressDeadlineExceeded: .+/),
  })
})

test.each<[string, (memory: SyncMemory) => SyncMemory]>([
  ['no commit was ever healthy', ({ lastHealthy: _gone, ...memory }) => memory],
  [
    'the commit in force was healthy itself',
    (memory) => ({ ...memory, lastHealthy: { commit: 'c'.repeat(40), at: AT } }),
  ],
  [
    'the last healthy files were in no commit',
    (memory) => ({ ...memory, lastHealthy: { commit: 'uncommitted', at: AT } }),
  ],
  [
    'the commit in force is the one that was gone back to',
    (memory) => ({
      ...memory,
      rollback: { from: 'd'.repeat(40), to: 'c'.repeat(40), objects: [], reason: '', at: AT },
    }),
  ],
  ['the Deployment is suspended', (memory) => ({ ...memory, suspended: [{ object: web, since: AT }] })],
])('nothing is gone back to when %s', (_, change) => {
  expect(rollback(stuck().remember(change))).toBeUndefined()
})

test('what fails without a deadline is told, and nobody goes back for it', () => {
  const scene = new Scene().sync({ rollback: true }).commit(barePod('one', '1')).remember(healthyBefore)
  scene.run()
  const statuses = new Map([
    [
      objectKey('Pod', 'default', 'one'),
      {
        key: objectKey('Pod', 'default', 'one'),
        status: {},
        health: { kind: 'failed', reason: 'CrashLoopBackOff', message: '' },
      } as const,
    ],
  ])
  expect(rollbackOf({ statuses }, scene.snapshot())).toBeUndefined()
})
