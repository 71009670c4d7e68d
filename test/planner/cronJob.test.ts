import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CronJob, CronJobStatus } from '../../engine/api/generated/types.ts'
import { objectKey } from '../../engine/api/names.ts'
import { cronJob, job, JobScene } from './jobScene.ts'

/** 2026-01-01T00:00Z in minutes since 1970: where the model's clock begins. */
const START = 29_453_760

function named(...minutes: readonly number[]): readonly string[] {
  return minutes.map((minute) => `cron-${START + minute}`)
}

function begin(wanted: CronJob): JobScene {
  const scene = new JobScene().commit(wanted)
  scene.settle()
  return scene
}

function status(scene: JobScene): CronJobStatus {
  return scene.report('CronJob', 'cron').status as CronJobStatus
}

function reasons(scene: JobScene): string {
  return scene
    .plan()
    .actions.map(({ reason }) => reason)
    .join()
}

function activeNames(scene: JobScene): readonly (string | undefined)[] {
  return (status(scene).active ?? []).map(({ name }) => name)
}

test('a Job is made when it falls due, named by its minute, owned, and with its time on it', () => {
  const scene = begin(cronJob('*/5 * * * *', { timeZone: 'Asia/Kolkata' }))
  expect([scene.jobs(), scene.plan().requeueAt?.toString()]).toEqual([[], '2026-01-01T00:05:00Z'])
  scene.pass(299)
  expect(scene.jobs()).toEqual([])
  scene.pass(1)
  expect(scene.jobs()).toEqual(named(5))
  const key = objectKey('Job', 'default', named(5)[0] ?? '')
  const metadata = scene.world.records.get(key)?.object.metadata
  const uid = scene.world.records.get(objectKey('CronJob', 'default', 'cron'))?.object.metadata.uid
  expect(metadata).toMatchObject({
    annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T05:35:00+05:30' },
    ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'cron', uid, controller: true }],
  })
  expect(status(scene)).toEqual({
    active: [
      { apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name: named(5)[0], uid: metadata?.uid },
    ],
    lastScheduleTime: '2026-01-01T00:05:00Z',
  })
  expect(scene.running).toHaveLength(1)
  scene.pass(7)
  scene.endSome(0)
  expect(status(scene)).toEqual({
    lastScheduleTime: '2026-01-01T00:05:00Z',
    lastSuccessfulTime: '2026-01-01T00:05:07.000Z',
  })
})

test('Allow lets Jobs run side by side', () => {
  const scene = begin(cronJob('* * * * *'))
  scene.pass(60)
  scene.pass(60)
  expect([activeNames(scene), scene.running.length]).toEqual([named(1, 2), 2])
})

test('Forbid lets the one that runs end first, then starts the one that fell due last', () => {
  const scene = begin(cronJob('* * * * *', { concurrencyPolicy: 'Forbid' }))
  scene.pass(60)
  scene.pass(60)
  scene.pass(90)
  expect([scene.jobs(), status(scene).lastScheduleTime]).toEqual([named(1), '2026-01-01T00:01:00Z'])
  scene.endSome(0)
  expect(activeNames(scene)).toEqual(named(3))
})

test('Replace takes away the one that runs', () => {
  const scene = begin(cronJob('* * * * *', { concurrencyPolicy: 'Replace' }))
  scene.pass(60)
  scene.pass(60)
  expect([scene.jobs(), scene.running.length, scene.world.pods.length]).toEqual([named(2), 1, 1])
})

test('of what fell due while the engine was down only the last is started', () => {
  const scene = begin(cronJob('*/10 * * * *'))
  scene.pass(3700)
  expect([scene.jobs(), status(scene).lastScheduleTime]).toEqual([named(60), '2026-01-01T01:00:00Z'])
})

test('after more than a hundred missed runs the last is started with a warning', () => {
  const scene = begin(cronJob('* * * * *'))
  scene.world.pass(101 * 60)
  expect(reasons(scene)).toContain(
    'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
  )
  scene.settle()
  expect(scene.jobs()).toEqual(named(101))
  scene.endSome(0)
  scene.world.pass(100 * 60)
  expect(reasons(scene)).not.toContain('too many')
})

test('what is later than startingDeadlineSeconds is not started any more', () => {
  const scene = begin(cronJob('0 * * * *', { startingDeadlineSeconds: 60 }))
  scene.pass(3600 + 61)
  expect(scene.jobs()).toEqual([])
  scene.pass(3600 - 61 + 60)
  expect(scene.jobs()).toEqual(named(120))
})

test('a suspended CronJob starts nothing, and makes up for the last one when it goes on', () => {
  const scene = begin(cronJob('*/10 * * * *', { suspend: true }))
  expect(scene.plan().requeueAt).toBeUndefined()
  scene.pass(3599)
  expect(scene.jobs()).toEqual([])
  scene.commit(cronJob('*/10 * * * *')).settle()
  expect(scene.jobs()).toEqual(named(50))
})

