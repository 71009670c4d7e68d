import { expect, test } from 'vitest'
import type { LimitRange } from '../../engine/api/generated/types.ts'
import { barePod, deployment, kinds, Scene } from './scene.ts'

function range(cpu: string): LimitRange {
  return {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'few', namespace: 'default' },
    spec: { limits: [{ type: 'Container', default: { cpu }, defaultRequest: { cpu: '10m' } }] },
  }
}

test.each([
  ['a bare Pod', barePod('one', 'a')],
  ['a pod of a Deployment', deployment('web', 'a', { replicas: 1 })],
])('%s is made with the defaults of its LimitRange, and stays when they change', (_, object) => {
  const scene = new Scene().commit(object, range('500m'))
  scene.run()
  const resources = () => scene.world.pods.map(({ record }) => record.pod.spec.containers[0]?.resources)
  expect(resources()).toEqual([{ limits: { cpu: '500m' }, requests: { cpu: '10m' } }])
  expect(kinds(scene.commit(object, range('1')).plan())).toEqual([])
  expect(kinds(scene.commit(object).plan())).toEqual([])
  expect(resources()).toEqual([{ limits: { cpu: '500m' }, requests: { cpu: '10m' } }])
})

test('a Pod that was filled in is compared as it was written', () => {
  const scene = new Scene().commit(barePod('one', 'a'), range('500m'))
  scene.run()
  const next = scene.commit(barePod('one', 'b'), range('1')).plan()
  expect([...next.changes.values()].flat().map(({ path }) => path)).toEqual(['spec.containers[app].image'])
  scene.run()
  expect(scene.world.pods[0]?.record.pod.spec.containers[0]?.resources?.limits).toEqual({ cpu: '1' })
})

test('a container keeps what it says itself; its limit is its request, too', () => {
  const pod = barePod('one', 'a')
  const containers = pod.spec.containers.map((container) => ({
    ...container,
    resources: { limits: { cpu: '2' } },
  }))
  const scene = new Scene().commit({ ...pod, spec: { ...pod.spec, containers } }, range('500m'))
  scene.run()
  expect(scene.world.pods[0]?.record.pod.spec.containers[0]?.resources).toEqual({
    limits: { cpu: '2' },
    requests: { cpu: '2' },
  })
})

test('the status of a ResourceQuota tells what the commit wants', () => {
  const scene = new Scene().commit(deployment('web', 'a', { replicas: 3 }), {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'few', namespace: 'default' },
    spec: { hard: { pods: '5', 'requests.cpu': '2' } },
  })
  expect(scene.report('ResourceQuota', 'few').status).toEqual({
    hard: { pods: '5', 'requests.cpu': '2' },
    used: { pods: '3', 'requests.cpu': '0' },
  })
})

test('a pod gets what its RuntimeClass says, and the program stays on its record', () => {
  const toleration = { key: 'fast', operator: 'Exists' } as const
  const fast = {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'fast' },
    handler: 'crun',
    overhead: { podFixed: { cpu: '250m' } },
    scheduling: { nodeSelector: { disk: 'ssd' }, tolerations: [toleration] },
  } as const
  const pod = barePod('one', 'a')
  const named = { ...pod, spec: { ...pod.spec, runtimeClassName: 'fast', tolerations: [toleration] } }
  const scene = new Scene().commit(named, fast)
  expect(scene.report('Pod', 'one').status).toMatchObject({
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False' }],
  })
  scene.nodes({
    apiVersion: 'reconcile.dev/v1',
    kind: 'Node',
    metadata: { name: 'node-0', labels: { disk: 'ssd' } },
  })
  scene.run()
  expect(scene.world.pods[0]?.record).toMatchObject({
    runtimeHandler: 'crun',
    pod: { spec: { overhead: { cpu: '250m' }, nodeSelector: { disk: 'ssd' }, tolerations: [toleration] } },
  })
  expect(kinds(scene.commit(named, { ...fast, handler: 'runc' }).plan())).toEqual([])
})
