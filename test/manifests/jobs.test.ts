import { expect, test } from 'vitest'
import { linesOf, said } from './reading.ts'

type Fields = Readonly<Record<string, unknown>>

const CONTAINERS = [{ name: 'a', image: 'a' }]

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
