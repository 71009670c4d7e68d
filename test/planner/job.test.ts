import { expect, test } from 'vitest'
import type { PodCondition } from '../../engine/api/generated/types.ts'
import { podUid } from '../../engine/api/names.ts'
import { job, JobScene, indexOf } from './jobScene.ts'

const INDEXED = { completionMode: 'Indexed' } as const

test('a Job of one pod is complete when that pod has succeeded, and the pod stays', () => {
  const scene = new JobScene().commit(job())
  scene.settle()
  expect(scene.health()).toEqual({ kind: 'progressing', message: '0 of 1 done, 1 active' })
  scene.pass(3)
  scene.endSome(0)
  expect(scene.status()).toEqual({
    startTime: '2026-01-01T00:00:00.000Z',
    completionTime: '2026-01-01T00:00:03.000Z',
    active: 0,
    ready: 0,
    terminating: 0,
    succeeded: 1,
    failed: 0,
    uncountedTerminatedPods: {},
    conditions: [
      expect.objectContaining({ type: 'SuccessCriteriaMet', status: 'True', reason: 'CompletionsReached' }),
      expect.objectContaining({
        type: 'Complete',
        reason: 'CompletionsReached',
        message: 'Reached expected number of succeeded pods',
      }),
    ],
  })
  expect([scene.health(), scene.world.pods.length]).toEqual([{ kind: 'healthy' }, 1])
})

test('a pod of a Job carries its labels, owner, mark and name', () => {
  const scene = new JobScene().commit(job())
  scene.settle()
  const uid = [...scene.world.records.values()][0]?.object.metadata.uid
  expect(scene.world.pods[0]?.record.pod.metadata).toMatchObject({
    name: expect.stringMatching(/^job-[a-z0-9]{5}$/),
    finalizers: ['batch.kubernetes.io/job-tracking'],
    labels: {
      'batch.kubernetes.io/job-name': 'job',
      'batch.kubernetes.io/controller-uid': uid,
      'job-name': 'job',
      'controller-uid': uid,
    },
    ownerReferences: [{ kind: 'Job', name: 'job', uid, controller: true, blockOwnerDeletion: true }],
  })
  expect(scene.report('Job', 'job').object).toMatchObject({
    kind: 'Job',
    metadata: { uid },
    spec: {
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
      template: { metadata: { labels: { 'job-name': 'job' } } },
    },
  })
})

test('a selector made by hand gets no labels of ours', () => {
  const selector = { matchLabels: { app: 'mine' } }
  const wanted = job({ manualSelector: true, selector })
  const template = { ...wanted.spec.template, metadata: { labels: { app: 'mine' } } }
  const scene = new JobScene().commit({ ...wanted, spec: { ...wanted.spec, template } })
  scene.settle()
  expect(scene.world.pods[0]?.record.pod.metadata.labels).toEqual({ app: 'mine' })
  expect(scene.report('Job', 'job').object).toMatchObject({ spec: { selector } })
})

test('an Indexed pod knows its index: name, host name, label, annotation, variable', () => {
  const scene = new JobScene().commit(job({ ...INDEXED, completions: 3, parallelism: 3 }))
  scene.settle()
  const pod = scene.world.pods.find((one) => indexOf(one) === 2)?.record.pod
  expect(pod?.metadata).toMatchObject({
    name: expect.stringMatching(/^job-2-[a-z0-9]{5}$/),
    labels: { 'batch.kubernetes.io/job-completion-index': '2' },
    annotations: { 'batch.kubernetes.io/job-completion-index': '2' },
  })
  expect(pod?.spec.hostname).toBe('job-2')
  expect(pod?.spec.containers[0]?.env).toEqual([
    {
      name: 'JOB_COMPLETION_INDEX',
      valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } },
    },
  ])
})

