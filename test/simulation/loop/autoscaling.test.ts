import { expect, test } from 'vitest'
import type {
  Deployment,
  HorizontalPodAutoscaler,
  KubernetesObject,
} from '../../../engine/api/generated/types.ts'
import { objectKey } from '../../../engine/api/names.ts'
import type { Desired } from '../../../engine/api/snapshot.ts'
import type { SimulatedUse } from '../../../engine/runtimes/simulated/pod.ts'
import { createWorld, type Engine, runningOn, startEngine, type World } from './engine.ts'
import { desiredOf } from './manifests.ts'

const KEY = objectKey('HorizontalPodAutoscaler', 'default', 'web')

function web(replicas?: number): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'app', image: 'app:1', resources: { requests: { cpu: '100m' } } }],
        },
      },
    },
  }
}

function autoscaler(more: Partial<HorizontalPodAutoscaler['spec']> = {}): HorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 8,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
      ...more,
    },
  }
}

const AT_ONCE = { scaleDown: { stabilizationWindowSeconds: 0 } }

/** All pods share the load evenly. */
function shared(world: World, totalMillis: () => number): void {
  world.node.useOf = (): SimulatedUse => ({
    cpuMillis: totalMillis() / Math.max(1, runningOn(world.node).length),
    memoryBytes: 0,
  })
}

async function started(world: World, desired: Desired): Promise<Engine> {
  const engine = startEngine(world, desired)
  await world.clock.runUntil(engine.loop.untilHealthy({ timeoutMs: 60_000 }))
  return engine
}

function status(engine: Engine): unknown {
  return engine.loop.state().plan?.statuses.get(KEY)?.status
}

function reasons(engine: Engine): readonly string[] {
  const { conditions } = (status(engine) ?? {}) as {
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly reason: string
    }[]
  }
  return (conditions ?? []).map((one) => `${one.type}=${one.status} ${one.reason}`)
}

test('pods come and go with the load that they share, between the least and the most', async () => {
  const world = createWorld()
  let load = 100
  shared(world, () => load)
  const engine = await started(world, desiredOf('a', [web(), autoscaler({ behavior: AT_ONCE })]))
  expect(runningOn(world.node)).toHaveLength(2)
  load = 250
  await world.clock.runFor(90_000)
  // 250m of 100m each at 50 % are 5 pods
  expect(runningOn(world.node)).toHaveLength(5)
  expect(status(engine)).toMatchObject({
    currentReplicas: 5,
    desiredReplicas: 5,
    currentMetrics: [{ resource: { name: 'cpu', current: { averageUtilization: 50, averageValue: '50m' } } }],
  })
  expect(reasons(engine)).toEqual([
    'AbleToScale=True ReadyForNewScale',
    'ScalingActive=True ValidMetricFound',
    'ScalingLimited=False DesiredWithinRange',
  ])
  load = 10_000
  await world.clock.runFor(90_000)
  expect(runningOn(world.node)).toHaveLength(8)
  expect(reasons(engine)).toContain('ScalingLimited=True TooManyReplicas')
  load = 0
  await world.clock.runFor(90_000)
  expect(runningOn(world.node)).toHaveLength(2)
  expect(reasons(engine)).toContain('ScalingLimited=True TooFewReplicas')
  await engine.stop()
  expect(world.log.filter(({ level }) => level === 'error')).toEqual([])
})

test('without behavior it takes five minutes before pods go, also when the engine is killed in between', async () => {
  const world = createWorld()
  let load = 250
  shared(world, () => load)
  const desired = desiredOf('a', [web(), autoscaler()])
  const first = await started(world, desired)
  await world.clock.runFor(120_000)
  expect(runningOn(world.node)).toHaveLength(5)
  load = 0
  await world.clock.runFor(120_000)
  first.kill()
  const second = startEngine(world, desired)
  await world.clock.runFor(120_000)
  expect(runningOn(world.node)).toHaveLength(5)
  expect(reasons(second)).toContain('AbleToScale=True ScaleDownStabilized')
  await world.clock.runFor(120_000)
  expect(runningOn(world.node)).toHaveLength(2)
  await second.stop()
})

test('the number in the manifest counts for nothing while an autoscaler has it, but for none at all', async () => {
  const world = createWorld()
  shared(world, () => 60)
  const engine = await started(world, desiredOf('a', [web(3), autoscaler({ behavior: AT_ONCE })]))
  expect(runningOn(world.node)).toHaveLength(3)
  await world.clock.runFor(90_000)
  expect(runningOn(world.node)).toHaveLength(2)
  engine.loop.setDesired(desiredOf('b', [web(7), autoscaler({ behavior: AT_ONCE })]))
  await world.clock.runFor(90_000)
  expect(runningOn(world.node)).toHaveLength(2)
  engine.loop.setDesired(desiredOf('c', [web(0), autoscaler({ behavior: AT_ONCE })]))
  await world.clock.runFor(30_000)
  expect(runningOn(world.node)).toHaveLength(0)
  expect(reasons(engine)).toContain('ScalingActive=False ScalingDisabled')
  engine.loop.setDesired(desiredOf('d', [web(), autoscaler({ behavior: AT_ONCE })]))
  await world.clock.runFor(60_000)
  expect(runningOn(world.node)).toHaveLength(2)
  await engine.stop()
})

