import { expect, test } from 'vitest'
import type { Container, Pod, PodStatus, ResourceRequirements } from '../../engine/api/generated/types.ts'
import { barePod, kinds, Scene } from './scene.ts'

const RESTARTS: Partial<Container> = {
  resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }],
}

function sized(name: string, requests: ResourceRequirements['requests'], more: Partial<Container> = {}): Pod {
  const pod = barePod(name, 'a')
  const containers = pod.spec.containers.map((one) => ({
    ...one,
    ...(requests !== undefined && { resources: { requests } }),
    ...more,
  }))
  return { ...pod, spec: { ...pod.spec, containers } }
}

function started(...pods: readonly Pod[]): Scene {
  const scene = new Scene().commit(...pods)
  scene.run()
  return scene
}

function statusOf(scene: Scene): PodStatus {
  const { status } = scene.report('Pod', 'one')
  return status as PodStatus
}

function resizeConditions(scene: Scene): readonly string[] {
  return (statusOf(scene).conditions ?? [])
    .filter(({ type }) => type.startsWith('PodResize'))
    .map(({ message = '', reason = '', type }) => `${type} ${reason} ${message}`.trim())
}

function cpus(scene: Scene): unknown {
  return scene.world.pods.map(({ record }) => record.pod.spec.containers[0]?.resources?.requests?.['cpu'])
}

test('other cpu and memory come to the running pod: on record, then in its container, then done', () => {
  const scene = started(sized('one', { cpu: '1', memory: '1Gi' }))
  const uid = scene.world.pods[0]?.record.pod.metadata.uid
  scene.commit(sized('one', { cpu: '2', memory: '1Gi' }))
  const first = scene.plan()
  expect(first.actions).toMatchObject([
    { kind: 'updatePod', reason: 'the resources of container app changed' },
  ])
  scene.run(1)
  expect(kinds(scene.plan())).toEqual(['resizePod'])
  expect(resizeConditions(scene)).toEqual(['PodResizeInProgress'])
  expect(scene.report('Pod', 'one').health.kind).toBe('progressing')
  expect(statusOf(scene).containerStatuses?.[0]).toMatchObject({
    allocatedResources: { cpu: '2' },
    resources: { requests: { cpu: '1' } },
  })
  scene.run()
  expect(resizeConditions(scene)).toEqual([])
  expect(scene.report('Pod', 'one').health.kind).toBe('healthy')
  expect(scene.world.pods[0]?.record.pod.metadata.uid).toBe(uid)
  expect(statusOf(scene).containerStatuses?.[0]).toMatchObject({
    resources: { requests: { cpu: '2' } },
    restartCount: 0,
  })
})

test('what is changed back before it was done is changed from what runs', () => {
  const scene = started(sized('one', { cpu: '1', memory: '1Gi' }))
  scene.commit(sized('one', { cpu: '2', memory: '1Gi' })).run(1)
  scene.commit(sized('one', { cpu: '1500m', memory: '1Gi' })).run(1)
  expect(scene.world.pods[0]?.record.resizing).toEqual({
    app: { resources: { requests: { cpu: '1', memory: '1Gi' } } },
  })
  scene.run()
  expect(cpus(scene)).toEqual(['1500m'])
})

test.each([
  ['an image', (pod: Pod) => barePod(pod.metadata.name ?? '', 'b'), ''],
  [
    'another QoS class',
    () => sized('one', {}),
    ', not resized, for its QoS class would change from Burstable to BestEffort',
  ],
  [
    'a request taken away',
    () => sized('one', { memory: '1Gi' }),
    ', not resized, for requests.cpu of container app cannot be taken away while it runs',
  ],
  ['another policy', () => sized('one', { cpu: '1', memory: '1Gi' }, RESTARTS), ''],
])('%s replaces the pod as before', (_, change, why) => {
  const before = sized('one', { cpu: '1', memory: '1Gi' })
  const { actions } = started(before).commit(change(before)).plan()
  expect(actions).toMatchObject([
    { kind: 'deletePod', reason: `its spec changed: it is removed, then made again${why}` },
  ])
})

test('cpus of its own are not changed while it runs', () => {
  const own = (cpu: string): Pod => sized('one', undefined, { resources: { limits: { cpu, memory: '1Gi' } } })
  const { actions } = started(own('1')).commit(own('2')).plan()
  expect(actions).toMatchObject([
    { kind: 'deletePod', reason: expect.stringContaining('its cpus are its own') },
  ])
})

test('a container whose policy says so starts anew, and the pod is whole again then', () => {
  const scene = started(sized('one', { cpu: '1', memory: '1Gi' }, RESTARTS))
  scene.commit(sized('one', { cpu: '2', memory: '1Gi' }, RESTARTS)).run()
  expect(statusOf(scene).containerStatuses?.[0]?.restartCount).toBe(0)
  scene.commit(sized('one', { cpu: '2', memory: '2Gi' }, RESTARTS))
  const seen: string[] = []
  for (let tick = 0; tick < 20; tick += 1) {
    seen.push(...kinds(scene.plan()).filter((kind) => kind === 'resizePod' || kind === 'stopContainers'))
    scene.run(1)
    scene.world.pass(1)
  }
  expect(seen).toEqual(['resizePod', 'stopContainers', 'resizePod'])
  expect(statusOf(scene).containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true })
  expect(scene.world.pods[0]?.record.resizing).toBeUndefined()
})

test('what no node of this size can give is infeasible, until the commit says otherwise', () => {
  const scene = started(sized('one', { cpu: '1', memory: '1Gi' }))
  scene.commit(sized('one', { cpu: '100', memory: '1Gi' })).run()
  const { cpuMillis = 0 } = scene.snapshot().observed.nodes.values().next().value?.info ?? {}
  const why = `Node didn't have enough capacity: cpu, requested: 100000, capacity: ${cpuMillis}`
  expect(resizeConditions(scene)).toEqual([`PodResizePending Infeasible ${why}`])
  expect(scene.report('Pod', 'one').health).toEqual({ kind: 'failed', reason: 'Infeasible', message: why })
  expect(cpus(scene)).toEqual(['1'])
  expect(scene.plan().verdicts).toMatchObject([{ bucket: 'wait', reason: `Infeasible: ${why}` }])
  scene.commit(sized('one', { cpu: '1', memory: '1Gi' })).run()
  expect(resizeConditions(scene)).toEqual([])
  expect(scene.report('Pod', 'one').health.kind).toBe('healthy')
})

test('what another pod has is waited for; of two that want the last of it, one gets it', () => {
  const scene = new Scene().commit(sized('one', { cpu: '1' }), sized('two', { cpu: '1' }))
  scene.run()
  const { cpuMillis = 0 } = scene.snapshot().observed.nodes.values().next().value?.info ?? {}
  const most = `${cpuMillis - 1000}m`
  scene.commit(sized('one', { cpu: most }), sized('two', { cpu: most })).run()
  const got = scene.world.pods.filter(
    ({ record }) => record.pod.spec.containers[0]?.resources?.requests?.['cpu'] === most,
  )
  expect(got).toHaveLength(1)
  expect(got[0]?.record.pod.metadata.name).toBe('one')
  const waits = scene.world.pods.find(({ record }) => record.pod.metadata.name === 'two')?.record.conditions
  expect(waits?.find(({ type }) => type === 'PodResizePending')?.reason).toBe('Deferred')
  scene.commit(sized('two', { cpu: most })).run()
  expect(cpus(scene)).toEqual([most])
})
