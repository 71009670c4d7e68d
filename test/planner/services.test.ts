import { expect, test } from 'vitest'
import type { EndpointSlice, Service, ServiceSpec } from '../../engine/api/generated/types.ts'
import { nodeName, objectKey } from '../../engine/api/names.ts'
import type { Plan } from '../../engine/api/plan.ts'
import type { Frontend, NodeTraffic } from '../../engine/api/traffic.ts'
import { barePod, deployment, kinds, Scene } from './scene.ts'

const NODE = nodeName('node-0')

function service(name: string, spec: Partial<ServiceSpec> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  }
}

function trafficOf(result: Plan, node = NODE): NodeTraffic {
  const traffic = result.traffic?.get(node)
  if (traffic === undefined) throw new Error(`node ${node} has nothing to answer`)
  return traffic
}

function frontendOf(result: Plan, matches: (frontend: Frontend) => boolean = () => true): Frontend {
  const found = trafficOf(result).frontends.find(matches)
  if (found === undefined) throw new Error('there is no such frontend')
  return found
}

function specOf(scene: Scene, name: string, result = scene.plan()): ServiceSpec {
  const { object } = scene.report('Service', name, result)
  if (!isService(object)) throw new Error('no Service')
  return object.spec
}

function isService(value: unknown): value is Service {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Service'
}

test('a Service is answered from when its address is on record, and not before', () => {
  const scene = new Scene().commit(service('web'), deployment('web', 'a', { replicas: 2 }))
  const first = scene.plan()
  expect(kinds(first)).toContain('writeRecord')
  expect(trafficOf(first).frontends).toEqual([])
  expect(scene.report('Service', 'web', first).health).toEqual({
    kind: 'progressing',
    message: 'is being given its addresses',
  })
  const last = scene.settleTraffic()
  const { address, endpoints, port, whenEmpty } = frontendOf(last)
  expect(address).toMatch(/^10\.96\./)
  expect({ port, whenEmpty }).toEqual({ port: 80, whenEmpty: 'drop' })
  expect(endpoints).toHaveLength(2)
  expect(endpoints.map((one) => one.port)).toEqual([8080, 8080])
  expect(scene.report('Service', 'web', last)).toMatchObject({
    health: { kind: 'healthy' },
    status: { loadBalancer: {} },
    endpoints: endpoints.map((one) => `${one.address}:8080`).toSorted(),
    object: {
      spec: {
        clusterIP: address,
        clusterIPs: [address],
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
      },
    },
  })
})

test('an address stays the same through other commits, and while the Service has another type', () => {
  const scene = new Scene().commit(service('web'), barePod('one', 'a', { labels: { app: 'web' } }))
  scene.settleTraffic()
  const { clusterIP } = specOf(scene, 'web')
  for (const other of [
    service('web', { ports: [{ port: 443 }] }),
    service('web', { type: 'NodePort' }),
    service('web', { type: 'LoadBalancer' }),
  ]) {
    scene.commit(service('aaa'), service('zzz'), other, barePod('one', 'a', { labels: { app: 'web' } }))
    scene.settleTraffic()
    expect(specOf(scene, 'web').clusterIP).toBe(clusterIP)
  }
})

test('a pod answers in the plan that finds it ready, and in none that finds it unready', () => {
  const scene = new Scene().commit(service('web'), deployment('web', 'a', { replicas: 1 }))
  scene.commit(service('web'), {
    ...deployment('web', 'a', { replicas: 1 }),
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            { name: 'app', image: 'registry.example/app:a', readinessProbe: { exec: { command: ['true'] } } },
          ],
        },
      },
    },
  })
  scene.settleTraffic()
  expect(frontendOf(scene.plan()).endpoints).toHaveLength(1)
  for (const { record } of scene.world.pods) scene.world.unready.add(record.pod.metadata.uid as never)
  const unready = scene.plan()
  expect(frontendOf(unready)).toMatchObject({ endpoints: [], whenEmpty: 'refuse' })
  expect(scene.report('Service', 'web', unready).health).toEqual({
    kind: 'healthy',
    message: 'nothing that is ready answers for it',
  })
  scene.world.unready.clear()
  expect(frontendOf(scene.plan()).endpoints).toHaveLength(1)
})