test('while nothing changes, nothing is written and nothing is done', async () => {
  const world = createWorld()
  shared(world, () => 100)
  const engine = await started(world, desiredOf('a', [web(), autoscaler()]))
  await world.clock.runFor(600_000)
  let writes = 0
  world.node.onObjectRecord = () => {
    writes += 1
  }
  await world.clock.runFor(600_000)
  expect(writes).toBe(0)
  expect(engine.loop.state().plan?.actions).toEqual([])
  await engine.stop()
})

test('only pods that an autoscaler scales are measured', async () => {
  const world = createWorld()
  const asked = new Set<string>()
  world.node.useOf = ({ record }) => {
    asked.add(record.pod.metadata.name?.split('-')[0] ?? '')
    return { cpuMillis: 50, memoryBytes: 0 }
  }
  const other = web()
  const objects = [web(), { ...other, metadata: { name: 'other', namespace: 'default' } }, autoscaler()]
  const engine = await started(world, desiredOf('a', objects))
  await world.clock.runFor(60_000)
  expect([...asked]).toEqual(['web'])
  engine.loop.setDesired(desiredOf('b', objects.slice(0, 2)))
  await world.clock.runFor(30_000)
  asked.clear()
  await world.clock.runFor(60_000)
  expect([...asked]).toEqual([])
  expect(world.node.objectRecords.has(KEY)).toBe(false)
  await engine.stop()
})

test('what cannot be scaled says why', async () => {
  const world = createWorld()
  const orphan = autoscaler({ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'gone' } })
  const engine = startEngine(world, desiredOf('a', [orphan]))
  const outcome = await world.clock.runUntil(engine.loop.untilHealthy({ timeoutMs: 60_000 }))
  expect(outcome).toMatchObject({ kind: 'failed' })
  expect(engine.loop.state().plan?.statuses.get(KEY)?.health).toEqual({
    kind: 'failed',
    reason: 'FailedGetScale',
    message: 'the HPA controller was unable to get the target\'s current scale: Deployment "gone" not found',
  })
  const second = autoscaler()
  engine.loop.setDesired(
    desiredOf('b', [web(3), autoscaler(), { ...second, metadata: { ...second.metadata, name: 'two' } }]),
  )
  await world.clock.runFor(60_000)
  expect(reasons(engine)).toContain('ScalingActive=False AmbiguousSelector')
  expect(runningOn(world.node)).toHaveLength(3)
  await engine.stop()
})

test('without a request a share of it cannot be told, and the autoscaler has failed', async () => {
  const world = createWorld()
  shared(world, () => 100)
  const { spec, ...rest } = web()
  const template = { ...spec.template, spec: { containers: [{ name: 'app', image: 'app:1' }] } }
  const engine = await started(
    world,
    desiredOf('a', [{ ...rest, spec: { ...spec, template } }, autoscaler()]),
  )
  await world.clock.runFor(60_000)
  expect(engine.loop.state().plan?.statuses.get(KEY)?.health).toMatchObject({
    kind: 'failed',
    reason: 'FailedGetResourceMetric',
    message: expect.stringContaining('missing request for cpu in container app of Pod web-'),
  })
  await engine.stop()
})

test.each(['ReplicaSet', 'StatefulSet'] as const)('a %s is scaled as well', async (kind) => {
  const world = createWorld()
  let load = 100
  shared(world, () => load)
  const { metadata, spec } = web()
  const { template, selector } = spec
  const target: KubernetesObject =
    kind === 'ReplicaSet'
      ? { apiVersion: 'apps/v1', kind, metadata, spec: { selector, template } }
      : { apiVersion: 'apps/v1', kind, metadata, spec: { selector, template, serviceName: 'web' } }
  const scaleTargetRef = { apiVersion: 'apps/v1', kind, name: 'web' }
  const objects = [target, autoscaler({ scaleTargetRef, behavior: AT_ONCE })]
  const engine = await started(world, desiredOf('a', objects))
  expect(runningOn(world.node)).toHaveLength(2)
  load = 200
  await world.clock.runFor(90_000)
  expect(runningOn(world.node)).toHaveLength(4)
  load = 0
  await world.clock.runFor(90_000)
  expect(runningOn(world.node)).toHaveLength(2)
  await engine.stop()
})

test('one container of each pod may be looked at alone, and an amount may be kept', async () => {
  const world = createWorld()
  world.node.useOf = (_pod, name) => ({ cpuMillis: name === 'side' ? 1000 : 30, memoryBytes: 300 })
  const { spec, ...rest } = web()
  const [app] = spec.template.spec?.containers ?? []
  const containers = [
    { ...app, name: 'app' },
    { name: 'side', image: 'side:1' },
  ]
  const template = { ...spec.template, spec: { ...spec.template.spec, containers } }
  const metrics = [
    {
      type: 'ContainerResource',
      containerResource: {
        container: 'app',
        name: 'cpu',
        target: { type: 'AverageValue', averageValue: '20m' },
      },
    },
    { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1k' } } },
  ] as const
  const objects = [{ ...rest, spec: { ...spec, template } }, autoscaler({ metrics, maxReplicas: 3 })]
  const engine = await started(world, desiredOf('a', objects))
  await world.clock.runFor(60_000)
  // 30m where 20m are wanted: 2 become 3; 600 bytes of 1000 would do with fewer
  expect(runningOn(world.node)).toHaveLength(6)
  expect(status(engine)).toMatchObject({
    desiredReplicas: 3,
    currentMetrics: [
      {
        type: 'ContainerResource',
        containerResource: { container: 'app', current: { averageValue: '30m' } },
      },
      { type: 'Resource', resource: { name: 'memory', current: { averageValue: '600' } } },
    ],
  })
  await engine.stop()
})
