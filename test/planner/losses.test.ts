import { expect, test } from 'vitest'
import { bindingOf } from '../../engine/api/bindings.ts'
import type { Job, Node, PodSpec, StatefulSet } from '../../engine/api/generated/types.ts'
import { nodeName, type ObjectKey } from '../../engine/api/names.ts'
import { controllerOf } from '../../engine/api/owners.ts'
import type { ObservedPod } from '../../engine/api/snapshot.ts'
import { nodeKey, nodeMemory, type NodeMemory } from '../../engine/api/nodeRecords.ts'
import { withLosses } from '../../engine/planner/losses.ts'
import { barePod, deployment, kinds, Scene } from './scene.ts'

const LOST = nodeName('node-1')

function memoryOf(scene: Scene): NodeMemory {
  return nodeMemory(scene.world.records.get(nodeKey(LOST)))
}

/** Pods by node, those that are on their way out aside. */
function spread(scene: Scene): readonly number[] {
  return scene.world.nodes.map(
    ({ pods }) =>
      [...pods.values()].filter(({ record }) => record.pod.metadata.deletionTimestamp === undefined).length,
  )
}

function pass(scene: Scene, seconds: number): void {
  scene.world.pass(seconds)
  scene.run()
}

function silence(scene: Scene): void {
  scene.world.setReachable(1, false)
  scene.run()
}

function template(labels: Record<string, string>, spec: Partial<PodSpec> = {}) {
  return {
    metadata: { labels },
    spec: { containers: [{ name: 'app', image: 'registry.example/app:1' }], ...spec },
  }
}

function statefulSet(name: string, replicas: number): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace: 'default' },
    spec: {
      serviceName: name,
      replicas,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: { app: name } },
      template: template({ app: name }),
    },
  }
}

function job(name: string, spec: Partial<Job['spec']>): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'default' },
    spec: { template: template({ app: name }, { restartPolicy: 'Never' }), ...spec },
  }
}

