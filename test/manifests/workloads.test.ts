import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { linesOf } from './reading.ts'

type Fields = Readonly<Record<string, unknown>>

/** What is said of an object, without its place and its name: `error field: message`. */
function said(apiVersion: string, kind: string, spec: Fields, name = 'a'): readonly string[] {
  const text = stringify({ apiVersion, kind, metadata: { name }, spec })
  return linesOf(text, 'files').map((line) =>
    line.replace(/^a\.yaml:\d+:\d+: (error|warning): \S+ \S+ /, (_, severity) => `${severity} `),
  )
}

const CONTAINERS = [{ name: 'a', image: 'a' }]
const labels = { app: 'a' }
const template = { metadata: { labels }, spec: { containers: CONTAINERS } }
const selector = { matchLabels: labels }

function job(spec: Fields, pod: Fields = {}): readonly string[] {
  const podTemplate = { spec: { restartPolicy: 'Never', containers: CONTAINERS, ...pod } }
  return said('batch/v1', 'Job', { ...spec, template: podTemplate })
}

const INDEXED = { completionMode: 'Indexed', completions: 3 }

const JOBS: readonly (readonly [title: string, spec: Fields, pod: Fields, lines: readonly string[]])[] = [
  ['one pod', {}, {}, []],
  ['no pod at a time', { parallelism: 0, completions: 3 }, {}, []],
  [
    'pods that are always started again',
    {},
    { restartPolicy: 'Always' },
    ['error spec.template.spec.restartPolicy: must be OnFailure or Never here, not Always'],
  ],
  [
    'no restart policy',
    {},
    { restartPolicy: undefined },
    ['error spec.template.spec.restartPolicy: must be OnFailure or Never here, not Always'],
  ],
  [
    'indexes without a number',
    { completionMode: 'Indexed' },
    {},
    ['error spec.completions: must be set when completionMode is Indexed'],
  ],
  [
    'limits for indexes that it has not',
    { backoffLimitPerIndex: 1 },
    {},
    ['error spec.backoffLimitPerIndex: requires indexed completion mode (set completionMode: Indexed)'],
  ],
  [
    'a bound of failed indexes alone',
    { ...INDEXED, maxFailedIndexes: 1 },
    {},
    ['error spec.backoffLimitPerIndex: must be given when maxFailedIndexes is'],
  ],
  [
    'a bound of failed indexes beyond all',
    { ...INDEXED, backoffLimitPerIndex: 1, maxFailedIndexes: 4 },
    {},
    ['error spec.maxFailedIndexes: must be no more than completions, 3'],
  ],
  [
    'a limit for each index and containers that are started again',
    { ...INDEXED, backoffLimitPerIndex: 1 },
    { restartPolicy: 'OnFailure' },
    ['error spec.template.spec.restartPolicy: only Never is supported when backoffLimitPerIndex is given'],
  ],
  [
    'another controller',
    { managedBy: 'kueue.x-k8s.io/multikueue' },
    {},
    [
      'error spec.managedBy: not supported: nothing here runs Jobs but kubernetes.io/job-controller (leave it out)',
    ],
  ],
  [
    'a gate that nothing opens',
    {},
    { schedulingGates: [{ name: 'a' }] },
    [
      'error spec.template.spec.schedulingGates: the Job can never finish: its pods wait for a gate that nothing here opens (suspend the Job until it may run)',
    ],
  ],
  [
    'a container that never ends',
    {},
    { containers: [{ name: 'a', image: 'a', restartPolicy: 'Always' }] },
    [
      'error spec.template.spec.containers[0].restartPolicy: the Job can never finish: this container is started again whenever it ends (a sidecar is an init container)',
    ],
  ],
  [
    'a selector of its own',
    { selector: { matchLabels: { a: 'b' } } },
    {},
    ['error spec.selector: may not be set without manualSelector: true (leave it out)'],
  ],
  [
    'a failure rule with both conditions',
    {
      podFailurePolicy: {
        rules: [
          {
            action: 'Ignore',
            onExitCodes: { operator: 'In', values: [1] },
            onPodConditions: [{ type: 'a' }],
          },
        ],
      },
    },
    {},
    ['error spec.podFailurePolicy.rules[0]: may not have both onExitCodes and onPodConditions'],
  ],
  [
    'failure rules about nothing, about success, twice the same and about a stranger',
    {
      podFailurePolicy: {
        rules: [
          { action: 'FailJob' },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [0, 3, 3] } },
          { action: 'FailIndex', onExitCodes: { containerName: 'b', operator: 'NotIn', values: [0] } },
        ],
      },
    },
    {},
    [
      'error spec.podFailurePolicy.rules[0]: must have one of onExitCodes, onPodConditions',
      'error spec.podFailurePolicy.rules[1].onExitCodes.values[0]: must not be 0 for the In operator: that is no failure',
      'error spec.podFailurePolicy.rules[1].onExitCodes.values[2]: 3 is there twice',
      'error spec.podFailurePolicy.rules[2].action: FailIndex requires the use of backoffLimitPerIndex',
      'error spec.podFailurePolicy.rules[2].onExitCodes.containerName: "b" is no container of the pod template (did you mean a?)',
    ],
  ],
  [
    'a failure policy that waits for no failure',
    {
      podReplacementPolicy: 'TerminatingOrFailed',
      podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] },
    },
    {},
    ['error spec.podReplacementPolicy: must be Failed when podFailurePolicy is given'],
  ],
  [
    'a success that is more than all',
    { ...INDEXED, successPolicy: { rules: [{ succeededCount: 4 }] } },
    {},
    [
      'error spec.successPolicy.rules[0].succeededCount: the rule can never be met: must be no more than completions, 3',
    ],
  ],
  [
    'a success that is more than the indexes it names',
    { ...INDEXED, successPolicy: { rules: [{ succeededCount: 3, succeededIndexes: '0,2' }] } },
    {},
    [
      'error spec.successPolicy.rules[0].succeededCount: the rule can never be met: must be no more than the number of succeededIndexes, 2',
    ],
  ],
  [
    'success of indexes that it has not, in no order, or of no form',
    {
      ...INDEXED,
      successPolicy: {
        rules: [{ succeededIndexes: '1-3' }, { succeededIndexes: '2,1' }, { succeededIndexes: '0..2' }, {}],
      },
    },
    {},
    [
      'error spec.successPolicy.rules[0].succeededIndexes: the index 3 must be less than completions, 3',
      'error spec.successPolicy.rules[1].succeededIndexes: 1 must be greater than what stands before it',
      'error spec.successPolicy.rules[2].succeededIndexes: "0..2" is neither an index nor a range of indexes such as 2-4',
      'error spec.successPolicy.rules[3]: must have at least one of succeededCount, succeededIndexes',
    ],
  ],
  [
    'a success policy without indexes',
    { completions: 3, successPolicy: { rules: [{ succeededCount: 1 }] } },
    {},
    ['error spec.successPolicy: requires indexed completion mode (set completionMode: Indexed)'],
  ],
]

