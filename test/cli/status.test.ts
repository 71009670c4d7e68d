import { expect, test } from 'vitest'
import { statusItems, statusText } from '../../engine/cli/statusView.ts'
import { needsOfEngine } from '../../engine/cli/summary.ts'
import { plan } from '../../engine/planner/plan.ts'
import { observeOnce } from '../../engine/reconciler/observeOnce.ts'
import type { Desired } from '../../engine/api/snapshot.ts'
import type { KubernetesObject } from '../../engine/api/generated/types.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { createWorld, NODE, once, startEngine, type World } from '../simulation/loop/engine.ts'
import { container, deployment, desiredOf, pod } from '../simulation/loop/manifests.ts'

const SECRET: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: 'keys',
    namespace: 'default',
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'geheim' },
  },
  data: { token: 'Z2VoZWlt' },
  stringData: { other: 'geheim' },
}

async function statusOf(world: World, desired: Desired) {
  const runtimes = new Map([[NODE, connectTo(world.node).runtime]])
  const snapshot = await world.clock.runUntil(observeOnce(runtimes, desired, world.clock))
  return { plan: plan(snapshot, world.clock.now()), snapshot, filter: () => true }
}

test('objects and pods are shown in tables, and restarted containers with how they last ended', async () => {
  const world = createWorld(({ container: name, attempt }) =>
    name === 'shaky' && attempt === 0 ? { exitAfterMs: 2000, exitCode: 3 } : {},
  )
  const desired = desiredOf('a'.repeat(40), [
    deployment('web', { replicas: 2 }),
    pod('one', { containers: [container('shaky')] }),
  ])
  await once(world, desired)
  await world.clock.runFor(60_000)
  const text = statusText(await statusOf(world, desired), world.clock.now(), true)
  const lines = text.split('\n')
  expect(lines[0]).toMatch(/^NAMESPACE +NAME +READY +UP-TO-DATE +AVAILABLE +AGE +HEALTH$/)
  expect(lines[1]).toMatch(/^default +deployment\/web +2\/2 +2 +2 +6\ds +healthy$/)
  expect(lines[3]).toMatch(/^NAMESPACE +NAME +READY +STATUS +RESTARTS +AGE +IP +NODE$/)
  expect(lines[4]).toMatch(/^default +pod\/one +1\/1 +Running +1 \(5\ds ago\) +6\ds +10\.\S+ +local$/)
  expect(lines[5]).toMatch(/^default +pod\/web-\S+ +1\/1 +Running +0 +6\ds +10\.\S+ +local$/)
  expect(text).toContain(
    'default/one: container shaky was restarted once, last ended with exit code 3 (Error)',
  )
})

function set<K extends 'ReplicaSet' | 'StatefulSet' | 'DaemonSet'>(kind: K, name: string, nodeSelector = {}) {
  const { metadata, spec } = deployment(name, {}, { nodeSelector })
  const { replicas: _, ...rest } = spec
  return { apiVersion: 'apps/v1', kind, metadata, spec: rest } as const
}

test('sets are shown with the columns of kubectl, those of Deployments aside', async () => {
  const world = createWorld()
  const desired = desiredOf('a'.repeat(40), [
    deployment('web', { replicas: 1 }),
    set('ReplicaSet', 'cache'),
    set('StatefulSet', 'db'),
    set('DaemonSet', 'agent', { 'kubernetes.io/os': 'linux' }),
  ])
  await once(world, desired)
  const text = statusText(await statusOf(world, desired), world.clock.now(), false)
  const cells = text.split('\n').map((line) => line.split(/ {2,}/).join(' | '))
  expect(cells.slice(0, 11)).toEqual([
    'NAMESPACE | NAME | READY | UP-TO-DATE | AVAILABLE | AGE | HEALTH',
    expect.stringMatching(/^default \| deployment\/web \| 1\/1 \| 1 \| 1 \| \S+ \| healthy$/),
    '',
    'NAMESPACE | NAME | DESIRED | CURRENT | READY | AGE | HEALTH',
    expect.stringMatching(/^default \| replicaset\/cache \| 1 \| 1 \| 1 \| \S+ \| healthy$/),
    '',
    'NAMESPACE | NAME | READY | AGE | HEALTH',
    expect.stringMatching(/^default \| statefulset\/db \| 1\/1 \| \S+ \| healthy$/),
    '',
    'NAMESPACE | NAME | DESIRED | CURRENT | READY | UP-TO-DATE | AVAILABLE | NODE SELECTOR | AGE | HEALTH',
    expect.stringMatching(
      /^default \| daemonset\/agent \| 1 \| 1 \| 1 \| 1 \| 1 \| kubernetes.io\/os=linux \| \S+ \| healthy$/,
    ),
  ])
})

