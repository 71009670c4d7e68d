import { expect, test } from 'vitest'
import type { PodSpec, Service } from '../../../engine/api/generated/types.ts'
import { nodeName, objectKey, podUid } from '../../../engine/api/names.ts'
import { targetPort } from '../../../engine/api/targetPorts.ts'
import { endpointSlices } from '../../../engine/controllers/service/endpoints.ts'
import type { PodView } from '../../../engine/controllers/view.ts'

interface Like {
  readonly ip?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly namespace?: string
  readonly spec?: Partial<PodSpec>
  readonly ready?: boolean
  readonly deleting?: boolean
  readonly finished?: boolean
  readonly reachable?: boolean
  /** As `ready` when absent. */
  readonly serving?: boolean
}

function pod(name: string, like: Like = {}): PodView {
  const {
    deleting = false,
    finished = false,
    labels = { app: 'web' },
    namespace = 'shop',
    ready = true,
  } = like
  return {
    uid: podUid(`uid-${name}`),
    key: objectKey('Pod', namespace, name),
    label: `${namespace}/${name}`,
    node: nodeName('n1'),
    record: {
      recordVersion: 1,
      generation: 1,
      node: nodeName('n1'),
      commit: 'c',
      pod: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, labels },
        spec: { containers: [{ name: 'main', image: 'a' }], ...like.spec },
      },
      conditions: [],
      containers: {},
    },
    status: { phase: 'Running', ...(like.ip === undefined ? {} : { podIP: like.ip }) },
    reachable: like.reachable ?? true,
    busy: undefined,
    deleting,
    deletingOnRecord: deleting,
    evicted: false,
    givenUp: false,
    finished,
    ready,
    serving: like.serving ?? ready,
    readyOnRecord: ready,
    health: { kind: 'healthy' },
  }
}

function service(spec: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
  }
}

const FOUR = ['IPv4'] as const

test('what has an address is an endpoint; ready is what is ready, not ending, and not lost with its node', () => {
  const [slice, ...more] = endpointSlices(service(), FOUR, [
    pod('ready', { ip: '10.0.0.1' }),
    pod('starting', { ip: '10.0.0.2', ready: false }),
    pod('ending', { ip: '10.0.0.3', deleting: true }),
    pod('lost', { ip: '10.0.0.4', reachable: false, serving: false }),
    pod('silent', { ip: '10.0.0.6', reachable: false }),
    pod('ended', { ip: '10.0.0.5', finished: true }),
    pod('new'),
  ])
  expect(more).toEqual([])
  expect(slice).toMatchObject({
    kind: 'EndpointSlice',
    metadata: { namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  })
  const shown = slice?.endpoints.map(({ conditions, targetRef }) => [
    targetRef.name,
    ...Object.values(conditions),
  ])
  expect(shown).toEqual([
    ['ending', false, true, true],
    ['lost', false, false, false],
    ['ready', true, true, false],
    ['silent', true, true, false],
    ['starting', false, false, false],
  ])
})

test('whoever asks for addresses that are not ready gets them all as ready', () => {
  const pods = [pod('a', { ip: '10.0.0.1', ready: false }), pod('b', { ip: '10.0.0.2', deleting: true })]
  const [slice] = endpointSlices(service({ publishNotReadyAddresses: true }), FOUR, pods)
  expect(slice?.endpoints.map(({ conditions }) => conditions.ready)).toEqual([true, true])
})

test('a named port is looked up in each pod, sidecars included, and pods that answer differently are slices of their own', () => {
  const named = service({ ports: [{ name: 'http', port: 80, targetPort: 'web' }] })
  const withPort = (containerPort: number): Partial<PodSpec> => ({
    containers: [{ name: 'main', image: 'a', ports: [{ name: 'web', containerPort }] }],
  })
  const sidecar: Partial<PodSpec> = {
    initContainers: [
      { name: 's', image: 'a', restartPolicy: 'Always', ports: [{ name: 'web', containerPort: 8080 }] },
    ],
  }
  const slices = endpointSlices(named, FOUR, [
    pod('a', { ip: '10.0.0.1', spec: withPort(8080) }),
    pod('b', { ip: '10.0.0.2', spec: withPort(9090) }),
    pod('c', { ip: '10.0.0.3', spec: sidecar }),
    pod('d', { ip: '10.0.0.4' }),
  ])
  const shown = slices.map(({ endpoints, ports }) => [
    ports.map(({ port }) => port),
    endpoints.map(({ targetRef }) => targetRef.name),
  ])
  expect(shown).toEqual([
    [[], ['d']],
    [[8080], ['a', 'c']],
    [[9090], ['b']],
  ])
})

test('without a target port the pods listen where the Service does', () => {
  const spec: PodSpec = { containers: [{ name: 'main', image: 'a' }] }
  expect(targetPort({ port: 80 }, spec)).toBe(80)
  expect(targetPort({ port: 80, targetPort: 'none' }, spec)).toBeUndefined()
})

test('a slice holds a hundred endpoints at most, and keeps its name while they come and go', () => {
  const pods = Array.from({ length: 150 }, (_, index) =>
    pod(`p${String(index).padStart(3, '0')}`, { ip: `10.0.1.${index}` }),
  )
  const slices = endpointSlices(service(), FOUR, pods)
  expect(slices.map(({ endpoints }) => endpoints.length)).toEqual([100, 50])
  expect(endpointSlices(service(), FOUR, pods.slice(1)).map(({ metadata }) => metadata.name)).toEqual(
    slices.map(({ metadata }) => metadata.name),
  )
})

test('of a pod with two addresses those of the families of the Service count, each in a slice of its family', () => {
  const both = pod('a', { ip: '10.0.0.1' })
  const dual = { ...both, status: { ...both.status, podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] } }
  const typesOf = (families: readonly ('IPv4' | 'IPv6')[]) =>
    endpointSlices(service(), families, [dual]).map(({ addressType }) => addressType)
  expect(typesOf(['IPv6', 'IPv4'])).toEqual(['IPv4', 'IPv6'])
  expect(typesOf(['IPv4'])).toEqual(['IPv4'])
  expect(typesOf(['IPv6'])).toEqual(['IPv6'])
})

test("a pod's host name is told where it stands below the Service's", () => {
  const spec = { hostname: 'first', subdomain: 'web' }
  const [slice] = endpointSlices(service(), FOUR, [pod('a', { ip: '10.0.0.1', spec })])
  expect(slice?.endpoints[0]?.hostname).toBe('first')
})