test('a pod that goes is asked to end once no node leads to it any more', () => {
  const scene = new Scene().commit(service('web'), barePod('one', 'a', { labels: { app: 'web' } }))
  scene.settleTraffic()
  scene.commit(service('web'))
  for (const action of scene.plan().actions) scene.world.apply(action, 'whole')
  const leaving = scene.plan()
  expect(leaving.verdicts).toMatchObject([{ bucket: 'delete', reason: 'is being taken out of its Services' }])
  expect(leaving.actions).toEqual([])
  expect(leaving.requeueAt).toEqual(scene.world.now.add({ seconds: 5 }))
  expect(frontendOf(leaving).endpoints).toEqual([])
})

test('of several, the pod that goes gets no new connections, and ends as soon as that is so on every node', () => {
  const labels = { app: 'web' }
  const scene = new Scene(2).commit(
    service('web'),
    barePod('one', 'a', { labels }),
    barePod('two', 'a', { labels }),
  )
  scene.settleTraffic()
  scene.commit(service('web'), barePod('one', 'a', { labels }))
  for (const action of scene.plan().actions) scene.world.apply(action, 'whole')
  const leaving = scene.plan()
  expect(frontendOf(leaving).endpoints).toHaveLength(1)
  expect(kinds(leaving)).toEqual([])
  scene.world.traffic.set(NODE, trafficOf(leaving))
  expect(kinds(scene.plan())).toEqual([])
  scene.world.traffic.set(nodeName('node-1'), trafficOf(leaving, nodeName('node-1')))
  expect(kinds(scene.plan())).toEqual(['stopContainers'])
})

test('a pod that goes waits 5 s at the most for nodes that do not get to it, and half its grace period', () => {
  for (const [grace, seconds] of [
    [30, 5],
    [4, 2],
    [0, 0],
  ] as const) {
    const labels = { app: 'web' }
    const pod = barePod('one', 'a', { labels })
    const scene = new Scene().commit(service('web'), {
      ...pod,
      spec: { ...pod.spec, terminationGracePeriodSeconds: grace },
    })
    scene.settleTraffic()
    scene.commit(service('web'))
    for (const action of scene.plan().actions) scene.world.apply(action, 'whole')
    for (let waited = 0; waited < seconds; waited += 1) {
      expect(kinds(scene.plan())).toEqual([])
      scene.world.pass(1)
    }
    expect(kinds(scene.plan())).toEqual(['stopContainers'])
  }
})

test('a pod waits for a node of which nobody knows yet what an engine before had it answer, whatever this commit’s Services are', () => {
  const scene = new Scene().commit(service('web'), barePod('one', 'a', { labels: { app: 'web' } }))
  scene.settleTraffic()
  scene.world.traffic.set(NODE, 'unknown')
  scene.commit()
  for (const action of scene.plan().actions) scene.world.apply(action, 'whole')
  expect(kinds(scene.plan())).toEqual([])
  scene.world.traffic.delete(NODE)
  expect(kinds(scene.plan())).toEqual(['stopContainers'])
})

