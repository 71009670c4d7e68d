import { expect, test } from 'vitest'
import { job, JobScene, indexOf } from './jobScene.ts'

const INDEXED = { completionMode: 'Indexed' } as const

test('a pod that fails is made again after 10 s, 20 s, 40 s ... until the back-off limit is passed', () => {
  const scene = new JobScene().commit(job({ backoffLimit: 3 }))
  scene.settle()
  for (const seconds of [10, 20, 40]) {
    scene.endSome(1)
    expect(scene.running).toHaveLength(0)
    scene.pass(seconds - 1)
    expect(scene.running).toHaveLength(0)
    scene.pass(1)
    expect(scene.running).toHaveLength(1)
  }
  scene.endSome(1)
  expect(scene.status()).toMatchObject({ failed: 4, succeeded: 0 })
  expect(scene.jobConditions()).toEqual([
    'FailureTarget=True BackoffLimitExceeded',
    'Failed=True BackoffLimitExceeded',
  ])
  expect(scene.health()).toEqual({
    kind: 'failed',
    reason: 'BackoffLimitExceeded',
    message: 'Job has reached the specified backoff limit; 0 of 1 done, 4 failed',
  })
})

test('the back-off is six minutes at the most, and a success begins it anew', () => {
  const scene = new JobScene().commit(job({ completions: 2, backoffLimit: 20 }))
  scene.settle()
  const waits: number[] = []
  for (let failures = 0; failures < 8; failures++) {
    scene.endSome(1)
    const at = scene.world.now
    const until = scene.plan().requeueAt
    if (until === undefined) throw new Error('nothing falls due')
    waits.push(until.since(at).total('seconds'))
    scene.pass(waits.at(-1) ?? 0)
  }
  expect(waits).toEqual([10, 20, 40, 80, 160, 320, 360, 360])
  scene.pass(1)
  scene.endSome(0)
  scene.pass(1)
  scene.endSome(1)
  scene.pass(9)
  expect(scene.running).toHaveLength(0)
  scene.pass(1)
  expect(scene.running).toHaveLength(1)
})

test('containers that the node restarts count against the back-off limit', () => {
  const wanted = job({ backoffLimit: 2 })
  const template = { spec: { ...wanted.spec.template.spec, restartPolicy: 'OnFailure' as const } }
  const scene = new JobScene().commit({ ...wanted, spec: { ...wanted.spec, template } })
  scene.settle()
  scene.endSome(1)
  scene.pass(15)
  expect(scene.jobConditions()).toEqual([])
  scene.endSome(1)
  scene.pass(30)
  expect(scene.jobConditions()).toContain('Failed=True BackoffLimitExceeded')
  expect(scene.status()).toMatchObject({ active: 0, failed: 1 })
})

test('with backoffLimit 0 the first failure is the last', () => {
  const scene = new JobScene().commit(job({ backoffLimit: 0, completions: 3, parallelism: 3 }))
  scene.settle()
  scene.endSome(1)
  expect([scene.running.length, scene.status().failed]).toEqual([0, 3])
  expect(scene.jobConditions()).toContain('Failed=True BackoffLimitExceeded')
})

test('each index has its own limit, all are tried, and the failed ones are told', () => {
  const scene = new JobScene().commit(
    job({ ...INDEXED, completions: 6, parallelism: 6, backoffLimitPerIndex: 1 }),
  )
  scene.settle()
  scene.endIndexes(1, 1, 3)
  expect(scene.indexes()).toEqual([0, 2, 4, 5])
  scene.pass(10)
  expect(scene.indexes()).toEqual([0, 1, 2, 3, 4, 5])
  const again = scene.running.find((pod) => indexOf(pod) === 1)
  expect(again?.record.pod.metadata.annotations).toMatchObject({
    'batch.kubernetes.io/job-index-failure-count': '1',
  })
  scene.endIndexes(1, 1, 3)
  scene.endIndexes(0, 0, 2, 4)
  expect(scene.status()).toMatchObject({ failedIndexes: '1,3', completedIndexes: '0,2,4', failed: 4 })
  scene.endIndexes(0, 5)
  expect(scene.status()).toMatchObject({ completedIndexes: '0,2,4,5', succeeded: 4, active: 0 })
  expect(scene.jobConditions()).toEqual(['FailureTarget=True FailedIndexes', 'Failed=True FailedIndexes'])
})