test('a node counts as unreachable after 20 s of silence, with the taints that Kubernetes gives it', () => {
  const scene = new Scene(2).commit(deployment('web', '1', { replicas: 4 }))
  scene.run()
  silence(scene)
  expect(memoryOf(scene).loss).toMatchObject({ bootId: 'boot', pods: [{}, {}] })
  pass(scene, 10)
  expect(memoryOf(scene)).not.toHaveProperty('taints')
  pass(scene, 10)
  expect(memoryOf(scene).loss?.since).toBeDefined()
  expect(memoryOf(scene).taints).toMatchObject([
    { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
  ])
})

test('one slow look is no silence', () => {
  const scene = new Scene(2).commit(deployment('web', '1', { replicas: 4 }))
  scene.run()
  scene.world.setReachable(1, false)
  scene.world.pass(600)
  const snapshot = scene.snapshot()
  const nodes = [...snapshot.observed.nodes].map(
    ([name, node]) => [name, { ...node, ...(!node.reachable && { failedLooks: 2 }) }] as const,
  )
  const plan = scene.planOf({ ...snapshot, observed: { nodes: new Map(nodes) } })
  const written = plan.actions.flatMap((action) =>
    action.kind === 'writeRecord' && action.object === nodeKey(LOST) ? [action.record] : [],
  )
  expect(written.map((record) => nodeMemory(record))).toEqual([expect.not.objectContaining({ taints: [{}] })])
  expect(kinds(plan)).toEqual(['writeRecord'])
})

test('five minutes later others take the place of its pods, and when it answers those go, and no other', () => {
  const scene = new Scene(2).commit(deployment('web', '1', { replicas: 4 }))
  scene.run()
  expect(spread(scene)).toEqual([2, 2])
  silence(scene)
  pass(scene, 20)
  pass(scene, 290)
  expect(spread(scene)).toEqual([2, 2])
  pass(scene, 15)
  expect(spread(scene)).toEqual([4, 2])
  expect(scene.report('Deployment', 'web')).toMatchObject({
    health: { kind: 'healthy' },
    status: { availableReplicas: 4, terminatingReplicas: 2 },
  })
  const before = [...(scene.world.nodes[0]?.pods.keys() ?? [])]
  scene.world.setReachable(1, true)
  const plan = scene.plan()
  const pods = plan.actions.filter((action) => 'uid' in action)
  expect(pods.map(({ kind, node }) => [kind, node])).toEqual([
    ['deletePod', LOST],
    ['deletePod', LOST],
  ])
  scene.run()
  expect(spread(scene)).toEqual([4, 0])
  expect([...(scene.world.nodes[0]?.pods.keys() ?? [])]).toEqual(before)
  expect(memoryOf(scene)).toEqual({})
})

test('a node that falls silent again before all is cleared up is as if it had been silent for the first time', () => {
  const scene = new Scene(2).commit(deployment('web', '1', { replicas: 4 }))
  scene.run()
  silence(scene)
  pass(scene, 20)
  pass(scene, 305)
  scene.world.setReachable(1, true)
  scene.unreadable('node-1', 'a pod there cannot be read')
  pass(scene, 60)
  const evicted = memoryOf(scene).loss?.evicted
  expect(evicted).toHaveLength(2)
  silence(scene)
  expect(memoryOf(scene).loss).not.toHaveProperty('since')
  expect(memoryOf(scene).loss).toMatchObject({ evicted, pods: [] })
  const { observed } = scene.snapshot()
  expect(memoryOf(scene).loss?.heard).toBe(observed.nodes.get(LOST)?.since)
  pass(scene, 20)
  expect(memoryOf(scene).loss).toMatchObject({ evicted, since: expect.any(String) })
})

test.for([
  ['of the Cluster', undefined, 5, 5],
  ['of the pod', 60, 5, 60],
  ['of the pod, though it is shorter', 10, 300, 10],
] as const)('the time is that %s', ([, tolerationSeconds, clusters, seconds]) => {
  const web = deployment('web', '1', { replicas: 4 })
  const toleration = {
    key: 'node.kubernetes.io/unreachable',
    operator: 'Exists',
    effect: 'NoExecute',
  } as const
  const tolerations = tolerationSeconds === undefined ? [] : [{ ...toleration, tolerationSeconds }]
  const { spec } = web
  const patient = {
    ...web,
    spec: { ...spec, template: { ...spec.template, spec: { ...template({}).spec, tolerations } } },
  }
  const scene = new Scene(2).evictsAfter(clusters).commit(patient)
  scene.run()
  silence(scene)
  pass(scene, 20)
  const since = Date.parse(memoryOf(scene).loss?.since ?? '')
  const left = () => (since + seconds * 1000 - scene.world.now.epochMilliseconds) / 1000
  expect(scene.plan().requeueAt?.epochMilliseconds).toBe(since + seconds * 1000)
  if (left() > 0) expect(spread(scene)).toEqual([2, 2])
  pass(scene, Math.ceil(Math.max(0, left())) + 1)
  expect(spread(scene)).toEqual([4, 2])
})

test('what has an identity waits until somebody says that the node is dead', () => {
  const scene = new Scene(2)
  const solo = {
    ...barePod('solo', '1'),
    spec: { ...barePod('solo', '1').spec, nodeSelector: { 'kubernetes.io/hostname': 'node-1' } },
  }
  scene.commit(
    statefulSet('db', 2),
    job('many', { completions: 2, parallelism: 2 }),
    job('each', { completions: 2, parallelism: 2, completionMode: 'Indexed' }),
    job('careful', { completions: 2, parallelism: 2, podReplacementPolicy: 'Failed' }),
    solo,
  )
  scene.run()
  silence(scene)
  pass(scene, 20)
  pass(scene, 400)
  expect(memoryOf(scene).loss?.evicted).toHaveLength(1)
  const alive = (name: string) =>
    scene.world.nodes.map(
      ({ pods }) =>
        [...pods.values()].filter(({ record }) => record.pod.metadata.name?.startsWith(name)).length,
    )
  expect([alive('db'), alive('each'), alive('careful'), alive('many')]).toEqual([
    [1, 1],
    [1, 1],
    [1, 1],
    [2, 1],
  ])
  scene.say({ kind: 'fence', node: LOST, by: 'person' }).run()
  expect([alive('db'), alive('each'), alive('careful'), alive('many')]).toEqual([
    [2, 1],
    [2, 1],
    [2, 1],
    [2, 1],
  ])
  const web = scene.plan()
  expect(web.verdicts.filter(({ bucket }) => bucket === 'unknown')).toEqual([])
})

test('a fenced node that answers is emptied before anything else, and stays fenced until it is unfenced', () => {
  const scene = new Scene(2).commit(statefulSet('db', 4))
  scene.run()
  silence(scene)
  scene.say({ kind: 'fence', node: LOST, by: 'person' }).run()
  expect(spread(scene)).toEqual([4, 2])
  scene.world.setReachable(1, true)
  scene.run()
  expect(spread(scene)).toEqual([4, 0])
  expect(memoryOf(scene)).toMatchObject({ fenced: { by: 'person', bootId: 'boot' } })
  expect(memoryOf(scene)).not.toHaveProperty('givenUp')
  scene.say({ kind: 'unfence', node: LOST }).run()
  expect(memoryOf(scene)).toEqual({})
})

test.each([
  ['at once: for nothing', 0, 0],
  ['after others had taken their place: once', 340, 2],
])(
  'pods of a Job count, when their node is given up %s, also when it brings them back',
  (_, seconds, failed) => {
    const scene = new Scene(2).commit(job('many', { completions: 4, parallelism: 4, backoffLimit: 9 }))
    scene.run()
    expect(spread(scene)).toEqual([2, 2])
    silence(scene)
    for (let passed = 0; passed < seconds; passed += 20) pass(scene, 20)
    const counts = { status: { failed, active: 4 } }
    scene.say({ kind: 'fence', node: LOST, by: 'person' }).run()
    expect(spread(scene)).toEqual([4, 2])
    expect(scene.report('Job', 'many')).toMatchObject(counts)
    scene.world.setReachable(1, true)
    scene.run()
    expect(spread(scene)).toEqual([4, 0])
    expect(scene.report('Job', 'many')).toMatchObject(counts)
    expect(memoryOf(scene)).not.toHaveProperty('givenUp')
  },
)

test('an engine that has begun since knows what the node had, and goes on counting', () => {
  const scene = new Scene(2).commit(
    deployment('web', '1', { replicas: 4 }),
    deployment('more', '1', { replicas: 1 }),
  )
  scene.run()
  silence(scene)
  pass(scene, 20)
  pass(scene, 200)
  scene.unread('node-1')
  const unknown = scene.plan().verdicts.filter(({ bucket }) => bucket === 'unknown')
  expect(unknown.length).toBeGreaterThan(1)
  pass(scene, 95)
  expect(memoryOf(scene).loss?.evicted).toBeUndefined()
  pass(scene, 10)
  expect(memoryOf(scene).loss?.evicted).toHaveLength(unknown.length)
})

test('nobody takes the place of what a Job that is over had on a node, also where nobody knows that it has ended', () => {
  const over = job('over', { completions: 3, parallelism: 3 })
  const scene = new Scene(3)
    .nodes(...fleetNodes('node-0', 'node-1', 'node-2'))
    .commit(over, deployment('web', '1', { replicas: 3 }))
  scene.run()
  const isOver = (pod: Pick<ObservedPod, 'record'>) => controllerOf(pod.record.pod.metadata)?.kind === 'Job'
  const nodePods = () => [...(scene.world.nodes[1]?.pods.values() ?? [])]
  for (const { pods } of scene.world.nodes)
    for (const pod of pods.values()) if (isOver(pod)) scene.world.end(pod, 0)
  scene.run()
  expect(scene.report('Job', 'over')).toMatchObject({ status: { succeeded: 3 } })
  expect(nodePods().map(isOver).toSorted()).toEqual([false, true])
  // The engine ended before it could see that.
  scene.world.setReachable(1, false)
  scene.unread('node-1')
  for (const seconds of [0, 30, 290, 20]) pass(scene, seconds)
  expect(memoryOf(scene).loss?.evicted).toHaveLength(1)
  scene.read('node-1')
  scene.world.setReachable(1, true)
  scene.run()
  expect(nodePods().map(isOver)).toEqual([true])
})

/** Each on another machine. */
function fleetNodes(...names: readonly string[]): readonly Node[] {
  return names.map((name) => ({
    apiVersion: 'reconcile.dev/v1',
    kind: 'Node',
    metadata: { name },
    spec: { address: `ssh://${name}` },
  }))
}

test('of a node of a fleet that nobody has heard since, what was bound to it is as it was last seen, and nothing else', () => {
  const scene = new Scene(3)
    .nodes(...fleetNodes('node-0', 'node-1', 'node-2'))
    .commit(deployment('web', '1', { replicas: 6 }))
  scene.run()
  silence(scene)
  const ips = (unread: boolean) => {
    if (unread) scene.unread('node-1')
    const { observed } = withLosses(scene.snapshot(), scene.world.now)
    return [...(observed.nodes.get(LOST)?.pods ?? [])].map(([uid, { containers, ip }]) => [
      uid,
      ip,
      containers.size,
    ])
  }
  const before = ips(false)
  expect(before).toHaveLength(2)
  const [gone] = before
  const bindings = [...scene.world.records].filter(([, record]) => bindingOf(record)?.uid === gone?.[0])
  for (const [key] of bindings) scene.world.records.delete(key)
  expect(ips(true)).toEqual(before.slice(1))
})

test('a node of a fleet that was never heard and has left the commit keeps nothing from being made elsewhere', () => {
  const scene = new Scene(3)
    .nodes(...fleetNodes('node-0', 'node-1', 'node-2'))
    .commit(deployment('web', '1', { replicas: 3 }))
  scene.run()
  scene.unread('node-1')
  scene.nodes(...fleetNodes('node-0', 'node-2')).former('node-1')
  scene.commit(deployment('web', '1', { replicas: 3 }), deployment('more', '1', { replicas: 2 })).run()
  expect(scene.report('Deployment', 'more')).toMatchObject({ status: { readyReplicas: 2 } })
  expect(scene.world.pods.filter(({ record }) => record.node === 'node-1')).toHaveLength(1)
})

test('the pods of a lost node are not ready, since it is lost', () => {
  const scene = new Scene(2).commit(deployment('web', '1', { replicas: 2 }))
  scene.run()
  silence(scene)
  const readiness = () =>
    [...scene.plan().statuses]
      .filter(([key]: readonly [ObjectKey, unknown]) => key.startsWith('Pod/'))
      .map(([, { status }]) =>
        JSON.stringify(status)
          .match(/"type":"Ready"[^}]*/)?.[0]
          .includes('"True"'),
      )
  expect(readiness()).toEqual([true, true])
  pass(scene, 20)
  expect(readiness().toSorted()).toEqual([false, true])
})