test('as long as nothing changes the traffic is the very same object, and a change leaves all other frontends as they are', () => {
  const labels = { app: 'web' }
  const scene = new Scene().commit(service('web'), service('other'), barePod('one', 'a', { labels }))
  scene.settleTraffic()
  const snapshot = scene.snapshot()
  const before = scene.planOf(snapshot)
  expect(trafficOf(scene.planOf(snapshot))).toBe(trafficOf(before))
  expect(
    trafficOf(scene.planOf({ ...snapshot, observed: { nodes: new Map(snapshot.observed.nodes) } })),
  ).toBe(trafficOf(before))
  const desired = snapshot.desired
  const next = { ...snapshot, desired }
  const gone = scene.planOf({ ...next, observed: { nodes: withoutPods(next.observed.nodes) } })
  const of = (result: Plan, name: string): Frontend =>
    frontendOf(result, (one) => one.service === objectKey('Service', 'default', name))
  expect(of(gone, 'web').endpoints).toEqual([])
  expect(of(gone, 'other')).toBe(of(before, 'other'))
})

function withoutPods(nodes: ReturnType<Scene['snapshot']>['observed']['nodes']) {
  return new Map([...nodes].map(([name, node]) => [name, { ...node, pods: new Map() }]))
}

test('a load balancer has the addresses of the nodes, and two of them not the same port', () => {
  const scene = new Scene().commit(
    service('web', { type: 'LoadBalancer' }),
    service('late', { type: 'LoadBalancer' }),
    service('other', { type: 'LoadBalancer', ports: [{ port: 443 }] }),
  )
  const last = scene.settleTraffic()
  // `late` comes first by name, and both came at once
  expect(scene.report('Service', 'late', last).status).toEqual({
    loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] },
  })
  const refused = scene.report('Service', 'web', last)
  expect(refused.health).toEqual({
    kind: 'failed',
    reason: 'PortInUse',
    message: '80/TCP of the nodes is taken by Service default/late',
  })
  expect(refused.status).toMatchObject({
    loadBalancer: {},
    conditions: [{ type: 'Ready', status: 'False', reason: 'PortInUse' }],
  })
  const atNode = trafficOf(last).frontends.filter(({ address }) => address === '192.0.2.1')
  expect(atNode.map(({ port, service: key }) => [key, port])).toEqual([
    ['Service/default/late', 80],
    ['Service/default/other', 443],
  ])
  // What it has beside is its own.
  expect(specOf(scene, 'web').clusterIP).toMatch(/^10\.96\./)
  expect(specOf(scene, 'web').ports?.[0]?.nodePort).toBeGreaterThanOrEqual(30_000)
})

test('what a node cannot answer is said of the Service that it concerns, or of all, and taken back', () => {
  const scene = new Scene().commit(service('web'), service('other'))
  scene.settleTraffic()
  const problem = { reason: 'PortInUse', message: 'port 30080 is in use' }
  scene.world.problems.set(NODE, [{ ...problem, service: objectKey('Service', 'default', 'web') }])
  const one = scene.settleTraffic()
  expect(scene.report('Service', 'web', one).health).toEqual({
    kind: 'failed',
    reason: 'PortInUse',
    message: 'node node-0: port 30080 is in use',
  })
  expect(scene.report('Service', 'other', one).health.kind).toBe('healthy')
  // An engine that looks without asking the nodes knows it from the record.
  scene.world.problems.clear()
  scene.world.traffic.set(NODE, 'unknown')
  expect(scene.report('Service', 'web').health).toMatchObject({ kind: 'failed', reason: 'PortInUse' })
  scene.world.problems.set(NODE, [])
  expect(scene.report('Service', 'web', scene.settleTraffic()).health.kind).toBe('healthy')
  scene.world.problems.set(NODE, [{ reason: 'NetworkNotReady', message: 'nft is missing' }])
  const all = scene.settleTraffic()
  for (const name of ['web', 'other'])
    expect(scene.report('Service', name, all).health).toMatchObject({
      kind: 'failed',
      reason: 'NetworkNotReady',
    })
})

