import { expect, test } from 'vitest'
import { JobScene } from './jobScene.ts'
import { Scene } from './scene.ts'
import { byNode, daemonSet, node, pods, story } from './sets.ts'

const HEALTHY = { kind: 'healthy' }

test('there is one pod on each node, bound to it as Kubernetes does, and the set is healthy', () => {
  const scene = new Scene(3).commit(daemonSet('agent', 'a'))
  scene.run()
  expect(byNode(scene)).toBe('node-0=a node-1=a node-2=a')
  const { health, status } = scene.report('DaemonSet', 'agent')
  expect(health).toEqual(HEALTHY)
  expect(status).toEqual({
    currentNumberScheduled: 3,
    desiredNumberScheduled: 3,
    numberAvailable: 3,
    numberMisscheduled: 0,
    numberReady: 3,
    numberUnavailable: 0,
    observedGeneration: 1,
    updatedNumberScheduled: 3,
  })
  const spec = scene.world.nodes[1]?.pods.values().next().value?.record.pod.spec
  expect(spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toEqual({
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-1'] }] }],
  })
  expect(spec?.tolerations).toContainEqual({
    key: 'node.kubernetes.io/unschedulable',
    operator: 'Exists',
    effect: 'NoSchedule',
  })
})

test('labels decide where pods run; a node that loses the label loses its pod', () => {
  const scene = new Scene(3).nodes(
    node('node-0', { disk: 'ssd' }),
    node('node-1', { disk: 'ssd' }),
    node('node-2'),
  )
  scene.commit(daemonSet('agent', 'a', {}, { nodeSelector: { disk: 'ssd' } }))
  scene.run()
  expect(byNode(scene)).toBe('node-0=a node-1=a')
  scene.nodes(node('node-0'), node('node-1', { disk: 'ssd' }), node('node-2', { disk: 'ssd' }))
  scene.run()
  expect(byNode(scene)).toBe('node-1=a node-2=a')
  expect(scene.report('DaemonSet', 'agent').health).toEqual(HEALTHY)
})

test('a node that takes no new pods has one all the same; a tainted one only where that is tolerated', () => {
  const taints = [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' as const }]
  const scene = new Scene(2).nodes(
    node('node-0', {}, { unschedulable: true }),
    node('node-1', {}, { taints }),
  )
  scene.commit(daemonSet('agent', 'a'))
  scene.run()
  expect(byNode(scene)).toBe('node-0=a')
  scene.commit(daemonSet('agent', 'a', {}, { tolerations: [{ operator: 'Exists' }] }))
  scene.run()
  expect(byNode(scene)).toBe('node-0=a node-1=a')
})

test('a node that joins gets its pod', () => {
  const scene = new Scene(2).nodes(node('node-0')).commit(daemonSet('agent', 'a'))
  scene.run()
  expect(byNode(scene)).toBe('node-0=a')
  scene.nodes(node('node-0'), node('node-1'))
  scene.run()
  expect(byNode(scene)).toBe('node-0=a node-1=a')
})

test('a rolling update takes one node after the other', () => {
  const scene = new Scene(3).commit(daemonSet('agent', 'a'))
  scene.run()
  scene.commit(daemonSet('agent', 'b'))
  const moves = story(scene)
  expect(moves).toHaveLength(6)
  expect(moves.every((line) => line.split(' ').length === 1)).toBe(true)
  expect(byNode(scene)).toBe('node-0=b node-1=b node-2=b')
  expect(scene.report('DaemonSet', 'agent').health).toEqual(HEALTHY)
})

test('with maxSurge the new pod stands beside the old one before that goes', () => {
  const updateStrategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  const scene = new Scene(2).commit(daemonSet('agent', 'a', { updateStrategy }))
  scene.run()
  scene.commit(daemonSet('agent', 'b', { updateStrategy }))
  let fewest = 2
  for (let count = 0; count < 40; count++) {
    for (const action of scene.plan().actions) scene.world.apply(action, 'whole')
    const { numberAvailable = 0 } = Object(scene.report('DaemonSet', 'agent').status)
    fewest = Math.min(fewest, numberAvailable)
    scene.world.pass(1)
  }
  expect(fewest).toBe(2)
  expect(byNode(scene)).toBe('node-0=b node-1=b')
})

test('OnDelete replaces nothing, and says that it is not up to date', () => {
  const updateStrategy = { type: 'OnDelete' } as const
  const scene = new Scene(2).commit(daemonSet('agent', 'a', { updateStrategy }))
  scene.run()
  scene.commit(daemonSet('agent', 'b', { updateStrategy }))
  expect(story(scene)).toEqual([])
  expect(byNode(scene)).toBe('node-0=a node-1=a')
  const { health, status } = scene.report('DaemonSet', 'agent')
  expect(health).toEqual(HEALTHY)
  expect(status).toMatchObject({ updatedNumberScheduled: 0, numberAvailable: 2 })
})

test('a rollback restarts no pod that has the template already', () => {
  const scene = new Scene(3).commit(daemonSet('agent', 'a'))
  scene.run()
  const before = new Set(scene.world.pods.map(({ record }) => record.pod.metadata.uid))
  scene.commit(daemonSet('agent', 'bad'))
  story(scene, 20)
  expect(scene.report('DaemonSet', 'agent').health).toMatchObject({ kind: 'failed' })
  scene.commit(daemonSet('agent', 'a'))
  scene.run()
  expect(byNode(scene)).toBe('node-0=a node-1=a node-2=a')
  const kept = scene.world.pods.filter(({ record }) => before.has(record.pod.metadata.uid))
  expect(kept).toHaveLength(2)
})

test('a silent node keeps its pod, and holds a rollout of one at a time', () => {
  const scene = new Scene(3).commit(daemonSet('agent', 'a'))
  scene.run()
  scene.world.setReachable(0, false)
  scene.commit(daemonSet('agent', 'b'))
  expect(story(scene)).toEqual([])
  scene.commit(daemonSet('agent', 'b', { updateStrategy: { rollingUpdate: { maxUnavailable: 2 } } }))
  story(scene)
  expect(byNode(scene)).toBe('node-0=a node-1=b node-2=b')
  scene.world.setReachable(0, true)
  scene.run()
  expect(byNode(scene)).toBe('node-0=b node-1=b node-2=b')
})

test('a changed selector is refused, and what runs stays', () => {
  const scene = new Scene(1).commit(daemonSet('agent', 'a'))
  scene.run()
  const other = daemonSet('agent', 'b')
  const spec = { ...other.spec, selector: { matchLabels: { other: 'yes' } } }
  scene.commit({ ...other, spec })
  expect(story(scene)).toEqual([])
  expect(scene.report('DaemonSet', 'agent').health).toMatchObject({
    kind: 'failed',
    reason: 'Invalid',
    message: expect.stringContaining('spec.selector: Invalid value'),
  })
})

test('a DaemonSet that leaves the commit goes with all that it made', () => {
  const scene = new Scene(2).commit(daemonSet('agent', 'a'))
  scene.run()
  scene.commit()
  scene.run()
  expect(pods(scene)).toBe('')
  expect([...scene.world.records.keys()]).toEqual([])
})

test('a DaemonSet that comes back while its pods are still going waits for them, and has its own again', () => {
  const scene = new Scene(2).commit(daemonSet('agent', 'a'))
  scene.run()
  scene.commit()
  story(scene, 1)
  scene.commit(daemonSet('agent', 'a'))
  scene.run()
  expect(byNode(scene)).toBe('node-0=a node-1=a')
})

/** On node-0 the running pod fails as one that is evicted does, whatever its restartPolicy; then all is done that can be, in no time. */
function fail(scene: JobScene): void {
  const [pod] = [...(scene.world.nodes[0]?.pods.values() ?? [])]
  if (pod === undefined) throw new Error('no pod on node-0')
  scene.world.end(pod, 1)
  scene.settle()
}

/** Seconds until the failed pod on node-0 has gone and another one runs, at most so many. */
function secondsUntilAnother(scene: JobScene, most: number): number {
  for (let seconds = 0; seconds <= most; seconds++) {
    if (scene.running.length === 2) return seconds
    scene.pass(1)
  }
  throw new Error(`no other pod within ${most} s`)
}

function failingScene(): JobScene {
  const scene = new JobScene(2).commit(daemonSet('agent', 'a', {}, { restartPolicy: 'Never' }))
  scene.settle()
  return scene
}

test('where pods fail again and again, each one stays longer before another one is made: 1 s doubling to 15 min', () => {
  const scene = failingScene()
  const waits = Array.from({ length: 13 }, () => {
    fail(scene)
    return secondsUntilAnother(scene, 1000)
  })
  expect(waits).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
})

test('a pod that waits for its turn to be made again says so, and the plan asks to be made then', () => {
  const scene = failingScene()
  fail(scene)
  fail(scene)
  const { requeueAt, verdicts } = scene.plan()
  expect(verdicts).toContainEqual(
    expect.objectContaining({
      bucket: 'wait',
      reason: 'has failed again: 1 s after the one before it another one takes its place',
    }),
  )
  expect(requeueAt?.since(scene.world.now).total('seconds')).toBe(1)
})

test('a new template is tried at once, and after half an hour without a failure so is the old one', () => {
  const scene = failingScene()
  for (let count = 0; count < 5; count++) {
    fail(scene)
    secondsUntilAnother(scene, 100)
  }
  fail(scene)
  expect(scene.running).toHaveLength(1)
  scene.commit(daemonSet('agent', 'b', {}, { restartPolicy: 'Never' }))
  scene.settle()
  scene.pass(1)
  scene.settle()
  expect(byNode(scene)).toBe('node-0=b node-1=b')
  fail(scene)
  expect(secondsUntilAnother(scene, 100)).toBe(0)
  scene.pass(1801)
  fail(scene)
  expect(secondsUntilAnother(scene, 100)).toBe(0)
})