test('more failed indexes than maxFailedIndexes end the Job at once', () => {
  const scene = new JobScene().commit(
    job({ ...INDEXED, completions: 8, parallelism: 4, backoffLimitPerIndex: 0, maxFailedIndexes: 1 }),
  )
  scene.settle()
  scene.endIndexes(1, 0)
  expect(scene.jobConditions()).toEqual([])
  scene.endIndexes(1, 1)
  expect(scene.jobConditions()).toContain('Failed=True MaxFailedIndexesExceeded')
  expect(scene.running).toHaveLength(0)
})

test('what an index has failed is remembered when its pods are gone', () => {
  const scene = new JobScene().commit(
    job({ ...INDEXED, completions: 2, parallelism: 2, backoffLimitPerIndex: 1 }),
  )
  scene.settle()
  scene.endIndexes(1, 0)
  for (const node of scene.world.nodes) {
    for (const [uid, pod] of node.pods)
      if (pod.containers.get('app')?.state.kind === 'exited') node.pods.delete(uid)
  }
  scene.pass(10)
  scene.endIndexes(1, 0)
  expect(scene.status()).toMatchObject({ failedIndexes: '0', failed: 2 })
})

const exitCodes = (action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count', ...values: readonly number[]) => ({
  action,
  onExitCodes: { operator: 'In' as const, values },
})

test('a FailJob rule ends the Job with the pod, the container and the rule', () => {
  const rules = [exitCodes('Ignore', 3), exitCodes('FailJob', 42)]
  const scene = new JobScene().commit(job({ completions: 4, parallelism: 2, podFailurePolicy: { rules } }))
  scene.settle()
  const name = scene.running[0]?.record.pod.metadata.name
  scene.endSome(42)
  expect(scene.jobConditions()).toContain('Failed=True PodFailurePolicy')
  expect(scene.health()).toMatchObject({
    reason: 'PodFailurePolicy',
    message: expect.stringContaining(
      `Container app for pod default/${name} failed with exit code 42 matching FailJob rule at index 1`,
    ),
  })
})

test('an Ignore rule counts nothing; the first rule that matches decides', () => {
  const rules = [exitCodes('Ignore', 3), exitCodes('FailJob', 3, 4)]
  const scene = new JobScene().commit(job({ backoffLimit: 0, podFailurePolicy: { rules } }))
  scene.settle()
  scene.endSome(3)
  expect(scene.status()).toMatchObject({ failed: 0, active: 0 })
  scene.pass(10)
  expect(scene.running).toHaveLength(1)
  scene.endSome(0)
  expect(scene.jobConditions()).toContain('Complete=True CompletionsReached')
})

test('a FailIndex rule fails the index without another try', () => {
  const rules = [exitCodes('FailIndex', 42)]
  const scene = new JobScene().commit(
    job({ ...INDEXED, completions: 2, parallelism: 2, backoffLimitPerIndex: 5, podFailurePolicy: { rules } }),
  )
  scene.settle()
  scene.endIndexes(42, 0)
  expect(scene.status()).toMatchObject({ failedIndexes: '0', failed: 1 })
  scene.endIndexes(0, 1)
  expect(scene.jobConditions()).toContain('Failed=True FailedIndexes')
})

test('NotIn, a container by name and pod conditions are told apart', () => {
  const onOther = {
    action: 'FailJob',
    onExitCodes: { containerName: 'other', operator: 'In', values: [1] },
  } as const
  const onDisruption = { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] } as const
  const onRest = { action: 'FailJob', onExitCodes: { operator: 'NotIn', values: [1, 2] } } as const
  const rules = [onOther, onDisruption, onRest]
  const scene = new JobScene().commit(job({ podFailurePolicy: { rules }, completions: 2 }))
  scene.settle()
  scene.endSome(1)
  expect(scene.status()).toMatchObject({ failed: 1 })
  scene.pass(10)
  scene.endSome(9)
  expect(scene.health()).toMatchObject({
    message: expect.stringContaining('exit code 9 matching FailJob rule at index 2'),
  })
})