test('completions are done so many at a time', () => {
  const scene = new JobScene().commit(job({ completions: 5, parallelism: 2 }))
  scene.settle()
  const seen: number[] = []
  while (scene.running.length > 0) {
    seen.push(scene.running.length)
    scene.pass(1)
    scene.endSome(0)
  }
  expect([seen, scene.status().succeeded]).toEqual([[2, 2, 2, 2, 1], 5])
  expect(scene.jobConditions()).toContain('Complete=True CompletionsReached')
})

test('without completions the first success ends it: what runs is left to end', () => {
  const scene = new JobScene().commit(job({ parallelism: 3 }))
  scene.settle()
  expect(scene.running).toHaveLength(3)
  scene.endSome(0)
  expect([scene.running.length, scene.jobConditions()]).toEqual([2, []])
  scene.endSome(1)
  scene.endSome(0)
  expect(scene.status()).toMatchObject({ succeeded: 2, failed: 1 })
  expect(scene.jobConditions()).toContain('Complete=True CompletionsReached')
})

test.each([
  ['all of the indexes named', { succeededIndexes: '0,2-3' }, [[0], [2], [3]]],
  ['so many of any', { succeededCount: 2 }, [[4], [1]]],
  ['so many of those named', { succeededIndexes: '1-3', succeededCount: 2 }, [[0], [1], [3]]],
] as const)('a successPolicy holds with %s', (_name, rule, steps) => {
  const successPolicy = { rules: [rule] }
  const scene = new JobScene().commit(job({ ...INDEXED, completions: 5, parallelism: 5, successPolicy }))
  scene.settle()
  for (const step of steps) {
    expect(scene.jobConditions()).toEqual([])
    scene.endIndexes(0, ...step)
  }
  expect(scene.running).toHaveLength(0)
  expect(scene.jobConditions()).toEqual([
    'SuccessCriteriaMet=True SuccessPolicy',
    'Complete=True SuccessPolicy',
  ])
  expect(scene.status().conditions?.[0]?.message).toBe('Matched rules at index 0')
})

test('a Job that has taken too long fails, and its pods go', () => {
  const scene = new JobScene().commit(job({ activeDeadlineSeconds: 30, completions: 2, parallelism: 2 }))
  scene.settle()
  scene.pass(29)
  expect(scene.running).toHaveLength(2)
  expect(scene.plan().requeueAt?.toString()).toBe('2026-01-01T00:00:30Z')
  scene.pass(1)
  expect(scene.jobConditions()).toEqual([
    'FailureTarget=True DeadlineExceeded',
    'Failed=True DeadlineExceeded',
  ])
  expect(scene.status()).toMatchObject({ active: 0, failed: 2 })
})

test('a Job has no last word while a node was never read, and the pods that are found on it go', () => {
  const scene = new JobScene(1).commit(job({ activeDeadlineSeconds: 30, completions: 2, parallelism: 2 }))
  scene.settle()
  scene.unread('node-0')
  scene.pass(30)
  expect(scene.jobConditions()).toEqual(['FailureTarget=True DeadlineExceeded'])
  expect(scene.running).toHaveLength(2)
  scene.read('node-0')
  scene.settle()
  expect(scene.running).toEqual([])
  expect(scene.jobConditions()).toEqual([
    'FailureTarget=True DeadlineExceeded',
    'Failed=True DeadlineExceeded',
  ])
  expect(scene.status()).toMatchObject({ active: 0, failed: 2 })
})

test('a pod that turns up when its Job has ended goes', () => {
  const scene = new JobScene(1).commit(job())
  scene.settle()
  const [first] = scene.running
  if (first === undefined) throw new Error('nothing runs')
  const containers = new Map(first.containers)
  scene.endSome(0)
  expect(scene.jobConditions()).toContain('Complete=True CompletionsReached')
  const { pod } = first.record
  const uid = podUid('late')
  const record = { ...first.record, pod: { ...pod, metadata: { ...pod.metadata, uid, name: 'job-late' } } }
  scene.world.nodes[0]?.pods.set(uid, { ...first, containers, record })
  const reason = 'its Job has ended: Reached expected number of succeeded pods'
  expect(scene.plan().actions).toEqual([expect.objectContaining({ kind: 'deletePod', uid, reason })])
})