const AUTOSCALER: KubernetesObject = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    minReplicas: 2,
    maxReplicas: 5,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
      },
      {
        type: 'Resource',
        resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
      },
    ],
  },
}

test('an autoscaler is shown as kubectl does, and its target with as many pods as it wants', async () => {
  const world = createWorld()
  world.node.useOf = () => ({ cpuMillis: 40, memoryBytes: 2 ** 20 })
  const requests = { requests: { cpu: '100m' } }
  const desired = desiredOf('a'.repeat(40), [
    deployment('web', { replicas: 3 }, { containers: [container('app', { resources: requests })] }),
    AUTOSCALER,
  ])
  const engine = startEngine(world, desired)
  await world.clock.runFor(10_000)
  await engine.stop()
  const early = statusText(await statusOf(world, desired), world.clock.now(), false)
  expect(early).toMatch(/cpu: <unknown>\/80%, memory: <unknown>\/1Gi/)
  expect(needsOfEngine(desired, undefined)).toContain('HorizontalPodAutoscalers neither measure nor scale')
  const later = startEngine(world, desired)
  await world.clock.runFor(400_000)
  await later.stop()
  const status = await statusOf(world, desired)
  const lines = statusText(status, world.clock.now(), false).split('\n')
  expect(lines[1]).toMatch(/^default +deployment\/web +2\/2 /)
  expect(lines[3]).toMatch(/^NAMESPACE +NAME +REFERENCE +TARGETS +MINPODS +MAXPODS +REPLICAS +AGE +HEALTH$/)
  expect(lines[4]).toMatch(
    /^default +horizontalpodautoscaler\/web +Deployment\/web +cpu: 40%\/80%, memory: 1048576\/1Gi +2 +5 +2 +6m50s +healthy$/,
  )
  expect(statusItems(status)).toMatchObject([
    { kind: 'Deployment', spec: { replicas: 2 } },
    { kind: 'HorizontalPodAutoscaler', status: { currentReplicas: 2, lastScaleTime: expect.any(String) } },
    { kind: 'ReplicaSet' },
    { kind: 'Pod' },
    { kind: 'Pod' },
  ])
})

test('the items are official objects with their status, and no secret is among them', async () => {
  const world = createWorld()
  const desired = desiredOf('a'.repeat(40), [deployment('web', { replicas: 1 }), SECRET])
  await once(world, desired)
  const items = statusItems(await statusOf(world, desired))
  expect(items).toMatchObject([
    { kind: 'Deployment', metadata: { name: 'web', uid: expect.any(String) }, status: { readyReplicas: 1 } },
    { kind: 'Secret', metadata: { name: 'keys', annotations: { 'reconcile.dev/keys': 'other,token' } } },
    { kind: 'ReplicaSet' },
    { kind: 'Pod', spec: { nodeName: 'local' }, status: { phase: 'Running' } },
  ])
  expect(JSON.stringify(items)).not.toMatch(/geheim|Z2VoZWlt/)
})

test('where Services lead follows pods only while an engine runs, which is said at the end of a run', () => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  } as const
  const desired = desiredOf('a'.repeat(40), [service])
  expect(needsOfEngine(desired, undefined)).toEqual([
    'Services and Ingresses go on leading to the pods that were ready, also to one that ends',
  ])
})