test('the fencing command is for a node that has been lost for as long as pods are waited for, with its name and address', () => {
  const scene = new Scene(2).evictsAfter(60).commit(deployment('web', '1', { replicas: 2 }))
  scene.run()
  const planned = () => {
    const snapshot = scene.snapshot()
    const { cluster } = snapshot.desired
    const command = ['off', '--node=$(NODE_NAME)', '$(NODE_ADDRESS)']
    const spec = { ...cluster.spec, fencing: { command } }
    const node = {
      apiVersion: 'reconcile.dev/v1',
      kind: 'Node',
      metadata: { name: 'node-1' },
      spec: { address: 'ssh://a' },
    } as const
    const other = { ...node, metadata: { name: 'node-0' }, spec: {} }
    return scene.planOf({
      ...snapshot,
      desired: { ...snapshot.desired, nodes: [other, node], cluster: { ...cluster, spec } },
    })
  }
  silence(scene)
  pass(scene, 20)
  expect(planned()).not.toHaveProperty('fencings')
  pass(scene, 61)
  expect(planned().fencings).toEqual([
    { node: LOST, bootId: 'boot', argv: ['off', '--node=node-1', 'ssh://a'], timeoutMs: 60_000 },
  ])
  scene.say({ kind: 'fence', node: LOST, by: 'command' })
  expect(planned()).not.toHaveProperty('fencings')
})

