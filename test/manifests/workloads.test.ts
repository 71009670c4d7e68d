import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { linesOf, said } from './reading.ts'

type Fields = Readonly<Record<string, unknown>>

const CONTAINERS = [{ name: 'a', image: 'a' }]
const labels = { app: 'a' }
const template = { metadata: { labels }, spec: { containers: CONTAINERS } }
const selector = { matchLabels: labels }

const UNENFORCED =
  'is shown as the capacity and not enforced: the claim is a folder, and may grow until the disk is full'

const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }

const SETS: readonly (readonly [title: string, kind: string, spec: Fields, lines: readonly string[]])[] = [
  [
    'that replaces nothing',
    'DaemonSet',
    { updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } },
    [
      'error spec.updateStrategy.rollingUpdate.maxUnavailable: cannot be 0 when maxSurge is 0: no pod could ever be replaced',
    ],
  ],
  [
    'with a surge, and the one pod that may be missing by default',
    'DaemonSet',
    { updateStrategy: { rollingUpdate: { maxSurge: 1 } } },
    [
      'error spec.updateStrategy.rollingUpdate.maxSurge: may not be set when maxUnavailable is non-zero (set maxUnavailable: 0)',
    ],
  ],
  [
    'with a surge while others are missing',
    'DaemonSet',
    { updateStrategy: { rollingUpdate: { maxSurge: '10%', maxUnavailable: 1 } } },
    [
      'error spec.updateStrategy.rollingUpdate.maxSurge: may not be set when maxUnavailable is non-zero (set maxUnavailable: 0)',
    ],
  ],
  [
    'with bounds of a strategy that it has not',
    'DaemonSet',
    { updateStrategy: { type: 'OnDelete', rollingUpdate: { maxSurge: 1 } } },
    ['error spec.updateStrategy.rollingUpdate: may not be set when updateStrategy.type is OnDelete'],
  ],
  [
    'with a partition below zero and no pod at a time',
    'StatefulSet',
    { updateStrategy: { rollingUpdate: { partition: -1, maxUnavailable: 0 } }, ordinals: { start: -1 } },
    [
      'error spec.updateStrategy.rollingUpdate.partition: must be >= 0, not -1',
      'error spec.updateStrategy.rollingUpdate.maxUnavailable: cannot be 0: no pod could ever be replaced',
      'error spec.ordinals.start: must be >= 0, not -1',
    ],
  ],
  [
    'with a claim twice, and one of nothing',
    'StatefulSet',
    {
      volumeClaimTemplates: [
        { metadata: { name: 'data' }, spec: CLAIM },
        { metadata: { name: 'data' }, spec: { ...CLAIM, resources: { requests: { storage: '0' } } } },
        { metadata: { name: 'b' }, spec: { ...CLAIM, accessModes: [] } },
      ],
    },
    [
      'error spec.volumeClaimTemplates[1].metadata: "data" is used twice, and must be unique',
      'error spec.volumeClaimTemplates[1].spec.resources.requests.storage: must be greater than zero',
      'error spec.volumeClaimTemplates[2].spec.accessModes: required field is missing (such as [ReadWriteOnce])',
      `warning spec.volumeClaimTemplates[0].spec.resources.requests.storage: ${UNENFORCED}`,
      `warning spec.volumeClaimTemplates[2].spec.resources.requests.storage: ${UNENFORCED}`,
    ],
  ],
  [
    'with a deadline for pods that have no end',
    'ReplicaSet',
    { template: { ...template, spec: { ...template.spec, activeDeadlineSeconds: 5 } } },
    [
      'error spec.template.spec.activeDeadlineSeconds: must not be specified: pods that are always started again have no end',
    ],
  ],
  [
    'whose selector does not match its own pods',
    'ReplicaSet',
    { selector: { matchLabels: { app: 'b' } } },
    [
      'error spec.template.metadata.labels: spec.selector does not match the template\'s labels {"app":"a"} (make the template carry every label that the selector asks for)',
    ],
  ],
]

test.each(SETS)('a set %s is told: %s', (_, kind, spec, lines) => {
  expect(said('apps/v1', kind, { selector, template, ...spec })).toEqual(lines)
})

test('a StatefulSet whose pods have names too long for a label is told before they fail', () => {
  const name = 'a'.repeat(61)
  expect(said('apps/v1', 'StatefulSet', { selector, template, replicas: 10 }, name)).toEqual([])
  expect(said('apps/v1', 'StatefulSet', { selector, template, replicas: 11 }, name)).toEqual([
    `error metadata.name: the name of its last pod, ${name}-10, must be no more than 63 characters: it is a label's value too`,
  ])
})

