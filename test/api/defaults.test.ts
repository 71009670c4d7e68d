import { expect, test } from 'vitest'
import { defaultPullPolicy } from '../../engine/api/defaults/container.ts'
import { withDefaults } from '../../engine/api/defaults/objects.ts'
import { podSpecWithDefaults, podTemplateWithDefaults } from '../../engine/api/defaults/pod.ts'
import type { KubernetesObject, PodSpec } from '../../engine/api/generated/types.ts'
import { OBJECTS } from '../manifests/objects.ts'

const OF_CONTAINER = {
  imagePullPolicy: 'IfNotPresent',
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
}

const OF_TEMPLATE = {
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
  terminationGracePeriodSeconds: 30,
}

const PLAIN = { containers: [{ name: 'web', image: 'web:1' }] } satisfies PodSpec
const PLAIN_TEMPLATE = { ...OF_TEMPLATE, containers: [{ ...PLAIN.containers[0], ...OF_CONTAINER }] }

test('a plain pod spec gets what the API server fills in', () => {
  expect(podSpecWithDefaults(PLAIN)).toEqual({ ...PLAIN_TEMPLATE, enableServiceLinks: true })
})

test('a template is left without what only a Pod gets', () => {
  const limits = { cpu: '0.5' }
  const spec: PodSpec = {
    hostNetwork: true,
    containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }], resources: { limits } }],
  }
  expect(podTemplateWithDefaults({ spec }).spec.containers[0]).toMatchObject({
    ports: [{ containerPort: 80, protocol: 'TCP' }],
    resources: { limits: { cpu: '500m' } },
  })
  expect(podTemplateWithDefaults({ spec }).spec).not.toHaveProperty('enableServiceLinks')
  expect(podSpecWithDefaults(spec).containers[0]).toMatchObject({
    ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
    resources: { limits: { cpu: '500m' }, requests: { cpu: '500m' } },
  })
})

test('a limit is no request where there is a request', () => {
  const resources = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m' } }
  const spec = podSpecWithDefaults({ initContainers: [{ name: 'a', resources }], containers: [] })
  expect(spec.initContainers?.[0]?.resources?.requests).toEqual({ cpu: '100m', memory: '1Gi' })
})

test.each([
  ['web', 'Always'],
  ['web:latest', 'Always'],
  ['registry.example:5000/web', 'Always'],
  ['registry.example:5000/web:1', 'IfNotPresent'],
  ['web:1', 'IfNotPresent'],
  ['web@sha256:abc', 'IfNotPresent'],
  ['web:latest@sha256:abc', 'Always'],
] as const)('the image %s is pulled %s', (image, policy) => {
  expect(defaultPullPolicy(image)).toBe(policy)
})

test('probes and hooks get their numbers, scheme and path', () => {
  const container = {
    name: 'web',
    livenessProbe: { exec: { command: ['a'] } },
    readinessProbe: { httpGet: { port: 80 }, periodSeconds: 5 },
    lifecycle: { preStop: { httpGet: { port: 80, path: '/stop' } } },
  }
  const numbers = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }
  expect(podSpecWithDefaults({ containers: [container] }).containers[0]).toMatchObject({
    livenessProbe: { exec: { command: ['a'] }, ...numbers },
    readinessProbe: { httpGet: { port: 80, path: '/', scheme: 'HTTP' }, ...numbers, periodSeconds: 5 },
    lifecycle: { preStop: { httpGet: { port: 80, path: '/stop', scheme: 'HTTP' } } },
  })
})

test('volumes get their mode and type, and one without a source is an empty directory', () => {
  const volumes = [
    { name: 'a' },
    { name: 'b', configMap: { name: 'b' } },
    { name: 'c', secret: { secretName: 'c', defaultMode: 256 } },
    { name: 'd', hostPath: { path: '/d' } },
    { name: 'e', emptyDir: { sizeLimit: '1024Mi' } },
    { name: 'f', projected: { sources: [{ serviceAccountToken: { path: 'a' } }] } },
  ]
  expect(podSpecWithDefaults({ containers: [], volumes }).volumes).toEqual([
    { name: 'a', emptyDir: {} },
    { name: 'b', configMap: { name: 'b', defaultMode: 420 } },
    { name: 'c', secret: { secretName: 'c', defaultMode: 256 } },
    { name: 'd', hostPath: { path: '/d', type: '' } },
    { name: 'e', emptyDir: { sizeLimit: '1Gi' } },
    {
      name: 'f',
      projected: {
        sources: [{ serviceAccountToken: { path: 'a', expirationSeconds: 3600 } }],
        defaultMode: 420,
      },
    },
  ])
})

test('what a whole pod requests is what its containers request, or its limit', () => {
  const container = { name: 'a', resources: { requests: { cpu: '250m' } } }
  const spec = podSpecWithDefaults({
    containers: [container, { ...container, name: 'b' }],
    resources: { limits: { cpu: '1', memory: '1024Mi' } },
  })
  expect(spec.resources).toEqual({
    limits: { cpu: '1', memory: '1Gi' },
    requests: { cpu: '500m', memory: '1Gi' },
  })
})