test.each(JOBS)('a Job with %s is told what is wrong with it', (_, spec, pod, lines) => {
  expect(job(spec, pod)).toEqual(lines)
})

function cronJob(spec: Fields, ofJob: Fields = {}): readonly string[] {
  const podTemplate = { spec: { restartPolicy: 'Never', containers: CONTAINERS } }
  const jobTemplate = { spec: { template: podTemplate, ...ofJob } }
  return said('batch/v1', 'CronJob', { schedule: '@daily', jobTemplate, ...spec })
}

const FORM = 'five fields (minute hour day month weekday), or @hourly'

const SCHEDULES: readonly (readonly [schedule: string, lines: readonly string[]])[] = [
  ['*/5 8-17 * JAN-MAR mon,fri', []],
  ['@every 1h30m', []],
  ['0 0 29 2 *', []],
  ['0 0 30 2 1', []],
  ['0 0 30 2 *', ['error spec.schedule: "0 0 30 2 *" never comes due: no month in it has such a day']],
  [
    '0 0 31 4,6,9,11 *',
    ['error spec.schedule: "0 0 31 4,6,9,11 *" never comes due: no month in it has such a day'],
  ],
  [
    '61 * * * *',
    [
      `error spec.schedule: "61 * * * *" is no schedule: minute: end of range (61) above maximum (59): 61 (${FORM})`,
    ],
  ],
  [
    '* * * * 7',
    [
      `error spec.schedule: "* * * * 7" is no schedule: day of week: end of range (7) above maximum (6): 7; Sunday is 0 (${FORM})`,
    ],
  ],
  [
    '* * * *',
    [
      `error spec.schedule: "* * * *" is no schedule: expected exactly 5 fields, found 4: "* * * *" (${FORM})`,
    ],
  ],
  [
    'TZ=UTC * * * * *',
    [
      `error spec.schedule: "TZ=UTC * * * * *" is no schedule: cannot use TZ or CRON_TZ in schedule, use timeZone field instead (${FORM})`,
    ],
  ],
]

test.each(SCHEDULES)('the schedule %s is read as Kubernetes reads it', (schedule, lines) => {
  expect(cronJob({ schedule })).toEqual(lines)
})

test('an impossible schedule is told at its line and column', () => {
  const text = `apiVersion: batch/v1
kind: CronJob
metadata: {name: a}
spec:
  schedule: "0 3 30 2 *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}}
`
  expect(linesOf(text)).toEqual([
    'a.yaml:5:13: error: CronJob default/a: spec.schedule: "0 3 30 2 *" never comes due: no month in it has such a day',
  ])
})

const ZONE_HINT = 'such as Europe/Berlin or Etc/UTC'

test('a time zone must be one that there is, by its name', () => {
  expect(cronJob({ timeZone: 'Asia/Kathmandu' })).toEqual([])
  expect(cronJob({ timeZone: 'Europe/Atlantis' })).toEqual([
    'error spec.timeZone: unknown time zone Europe/Atlantis (did you mean Europe/Athens?)',
  ])
  expect(cronJob({ timeZone: 'Europe/Berlim' })).toEqual([
    'error spec.timeZone: unknown time zone Europe/Berlim (did you mean Europe/Berlin?)',
  ])
  expect(cronJob({ timeZone: '+01:00' })).toEqual([
    `error spec.timeZone: unknown time zone +01:00 (${ZONE_HINT})`,
  ])
})

test("a CronJob's Job is checked as any other, and selects its own pods", () => {
  expect(cronJob({}, { completionMode: 'Indexed' })).toEqual([
    'error spec.jobTemplate.spec.completions: must be set when completionMode is Indexed',
  ])
  expect(cronJob({}, { manualSelector: true, selector: { matchLabels: { a: 'b' } } })).toEqual([
    'error spec.jobTemplate.spec.manualSelector: may not be true: each Job selects its own pods (leave it out)',
    'error spec.jobTemplate.spec.selector: will be generated (leave it out)',
  ])
})

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