const OTHERS: readonly (readonly [
  apiVersion: string,
  kind: string,
  spec: Fields,
  lines: readonly string[],
])[] = [
  [
    'v1',
    'PersistentVolumeClaim',
    {
      accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'],
      resources: { requests: { storage: '2Gi' }, limits: { storage: '1Gi' } },
    },
    [
      'error spec.accessModes: may not use ReadWriteOncePod with other access modes',
      'error spec.resources.requests.storage: the request 2Gi must be no more than the storage limit 1Gi',
      `warning spec.resources.requests.storage: ${UNENFORCED}`,
    ],
  ],
  [
    'v1',
    'PersistentVolumeClaim',
    {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '2Gi' } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'a' },
      dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'a' },
    },
    [
      'error spec.dataSource.kind: not supported: a VolumeSnapshot cannot be copied, only a PersistentVolumeClaim can',
      'error spec.dataSourceRef: must match dataSource',
      'warning spec.resources.requests.storage: is shown as the capacity and not enforced: the claim is a folder, and may grow until the disk is full',
    ],
  ],
  [
    'policy/v1',
    'PodDisruptionBudget',
    { selector: {}, minAvailable: 1, maxUnavailable: '101%' },
    ['error spec.maxUnavailable: may not be given together with minAvailable'],
  ],
  [
    'policy/v1',
    'PodDisruptionBudget',
    { selector: {}, maxUnavailable: '101%' },
    ['error spec.maxUnavailable: must be no more than 100%'],
  ],
  [
    'policy/v1',
    'PodDisruptionBudget',
    { minAvailable: 1 },
    ['warning spec: protects nothing: without a selector it holds for no pod'],
  ],
]

test.each(OTHERS)('%s %s with %o is told what is wrong with it', (apiVersion, kind, spec, lines) => {
  expect(said(apiVersion, kind, spec)).toEqual(lines)
})

function autoscaler(spec: Fields): readonly string[] {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' }
  const lines = said('autoscaling/v2', 'HorizontalPodAutoscaler', { scaleTargetRef, maxReplicas: 3, ...spec })
  return lines.filter((line) => !line.startsWith('warning'))
}

function cpu(target: Fields): Fields {
  return { metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }] }
}

const SCALERS: readonly (readonly [title: string, spec: Fields, lines: readonly string[]])[] = [
  ['nothing but its bounds', {}, []],
  ['a share of cpu', cpu({ type: 'Utilization', averageUtilization: 50 }), []],
  [
    'bounds in the wrong order, from nothing',
    { minReplicas: 0, maxReplicas: 1 },
    ['error spec.minReplicas: must be 1 or more: a workload of no pods has nothing that could be measured'],
  ],
  [
    'less than its least',
    { minReplicas: 5 },
    ['error spec.maxReplicas: must be no less than minReplicas, 5'],
  ],
  [
    'a target that has no replicas',
    { scaleTargetRef: { kind: 'DaemonSet', name: 'a' } },
    [
      'error spec.scaleTargetRef.kind: a DaemonSet cannot be scaled: it must be one of Deployment, ReplicaSet, StatefulSet',
    ],
  ],
  [
    'a metric that nothing serves',
    {
      metrics: [
        { type: 'External', external: { metric: { name: 'a' }, target: { type: 'Value', value: 1 } } },
      ],
    },
    [
      'error spec.metrics[0].external: not supported: comes from an adapter beside the cluster, and there is none; Resource and ContainerResource are measured',
    ],
  ],
  [
    'a metric without its source',
    { metrics: [{ type: 'Resource' }] },
    ['error spec.metrics[0].resource: must populate information for the given metric source'],
  ],
  [
    'a target of no value',
    cpu({ type: 'Utilization' }),
    [
      'error spec.metrics[0].resource.target.averageUtilization: must set either a target raw value or a target utilization',
    ],
  ],
  [
    'a target of two values',
    cpu({ type: 'Utilization', averageUtilization: 5, averageValue: 1 }),
    [
      'error spec.metrics[0].resource.target.averageValue: may not set both a target raw value and a target utilization',
    ],
  ],
  [
    'a target of another type than its value',
    cpu({ type: 'Utilization', averageValue: 1 }),
    [
      'error spec.metrics[0].resource.target.type: must be AverageValue with the value that is given, not Utilization',
    ],
  ],
  [
    'no policy at all',
    { behavior: { scaleUp: { policies: [] } } },
    ['error spec.behavior.scaleUp.policies: must specify at least one policy'],
  ],
  [
    'a window beyond an hour',
    { behavior: { scaleDown: { stabilizationWindowSeconds: 3601 } } },
    ['error spec.behavior.scaleDown.stabilizationWindowSeconds: must be <= 3600, not 3601'],
  ],
]

test.each(SCALERS)('an autoscaler with %s is told what is wrong with it', (_, spec, lines) => {
  expect(autoscaler(spec)).toEqual(lines)
})

function priorityClass(fields: Fields, name: string): readonly string[] {
  const text = stringify({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    ...fields,
  })
  return linesOf(text).map((line) => line.replace(/^.*PriorityClass \S+: /, ''))
}

test('a priority class keeps out of what the system needs for itself', () => {
  expect(priorityClass({ value: 1_000_000_000 }, 'high')).toEqual([])
  expect(priorityClass({ value: -5 }, 'low')).toEqual([])
  expect(priorityClass({ value: 1_000_000_001 }, 'high')).toEqual([
    'value: must be no more than 1000000000, not 1000000001: what is above is reserved for system use',
  ])
  expect(priorityClass({ value: 1 }, 'system-mine')).toEqual([
    'metadata.name: priority class names with the prefix system- are reserved for system use only',
  ])
  expect(priorityClass({ value: 2_000_001_000 }, 'system-node-critical')).toEqual([])
  expect(priorityClass({ value: 5 }, 'system-node-critical')).toEqual([
    'value: the value of system-node-critical is 2000001000, and cannot be another one',
  ])
})