test('files about the pod and claims of a pod get their defaults', () => {
  const volumes: PodSpec['volumes'] = [
    {
      name: 'a',
      downwardAPI: {
        items: [{ path: 'a', resourceFieldRef: { containerName: 'a', resource: 'limits.cpu' } }],
      },
    },
    {
      name: 'b',
      ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '1024Mi' } } } } },
    },
  ]
  expect(podSpecWithDefaults({ containers: [], volumes }).volumes).toEqual([
    {
      name: 'a',
      downwardAPI: {
        defaultMode: 420,
        items: [
          { path: 'a', resourceFieldRef: { containerName: 'a', resource: 'limits.cpu', divisor: '0' } },
        ],
      },
    },
    {
      name: 'b',
      ephemeral: {
        volumeClaimTemplate: {
          spec: { resources: { requests: { storage: '1Gi' } }, volumeMode: 'Filesystem' },
        },
      },
    },
  ])
})

test('variables get the version of their field and the divisor of their resource', () => {
  const env = [
    { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
  ]
  expect(podSpecWithDefaults({ containers: [{ name: 'web', env }] }).containers[0]?.env).toEqual([
    { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } } },
    { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '0' } } },
  ])
})

const selector = { matchLabels: { app: 'web' } }
const template = { metadata: { labels: { app: 'web' } }, spec: PLAIN }
const filled = { metadata: { labels: { app: 'web' } }, spec: PLAIN_TEMPLATE }
const metadata = { name: 'a' }

const SPECS: readonly (readonly [object: KubernetesObject, spec: unknown])[] = [
  [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { selector, template } },
    {
      selector,
      template: filled,
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    },
  ],
  [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector, template, replicas: 0, strategy: { type: 'Recreate' } },
    },
    {
      selector,
      template: filled,
      replicas: 0,
      strategy: { type: 'Recreate' },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    },
  ],
  [
    { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec: { selector, template, serviceName: 'a' } },
    {
      selector,
      template: filled,
      serviceName: 'a',
      replicas: 1,
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    },
  ],
  [
    { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: { selector, template } },
    {
      selector,
      template: filled,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      revisionHistoryLimit: 10,
    },
  ],
  [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec: { selector, template } },
    { selector, template: filled, replicas: 1 },
  ],
  [
    { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } },
    {
      template: filled,
      completions: 1,
      parallelism: 1,
      completionMode: 'NonIndexed',
      backoffLimit: 6,
      manualSelector: false,
      podReplacementPolicy: 'TerminatingOrFailed',
      suspend: false,
    },
  ],
  [
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata,
      spec: { schedule: '@daily', jobTemplate: { spec: { template } } },
    },
    {
      schedule: '@daily',
      jobTemplate: { spec: { template: filled } },
      concurrencyPolicy: 'Allow',
      failedJobsHistoryLimit: 1,
      successfulJobsHistoryLimit: 3,
      suspend: false,
    },
  ],
  [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } },
    {
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
    },
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { type: 'LoadBalancer', sessionAffinity: 'ClientIP' },
    },
    {
      type: 'LoadBalancer',
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
      internalTrafficPolicy: 'Cluster',
      externalTrafficPolicy: 'Cluster',
      allocateLoadBalancerNodePorts: true,
    },
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata,
      spec: { resources: { requests: { storage: '1024Mi' } } },
    },
    { resources: { requests: { storage: '1Gi' } }, volumeMode: 'Filesystem' },
  ],
  [
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata,
      spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'a' } },
    },
    {
      maxReplicas: 3,
      scaleTargetRef: { kind: 'Deployment', name: 'a' },
      minReplicas: 1,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ],
    },
  ],
  [
    { apiVersion: 'reconcile.dev/v1', kind: 'Cluster', metadata },
    { podCIDR: '10.244.0.0/16', serviceCIDR: '10.96.0.0/16' },
  ],
  [{ apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata }, { runtime: 'oci' }],
]

test.each(SPECS)('the spec of $kind gets its defaults', (object, spec) => {
  expect(withDefaults(object)).toMatchObject({ spec })
  expect(withDefaults(object)).toEqual({ ...object, metadata: expect.anything(), spec })
})

test('a Namespace can be selected by its name', () => {
  expect(withDefaults({ apiVersion: 'v1', kind: 'Namespace', metadata })).toMatchObject({
    metadata: { name: 'a', labels: { 'kubernetes.io/metadata.name': 'a' } },
  })
})

test('a Job without labels has those of its template', () => {
  expect(
    withDefaults({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } }).metadata.labels,
  ).toEqual({ app: 'web' })
})

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

test.each(OBJECTS)(
  'defaults of a $kind given twice are defaults given once, and leave what was written alone',
  (object) => {
    const written = frozen(structuredClone(object)) as unknown as KubernetesObject
    const once = withDefaults(written)
    expect(withDefaults(frozen(once))).toEqual(once)
    expect(written).toEqual(object)
  },
)