test('a deletion under way counts nothing before it is on record', () => {
  const scene = new JobScene().commit(job({ activeDeadlineSeconds: 30 }))
  scene.settle()
  scene.world.pass(30)
  const { actions } = scene.plan()
  for (const action of actions) {
    if (action.kind === 'deletePod') scene.world.busy.set(action.uid, action)
    else scene.world.apply(action, 'whole')
  }
  expect(scene.status()).toMatchObject({ active: 0, terminating: 1, failed: 0, uncountedTerminatedPods: {} })
  scene.world.busy.clear()
  scene.settle()
  expect(scene.status()).toMatchObject({ active: 0, terminating: 0, failed: 1, uncountedTerminatedPods: {} })
})

test('a suspended Job has no pods, and counts none of those that go; resumed, its time begins anew', () => {
  const wanted = (suspend: boolean) =>
    job({ suspend, completions: 3, parallelism: 2, activeDeadlineSeconds: 60 })
  const scene = new JobScene().commit(wanted(false))
  scene.settle()
  scene.endSome(0)
  scene.commit(wanted(true)).settle()
  expect(scene.world.pods).toHaveLength(1)
  expect(scene.status()).toMatchObject({ active: 0, failed: 0, succeeded: 1 })
  expect([scene.jobConditions(), scene.health()]).toEqual([
    ['Suspended=True JobSuspended'],
    { kind: 'healthy' },
  ])
  scene.pass(1000)
  scene.commit(wanted(false)).settle()
  expect(scene.jobConditions()).toEqual(['Suspended=False JobResumed'])
  expect(scene.status().startTime).toBe('2026-01-01T00:16:40.000Z')
  scene.endSome(0, 2)
  expect(scene.status()).toMatchObject({ succeeded: 3, failed: 0 })
  expect(scene.jobConditions()).toContain('Complete=True CompletionsReached')
})

test('a Job that begins suspended has no time of its start', () => {
  const scene = new JobScene().commit(job({ suspend: true }))
  scene.settle()
  expect([scene.status().startTime, scene.world.pods.length]).toEqual([undefined, 0])
})

test('less parallelism takes pods away, and those are no failures', () => {
  const scene = new JobScene().commit(job({ completions: 9, parallelism: 4 }))
  scene.settle()
  scene.commit(job({ completions: 9, parallelism: 1 })).settle()
  expect([scene.running.length, scene.status().failed]).toEqual([1, 0])
})

test('a pod that is taken away for others is ignored, when the policy says so, once it has ended', () => {
  const rules = [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] as const
  const scene = new JobScene().commit(job({ backoffLimit: 0, podFailurePolicy: { rules } }))
  scene.settle()
  takenAway(scene, [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }])
  expect(scene.plan().actions.map(({ kind }) => kind)).not.toContain('createPod')
  scene.settle()
  // It is gone with all that it was, so nothing delays the next one.
  expect(scene.status()).toMatchObject({ failed: 0, active: 1 })
  scene.endSome(0)
  expect(scene.status()).toMatchObject({ succeeded: 1, failed: 0 })
})

/** Somebody else than the Job deletes its first pod. */
function takenAway(scene: JobScene, conditions: readonly PodCondition[] = []): void {
  const [pod] = scene.running
  if (pod === undefined) throw new Error('no pod')
  const { metadata } = pod.record.pod
  const deletionTimestamp = scene.world.now.toString()
  pod.record = {
    ...pod.record,
    generation: pod.record.generation + 1,
    conditions: [...pod.record.conditions, ...conditions],
    pod: { ...pod.record.pod, metadata: { ...metadata, deletionTimestamp, deletionGracePeriodSeconds: 30 } },
  }
}

