import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { allOf, linesOf, readTexts } from './reading.ts'

const POD = {
  metadata: { labels: { app: 'web' }, annotations: { a: 'b' } },
  spec: {
    initContainers: [
      { name: 'init', image: 'a', restartPolicy: 'Always', startupProbe: { exec: { command: ['a'] } } },
    ],
    containers: [
      {
        name: 'web',
        image: 'web:1',
        ports: [{ name: 'http', containerPort: 80, hostPort: 80, hostIP: '127.0.0.1' }],
        env: [
          { name: 'A', value: 'b' },
          { name: 'B', valueFrom: { configMapKeyRef: { name: 'a', key: 'b' } } },
          { name: 'C', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
          { name: 'D', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
        envFrom: [{ prefix: 'A_', secretRef: { name: 'a' } }],
        resources: { limits: { cpu: '1' }, requests: { cpu: '1' } },
        readinessProbe: { httpGet: { port: 'http', httpHeaders: [{ name: 'a', value: 'b' }] } },
        lifecycle: {
          preStop: { sleep: { seconds: 1 } },
          postStart: { tcpSocket: { port: 1 } },
          stopSignal: 'SIGTERM',
        },
        volumeMounts: [{ name: 'a', mountPath: '/a', subPath: 'b' }],
        securityContext: {
          capabilities: { add: ['ALL'] },
          seccompProfile: { type: 'Localhost', localhostProfile: 'a' },
        },
      },
    ],
    volumes: [
      { name: 'a', configMap: { name: 'a', items: [{ key: 'a', path: 'b' }] } },
      { name: 'b', hostPath: { path: '/a' } },
      { name: 'c', emptyDir: { sizeLimit: '1Mi' } },
      { name: 'd', persistentVolumeClaim: { claimName: 'a' } },
    ],
    dnsConfig: { nameservers: ['192.0.2.1'] },
    hostAliases: [{ ip: '192.0.2.1', hostnames: ['a'] }],
    imagePullSecrets: [{ name: 'a' }],
    securityContext: { supplementalGroups: [1], sysctls: [{ name: 'a', value: 'b' }] },
    nodeSelector: { a: 'b' },
    os: { name: 'linux' },
  },
}

const JOB_POD = { ...POD, spec: { ...POD.spec, restartPolicy: 'Never' } }

const selector = {
  matchLabels: { app: 'web' },
  matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }],
}

/** One object of every kind, rich in fields. */
const OBJECTS: readonly Readonly<Record<string, unknown>>[] = [
  { apiVersion: 'v1', kind: 'Pod', ...POD, metadata: { name: 'a', ...POD.metadata } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: { selector, template: POD, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: '10%' } } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'a' },
    spec: {
      selector,
      template: POD,
      serviceName: 'a',
      volumeClaimTemplates: [
        { metadata: { name: 'a' }, spec: { resources: { requests: { storage: '1Gi' } } } },
      ],
    },
  },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'a' }, spec: { selector, template: POD } },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'a' }, spec: { selector, template: POD } },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'a' },
    spec: { template: JOB_POD, selector, manualSelector: true },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'a' },
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template: JOB_POD } } },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a' },
    spec: { selector: { a: 'b' }, ports: [{ name: 'a', port: 80, targetPort: 'http' }] },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a' },
    data: { a: 'b' },
    binaryData: { b: 'aGk=' },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'a' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': 'e30=' },
    stringData: { a: 'b' },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'a' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'a' },
    spec: { minAvailable: 1, selector },
  },
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a' },
    spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'a' } },
  },
  {
    apiVersion: 'reconcile.dev/v1',
    kind: 'Cluster',
    metadata: { name: 'a' },
    spec: { podCIDR: '10.1.0.0/16', registries: { mirrors: { a: ['http://a'] } } },
  },
  { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name: 'a' }, spec: { address: 'ssh://a' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' } },
  { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'a' }, value: 1 },
]

/** What people and machines put where something else belongs. */
const wrong = fc.constantFrom<unknown>(
  null,
  0,
  -1,
  1e12,
  1.5,
  true,
  '',
  'x',
  'A b',
  '../x',
  '9',
  [],
  [null],
  ['x'],
  [{}],
  {},
  { x: 1 },
  { name: 5 },
)

function places(value: unknown): readonly (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [[]]
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(value)
  return [[], ...entries.flatMap(([key, member]) => places(member).map((place) => [key, ...place]))]
}

function replaced(value: unknown, [key, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (key === undefined) return by
  if (Array.isArray(value))
    return value.map((item, index) => (index === key ? replaced(item, rest, by) : item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, name === key ? replaced(member, rest, by) : member]),
  )
}

const broken = fc
  .constantFrom(...OBJECTS)
  .chain((object) =>
    fc.tuple(
      fc.constant(object),
      fc.array(fc.tuple(fc.constantFrom(...places(object).slice(1)), wrong), { minLength: 1, maxLength: 4 }),
    ),
  )
  .map(([object, changes]) =>
    changes.reduce<unknown>((changed, [place, by]) => replaced(changed, place, by), object),
  )

test('an object with any of its parts replaced is read or refused, and every diagnostic has a place in the file', () => {
  fc.assert(
    fc.property(broken, (object) => {
      const text = stringify(object)
      const lines = text.split('\n').length
      for (const { column, line } of allOf(readTexts({ 'a.yaml': text }, 'files'))) {
        expect(line).toBeGreaterThan(0)
        expect(line).toBeLessThanOrEqual(lines)
        expect(column).toBeGreaterThan(0)
      }
    }),
    { numRuns: 500, seed: 42 },
  )
})

test('any text is read or refused', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...' \n\t-:?*&!|>[]{},\'"#%a1~<'), maxLength: 60 }),
      (text) => {
        expect(readTexts({ 'a.yaml': text }).kind).toMatch(/^(?:valid|invalid)$/)
      },
    ),
    { numRuns: 1000, seed: 42 },
  )
})

test('an object of every kind is free of errors but for what is not supported', () => {
  const errors = OBJECTS.flatMap((object) => linesOf(stringify(object), 'files')).filter((line) =>
    line.includes(' error: '),
  )
  expect(
    errors.filter((line) => !line.includes('not supported')).map((line) => line.replace(/^\S+ error: /, '')),
  ).toEqual([])
})
