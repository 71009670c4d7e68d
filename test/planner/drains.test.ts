import { describe, expect, test } from 'vitest'
import type {
  DaemonSet,
  KubernetesObject,
  Node,
  NodeDrain,
  PodDisruptionBudget,
} from '../../engine/api/generated/types.ts'
import { keyParts, nodeName } from '../../engine/api/names.ts'
import { nodeKey, nodeMemory, nodeRecord, type NodeMemory } from '../../engine/api/nodeRecords.ts'
import type { DeletePod } from '../../engine/api/plan.ts'
import { barePod, deployment, Scene } from './scene.ts'

const FIRST = nodeName('node-0')

function node(name: string, spec: Node['spec'] = {}): Node {
  return { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name }, spec }
}

function budget(minAvailable: number): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'keep', namespace: 'default' },
    spec: { minAvailable, selector: { matchLabels: { app: 'web' } } },
  }
}

function daemonSet(): DaemonSet {
  const { spec } = deployment('agent', 'a')
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'default' },
    spec: { selector: spec.selector, template: spec.template },
  }
}

/** Two nodes on which the objects have come to rest. */
function settled(...objects: readonly KubernetesObject[]): Scene {
  const scene = new Scene(2).commit(...objects)
  scene.run()
  return scene
}

/** As the command says it. */
function say(scene: Scene, memory: NodeMemory): void {
  const key = nodeKey(FIRST)
  const before = scene.snapshot().records.get(key)
  const record = nodeRecord(FIRST, memory, scene.desired.commit, before)
  scene.world.apply({ kind: 'writeRecord', object: key, record, reason: '' }, 'whole')
}

function drain(scene: Scene, options: NodeDrain = {}): void {
  say(scene, { unschedulable: true, drain: { ...options, startedAt: scene.world.now.toString() } })
}

function memory(scene: Scene): NodeMemory {
  return nodeMemory(scene.snapshot().records.get(nodeKey(FIRST)))
}

function podsOn(scene: Scene, name = 'node-0'): readonly string[] {
  return scene.world.pods
    .filter(({ record }) => record.node === name)
    .map(({ record }) => record.pod.metadata.name?.replace(/-[a-z0-9-]*$/, '') ?? '')
    .toSorted()
}

function deletions(scene: Scene): readonly DeletePod[] {
  return scene.plan().actions.filter((action) => action.kind === 'deletePod')
}

test('a node that is cordoned keeps its pods, and gets no new ones', () => {
  const scene = settled(deployment('web', 'a', { replicas: 4 }))
  say(scene, { unschedulable: true })
  expect(scene.plan().actions).toEqual([])
  scene.commit(deployment('web', 'a', { replicas: 8 })).run()
  expect([podsOn(scene).length, podsOn(scene, 'node-1').length]).toEqual([2, 6])
})

test('that a node is cordoned stays on record until somebody takes it back', () => {
  const scene = settled(deployment('web', 'a', { replicas: 1 }))
  say(scene, { unschedulable: true })
  scene.commit(deployment('web', 'b', { replicas: 1 })).run()
  expect(memory(scene)).toEqual({ unschedulable: true })
  say(scene, {})
  scene.run()
  expect(scene.snapshot().records.has(nodeKey(FIRST))).toBe(false)
})