test('with podReplacementPolicy Failed another pod comes only when the one before has ended', () => {
  const scene = new JobScene().commit(job({ podReplacementPolicy: 'Failed', completions: 1 }))
  scene.settle()
  takenAway(scene)
  const { actions } = scene.plan()
  expect(actions.map(({ kind }) => kind)).not.toContain('createPod')
  expect(scene.status()).toMatchObject({ terminating: 1, failed: 0 })
  scene.settle()
  expect(scene.status()).toMatchObject({ terminating: 0, failed: 1 })
  scene.pass(10)
  expect(scene.running).toHaveLength(1)
})

test('after its ttl the pods of a Job of the commit go, and it is not run again', () => {
  const scene = new JobScene().commit(job({ ttlSecondsAfterFinished: 100 }))
  scene.settle()
  scene.endSome(0)
  expect(scene.plan().requeueAt?.toString()).toBe('2026-01-01T00:01:40Z')
  scene.pass(99)
  expect(scene.world.pods).toHaveLength(1)
  scene.pass(1)
  expect([scene.world.pods.length, scene.jobs(), scene.health()]).toEqual([0, ['job'], { kind: 'healthy' }])
  scene.pass(1000)
  expect(scene.world.pods).toHaveLength(0)
})

test('a Job that leaves the commit goes with its pods and its record, and runs anew when it comes back', () => {
  const scene = new JobScene().commit(job())
  scene.settle()
  scene.endSome(0)
  scene.commit().settle()
  expect([scene.world.pods.length, scene.jobs()]).toEqual([0, []])
  scene.world.pass(1)
  scene.commit(job()).settle()
  expect(scene.running).toHaveLength(1)
})

test("a change of the template is refused in Kubernetes' words, and allowed by an annotation", () => {
  const scene = new JobScene().commit(job({ completions: 2 }))
  scene.settle()
  const other = job({ completions: 2, template: { spec: { ...job().spec.template.spec, hostname: 'x' } } })
  scene.commit(other).settle()
  expect(scene.health()).toMatchObject({
    kind: 'failed',
    reason: 'Invalid',
    message: expect.stringMatching(
      /^Job "job" is invalid: spec\.template: Invalid value: .*: field is immutable/,
    ),
  })
  scene.endSome(0)
  expect(scene.running[0]?.record.pod.spec.hostname).toBeUndefined()
  const metadata = { ...other.metadata, annotations: { 'reconcile.dev/replace': 'true' } }
  scene.world.pass(1)
  scene.commit({ ...other, metadata }).settle()
  expect(scene.running.map(({ record }) => record.pod.spec.hostname)).toEqual(['x'])
  expect(scene.status()).toMatchObject({ succeeded: 0 })
})

test('a Job with parallelism 0 cannot end, and one whose image is not there neither', () => {
  const scene = new JobScene().commit(job({ parallelism: 0 }))
  scene.settle()
  expect(scene.health()).toMatchObject({ kind: 'failed', reason: 'ParallelismIsZero' })
  const bad = job({}, 'bad')
  const containers = [{ name: 'app', image: 'registry.example/app:bad' }]
  const template = { spec: { restartPolicy: 'Never' as const, containers } }
  const other = new JobScene().commit({ ...bad, spec: { template } })
  other.run(5)
  expect(other.health('bad')).toMatchObject({ kind: 'failed', reason: 'ErrImagePull' })
})

test('a Job that another controller manages is left alone', () => {
  const scene = new JobScene().commit(job({ managedBy: 'example.com/other' }))
  expect([scene.settle().actions, scene.world.records.size, scene.health()]).toEqual([
    [],
    0,
    { kind: 'healthy' },
  ])
})

test('a Job whose node is silent makes no second pod of an index', () => {
  const scene = new JobScene(2).commit(job({ ...INDEXED, completions: 2, parallelism: 2 }))
  scene.settle()
  scene.world.setReachable(0, false)
  scene.pass(1000)
  expect(scene.world.pods).toHaveLength(2)
  expect(scene.health()).toMatchObject({ kind: 'progressing' })
})