test('a fence ends with the boot that it was about, also where the node had answered again before the command ended', () => {
  const scene = new Scene(2).commit(deployment('web', '1', { replicas: 2 }))
  scene.run()
  scene.say({ kind: 'fence', node: LOST, by: 'command', bootId: 'boot' }).run()
  expect(memoryOf(scene).fenced).toMatchObject({ bootId: 'boot' })
  const before = new Scene(2).commit(deployment('web', '1', { replicas: 2 }))
  before.run()
  before.say({ kind: 'fence', node: LOST, by: 'command', bootId: 'the one before' }).run()
  expect(memoryOf(before)).toEqual({})
  before.commit(deployment('web', '1', { replicas: 4 })).run()
  expect(spread(before)).toEqual([2, 2])
})

test('a claim whose node is dead begins anew with the next pod, elsewhere, and not before', () => {
  const scene = new Scene(2).commit(deployment('web', '1', { replicas: 2 }), {
    ...statefulSet('db', 2),
    spec: {
      ...statefulSet('db', 2).spec,
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }],
      template: template({ app: 'db' }),
    },
  })
  scene.run()
  const places = () =>
    [...scene.world.records.values()]
      .filter(({ object }) => object.kind === 'PersistentVolumeClaim')
      .map(({ object }) => object.metadata.annotations?.['volume.kubernetes.io/selected-node'])
      .toSorted()
  expect(places()).toEqual(['node-0', 'node-1'])
  silence(scene)
  pass(scene, 20)
  pass(scene, 400)
  expect(places()).toEqual(['node-0', 'node-1'])
  scene.say({ kind: 'fence', node: LOST, by: 'person' }).run()
  expect(places()).toEqual(['node-0', 'node-0'])
})