test('the last three that succeeded and the last one that failed are kept, with their pods', () => {
  const failing = { ...job().spec, backoffLimit: 0 }
  const scene = begin(cronJob('* * * * *', { jobTemplate: { spec: failing } }))
  for (const exitCode of [0, 1, 0, 0, 1, 0, 0, 1]) {
    scene.pass(60)
    scene.endSome(exitCode)
  }
  expect(scene.jobs()).toEqual(named(4, 6, 7, 8))
  expect(scene.world.pods).toHaveLength(4)
})

test('history limits may be nought', () => {
  const scene = begin(cronJob('* * * * *', { successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 0 }))
  scene.pass(60)
  scene.endSome(0)
  expect([scene.jobs(), scene.world.pods.length, status(scene)]).toEqual([
    [],
    0,
    { lastScheduleTime: '2026-01-01T00:01:00Z', lastSuccessfulTime: '2026-01-01T00:01:00.000Z' },
  ])
  scene.pass(30)
  expect(scene.jobs()).toEqual([])
})

test('a Job whose ttl is over goes with its record, and its time is not started again', () => {
  const spec = { ...job().spec, ttlSecondsAfterFinished: 5 }
  const scene = begin(cronJob('*/2 * * * *', { jobTemplate: { spec } }))
  scene.pass(120)
  scene.endSome(0)
  scene.pass(5)
  expect([scene.jobs(), scene.world.pods.length]).toEqual([[], 0])
  scene.pass(60)
  expect(scene.jobs()).toEqual([])
})

test('when a CronJob leaves the commit its Jobs and their pods go with it', () => {
  const scene = begin(cronJob('* * * * *'))
  scene.pass(60)
  scene.commit().settle()
  expect([scene.world.records.size, scene.world.pods.length]).toEqual([0, 0])
})

test('@every counts from the last run', () => {
  const scene = begin(cronJob('@every 7m'))
  expect(scene.plan().requeueAt?.toString()).toBe('2026-01-01T00:07:00Z')
  scene.pass(420)
  expect(scene.jobs()).toEqual(named(7))
  scene.pass(840 + 30)
  expect(scene.jobs()).toEqual(named(21, 7).toSorted())
  expect(scene.plan().requeueAt?.toString()).toBe('2026-01-01T00:28:00Z')
})

test('a clock that is set back starts nothing twice', () => {
  const scene = begin(cronJob('* * * * *', { successfulJobsHistoryLimit: 0 }))
  scene.pass(120)
  scene.endSome(0)
  scene.pass(-90)
  scene.pass(60)
  expect(scene.jobs()).toEqual([])
  scene.pass(90)
  expect(scene.jobs()).toEqual(named(3))
})

test('a CronJob whose own record is lost knows from its Jobs what it has started', () => {
  const scene = begin(cronJob('*/5 * * * *'))
  scene.pass(300)
  const uid = scene.world.records.get(objectKey('CronJob', 'default', 'cron'))?.object.metadata.uid
  scene.world.records.delete(objectKey('CronJob', 'default', 'cron'))
  scene.pass(10)
  expect(scene.jobs()).toEqual(named(5))
  expect(scene.world.records.get(objectKey('CronJob', 'default', 'cron'))?.object.metadata.uid).toBe(uid)
})

test('a Job of the commit that has the name of a run keeps it', () => {
  const scene = new JobScene().commit(cronJob('*/5 * * * *'), job({ suspend: true }, named(5)[0]))
  scene.settle()
  scene.pass(300)
  expect(scene.report('Job', named(5)[0] ?? '').health).toEqual({ kind: 'healthy' })
  expect(activeNames(scene)).toEqual([])
})

test('each scheduled time is started once and none is left out, wherever the engine is killed', () => {
  const limits = { successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 0 }
  fc.assert(
    fc.property(
      fc.array(fc.record({ actions: fc.integer({ min: 0, max: 3 }), last: fc.boolean() }), { maxLength: 60 }),
      (kills) => {
        const scene = begin(cronJob('* * * * *', limits))
        const made: string[] = []
        let minute = 0
        for (const { actions, last } of kills) {
          const plan = scene.plan().actions.slice(0, actions)
          for (const action of plan) {
            if (
              action.kind === 'writeRecord' &&
              action.record.key.startsWith('Job/') &&
              action.record.generation === 1
            )
              made.push(action.record.key)
            scene.world.apply(action, 'whole')
          }
          for (const pod of scene.running) scene.world.end(pod, 0)
          // A minute goes by only when its Job is on record, so that every time is one that must be started.
          if (last && made.includes(`Job/default/cron-${START + minute}`) !== (minute === 0)) {
            scene.world.pass(60)
            minute += 1
          }
        }
        expect(new Set(made).size).toBe(made.length)
        expect(made.length).toBeGreaterThanOrEqual(minute - 1)
      },
    ),
    { numRuns: 60 },
  )
})