test('a fixed address that another Service was given before is refused to the newer one alone', () => {
  const scene = new Scene().commit(service('web'))
  scene.settleTraffic()
  const { clusterIP = '' } = specOf(scene, 'web')
  scene.commit(service('web', { clusterIP }), service('other', { clusterIP: '10.97.0.1' }))
  const last = scene.settleTraffic()
  expect(specOf(scene, 'web', last).clusterIP).toBe(clusterIP)
  expect(scene.report('Service', 'other', last).health).toEqual({
    kind: 'failed',
    reason: 'AllocationFailed',
    message: 'failed to allocate IP 10.97.0.1: the provided IP is not in the valid range 10.96.0.0/16',
  })
})

test('endpoints of the commit answer for a Service without selector, beside those of pods where it has one', () => {
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ port: 5432 }],
    endpoints: [{ addresses: ['192.0.2.7'] }, { addresses: ['192.0.2.8'], conditions: { ready: false } }],
  }
  const { selector: _selector, ...spec } = service('web').spec
  const scene = new Scene().commit({ ...service('web'), spec }, slice)
  const alone = scene.settleTraffic()
  expect(frontendOf(alone).endpoints).toEqual([{ address: '192.0.2.7', port: 5432, local: false }])
  expect(scene.report('Service', 'web', alone).endpoints).toEqual(['192.0.2.7:5432'])
  scene.commit(service('web'), slice, barePod('one', 'a', { labels: { app: 'web' } }))
  expect(frontendOf(scene.settleTraffic()).endpoints.map(({ port }) => port)).toEqual([8080, 5432])
})

test('a Service has the pods of its namespace with all of its labels', () => {
  const scene = new Scene().commit(
    barePod('a', 'a', { labels: { app: 'web' } }),
    barePod('b', 'a', { labels: { app: 'web', tier: 'front' } }),
    barePod('c', 'a', { labels: { tier: 'front' } }),
    barePod('d', 'a', { namespace: 'other', labels: { app: 'web', tier: 'front' } }),
    service('all', { selector: { app: 'web' } }),
    service('some', { selector: { app: 'web', tier: 'front' } }),
    service('none', { selector: {} }),
  )
  const last = scene.settleTraffic()
  const numbers = ['all', 'some', 'none'].map((name) => scene.report('Service', name, last).endpoints?.length)
  expect(numbers).toEqual([2, 1, 0])
})

test('EndpointSlices are told of as objects of their own, with their Service as their owner', () => {
  const scene = new Scene().commit(service('web'), barePod('one', 'a', { labels: { app: 'web' } }))
  const last = scene.settleTraffic()
  const slices = [...last.statuses.values()].filter(({ key }) => key.startsWith('EndpointSlice/'))
  expect(slices).toMatchObject([
    {
      object: {
        kind: 'EndpointSlice',
        metadata: { labels: { 'kubernetes.io/service-name': 'web' }, ownerReferences: [{ name: 'web' }] },
        endpoints: [{ conditions: { ready: true, serving: true, terminating: false }, nodeName: 'node-0' }],
      },
    },
  ])
})

test('headless Services and names have no frontends, and are well at once when they are on record', () => {
  const scene = new Scene().commit(service('headless', { clusterIP: 'None' }), {
    ...service('name'),
    spec: { type: 'ExternalName', externalName: 'db.example.org' },
  })
  const last = scene.settleTraffic()
  expect(trafficOf(last).frontends).toEqual([])
  expect(specOf(scene, 'headless', last)).toMatchObject({ clusterIP: 'None', clusterIPs: ['None'] })
  expect(scene.report('Service', 'name', last).health).toEqual({ kind: 'healthy' })
})

test('a Service that has left the repository is answered no more, and forgotten', () => {
  const scene = new Scene().commit(service('web'), service('other'))
  scene.settleTraffic()
  scene.commit(service('other'))
  const last = scene.settleTraffic()
  expect(trafficOf(last).frontends.map((one) => one.service)).toEqual(['Service/default/other'])
  expect([...scene.world.records.keys()]).toEqual(['Service/default/other'])
  scene.commit()
  expect(scene.settleTraffic().traffic).toBeUndefined()
})