test('a node that has left the commit is emptied, what nobody makes again included, and takes no pods', () => {
  const nodes = ['node-0', 'node-1'].map(
    (name) => ({ apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name } }) as const,
  )
  const scene = new Scene(2)
    .nodes(...nodes)
    .commit(deployment('web', '1', { replicas: 4 }), statefulSet('db', 2))
  scene.run()
  expect(spread(scene)).toEqual([3, 3])
  const [kept] = nodes
  if (kept === undefined) throw new Error('no node')
  scene.nodes(kept).run()
  expect(spread(scene)).toEqual([6, 0])
  scene.nodes(...nodes).run()
  expect(memoryOf(scene)).toEqual({})
})

test('a node that has left the commit and does not answer is held, what has an identity until it is fenced', () => {
  const nodes = ['node-0', 'node-1'].map(
    (name) => ({ apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name } }) as const,
  )
  const scene = new Scene(2).nodes(...nodes).commit(statefulSet('db', 2))
  scene.run()
  silence(scene)
  scene.nodes(...nodes.slice(0, 1))
  pass(scene, 20)
  pass(scene, 400)
  expect(spread(scene)).toEqual([1, 1])
  scene.say({ kind: 'fence', node: LOST, by: 'person' }).run()
  expect(spread(scene)).toEqual([2, 1])
})