describe('a drain by command', () => {
  test('takes the pods to other nodes, is over with the last one, and leaves the node cordoned', () => {
    const scene = settled(deployment('web', 'a', { replicas: 4 }))
    drain(scene)
    expect(deletions(scene).map(({ disrupts, reason }) => [disrupts, reason])).toEqual([
      ['drain', 'node node-0 is drained'],
      ['drain', 'node node-0 is drained'],
    ])
    scene.run()
    expect([podsOn(scene).length, podsOn(scene, 'node-1').length]).toEqual([0, 4])
    expect(memory(scene)).toEqual({ unschedulable: true })
  })

  test('takes a pod when its budget allows, and says so in the words of the eviction API', () => {
    const scene = settled(deployment('web', 'a', { replicas: 4 }), budget(3))
    drain(scene)
    expect(deletions(scene)).toHaveLength(1)
    expect(scene.plan().verdicts.map(({ reason }) => reason)).toContain(
      "Cannot evict pod as it would violate the pod's disruption budget. The disruption budget keep needs 3 healthy pods and has 4 currently.",
    )
    scene.run()
    expect([podsOn(scene).length, podsOn(scene, 'node-1').length]).toEqual([0, 4])
  })

  test('waits for a budget that lets nothing go, and goes on when it does', () => {
    const scene = settled(deployment('web', 'a', { replicas: 4 }), budget(4))
    drain(scene)
    scene.run()
    expect(podsOn(scene)).toHaveLength(2)
    expect(memory(scene).drain).toBeDefined()
    scene.commit(deployment('web', 'a', { replicas: 4 }), budget(1)).run()
    expect(podsOn(scene)).toEqual([])
    expect(memory(scene).drain).toBeUndefined()
  })

  test('asks no budget when it is told not to', () => {
    const scene = settled(deployment('web', 'a', { replicas: 4 }), budget(4))
    drain(scene, { disableEviction: true })
    expect(deletions(scene).map(({ disrupts }) => disrupts)).toEqual(['deletion', 'deletion'])
  })

  test('leaves the pods of DaemonSets where they are', () => {
    const scene = settled(daemonSet(), deployment('web', 'a', { replicas: 4 }))
    drain(scene)
    scene.run()
    expect(podsOn(scene)).toEqual(['agent'])
    expect(memory(scene).drain).toBeUndefined()
  })

  test('leaves a pod without a controller where it is unless it is forced', () => {
    const scene = settled(...['one', 'two', 'three'].map((name) => barePod(name, 'a')))
    const before = podsOn(scene)
    expect(before.length).toBeGreaterThan(0)
    drain(scene)
    scene.run()
    expect(podsOn(scene)).toEqual(before)
    drain(scene, { force: true })
    scene.run()
    expect(podsOn(scene)).toEqual([])
  })

  test('leaves a pod with an emptyDir where it is unless its data may go', () => {
    const web = deployment('web', 'a', { replicas: 4 })
    const { template } = web.spec
    const spec = {
      ...template.spec,
      containers: template.spec?.containers ?? [],
      volumes: [{ name: 'v', emptyDir: {} }],
    }
    const scene = settled({ ...web, spec: { ...web.spec, template: { ...template, spec } } })
    drain(scene)
    scene.run()
    expect(podsOn(scene)).toHaveLength(2)
    drain(scene, { deleteEmptyDirData: true })
    scene.run()
    expect(podsOn(scene)).toEqual([])
  })

  test('gives pods the grace period that it was told', () => {
    const scene = settled(deployment('web', 'a', { replicas: 2 }))
    drain(scene, { gracePeriodSeconds: 7 })
    const [deletion] = deletions(scene)
    expect(deletion?.record.pod.metadata.deletionGracePeriodSeconds).toBe(7)
    expect(deletion?.record.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'EvictionByEvictionAPI' }),
    )
  })

  test('does not take again what names the node and comes back', () => {
    const pod = barePod('pinned', 'a')
    const scene = settled({ ...pod, spec: { ...pod.spec, nodeName: 'node-0' } })
    drain(scene, { force: true })
    scene.world.pass(1)
    scene.run()
    expect(podsOn(scene)).toEqual(['pinned'])
    expect(memory(scene)).toEqual({ unschedulable: true })
  })

  test('is not over while nobody knows what the node runs', () => {
    const scene = settled(deployment('web', 'a', { replicas: 2 }))
    scene.unreadable('node-0', 'a pod on node-0 cannot be read')
    drain(scene)
    scene.run()
    expect(memory(scene).drain).toBeDefined()
  })
})

test('the pods of an object that is left alone stay, and use up no budget', () => {
  const calm = deployment('calm', 'a', { replicas: 2 })
  const metadata = { ...calm.metadata, annotations: { 'reconcile.dev/sync-mode': 'detect' } }
  const labels = { labels: { app: 'calm', covered: 'yes' } }
  const spec = { ...calm.spec, template: { ...calm.spec.template, metadata: labels } }
  const web = deployment('web', 'a', { replicas: 2 })
  const covered = { ...web.spec.template, metadata: { labels: { app: 'web', covered: 'yes' } } }
  const objects = [
    { ...calm, spec },
    { ...web, spec: { ...web.spec, template: covered } },
    { ...budget(3), spec: { minAvailable: 3, selector: { matchLabels: { covered: 'yes' } } } },
  ]
  const scene = settled(...objects)
  scene.commit({ ...calm, metadata, spec }, ...objects.slice(1)).run()
  drain(scene)
  expect(deletions(scene).map(({ pod }) => pod.replace(/-.*/, ''))).toEqual(['default/web'])
})

test('where there is no other node the pods wait in the words of the scheduler', () => {
  const scene = new Scene(1).commit(deployment('web', 'a', { replicas: 2 }))
  scene.run()
  drain(scene)
  const { verdicts } = scene.run()
  expect(podsOn(scene)).toEqual([])
  const waiting = verdicts.filter(({ bucket }) => bucket === 'wait')
  expect(waiting).toHaveLength(2)
  expect(waiting[0]?.reason).toContain('0/1 nodes are available: 1 node(s) were unschedulable.')
})

test('a drain by commit lasts as long as the commit says so, and a pod that comes in spite of it stays', () => {
  const pinned = barePod('pinned', 'a')
  const objects = [
    deployment('web', 'a', { replicas: 4 }),
    { ...pinned, spec: { ...pinned.spec, nodeName: 'node-0' } },
  ]
  const scene = settled(...objects)
  scene.nodes(node('node-0', { drain: { force: true } }), node('node-1')).commit(...objects)
  scene.world.pass(1)
  scene.run()
  expect(podsOn(scene)).toEqual(['pinned'])
  expect(memory(scene).drainedSince).toBeDefined()
  scene
    .nodes(node('node-0'), node('node-1'))
    .commit(deployment('web', 'a', { replicas: 8 }))
    .run()
  expect(podsOn(scene).length).toBeGreaterThan(0)
  expect([...scene.snapshot().records.keys()].map((key) => keyParts(key).kind)).not.toContain('Node')
})
