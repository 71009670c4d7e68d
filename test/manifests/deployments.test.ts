import { expect, test } from 'vitest'
import { linesOf } from './reading.ts'

interface Parts {
  readonly spec: string
  readonly labels?: string
  readonly pod?: string
}

const SELECTOR = '  selector: {matchLabels: {app: web}}\n'

function deployment({ labels = '{app: web}', pod = '', spec }: Parts): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
${spec}  template:
    metadata: {labels: ${labels}}
    spec:
${pod}      containers: [{name: web, image: web:1}]
`
}

const MATCH = 'make the template carry every label that the selector asks for'

/** A Deployment, and all that is said of it: `line:column field: message`. */
const CASES: readonly (readonly [title: string, parts: Parts, lines: readonly string[]])[] = [
  ['nothing wrong', { spec: SELECTOR }, []],
  [
    'a selector of another label',
    { spec: '  selector: {matchLabels: {app: wbe}}\n' },
    [
      `7:24: error: Deployment default/web: spec.template.metadata.labels: spec.selector does not match the template's labels {"app":"web"} (${MATCH})`,
    ],
  ],
  [
    'no labels',
    { spec: SELECTOR, labels: '{}' },
    [
      `7:24: error: Deployment default/web: spec.template.metadata.labels: spec.selector does not match the template's labels {} (${MATCH})`,
    ],
  ],
  [
    'an empty selector',
    { spec: '  selector: {}\n' },
    [
      "5:13: error: Deployment default/web: spec.selector: an empty selector is invalid (name the template's labels under matchLabels)",
    ],
  ],
  [
    'no selector',
    { spec: '  replicas: 1\n' },
    ['4:1: error: Deployment default/web: spec.selector: required field is missing'],
  ],
  [
    'an In without values',
    { spec: '  selector: {matchExpressions: [{key: app, operator: In}]}\n' },
    [
      '5:33: error: Deployment default/web: spec.selector.matchExpressions[0].values: must be given when operator is In',
    ],
  ],
  [
    'an Exists with values',
    { spec: '  selector: {matchExpressions: [{key: app, operator: Exists, values: [a]}]}\n' },
    [
      '5:70: error: Deployment default/web: spec.selector.matchExpressions[0].values: may not be given when operator is Exists',
    ],
  ],
  [
    'pods that are not restarted',
    { spec: SELECTOR, pod: '      restartPolicy: Never\n' },
    ['9:22: error: Deployment default/web: spec.template.spec.restartPolicy: must be Always here, not Never'],
  ],
  [
    'parameters of the other strategy',
    { spec: `${SELECTOR}  strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}\n` },
    [
      '6:45: error: Deployment default/web: spec.strategy.rollingUpdate: may not be set when strategy.type is Recreate',
    ],
  ],
  [
    'room for no pod more and none less',
    { spec: `${SELECTOR}  strategy: {rollingUpdate: {maxSurge: 0%, maxUnavailable: 0}}\n` },
    [
      '6:60: error: Deployment default/web: spec.strategy.rollingUpdate.maxUnavailable: may not be 0 when maxSurge is 0: no pod could ever be replaced',
    ],
  ],
  [
    'a number in quotes and too large a share',
    { spec: `${SELECTOR}  strategy: {rollingUpdate: {maxSurge: "1", maxUnavailable: 150%}}\n` },
    [
      '6:40: error: Deployment default/web: spec.strategy.rollingUpdate.maxSurge: "1" is neither a number nor a percentage (take away the quotes)',
      '6:61: error: Deployment default/web: spec.strategy.rollingUpdate.maxUnavailable: must be no more than 100%',
    ],
  ],
  [
    'a deadline before a pod can be available',
    { spec: `${SELECTOR}  minReadySeconds: 60\n  progressDeadlineSeconds: 60\n` },
    [
      '7:28: error: Deployment default/web: spec.progressDeadlineSeconds: must be greater than minReadySeconds, 60',
    ],
  ],
  [
    'more replicas than 32 bits hold',
    { spec: `${SELECTOR}  replicas: 3000000000\n` },
    ['6:13: error: Deployment default/web: spec.replicas: must be <= 2147483647, not 3000000000'],
  ],
  [
    "its pods' fields beside the template",
    { spec: `${SELECTOR}  containers: []\n` },
    [
      '6:3: error: Deployment default/web: spec.containers: unknown field (containers belongs into template.spec; check the indentation)',
    ],
  ],
]

test.each(CASES)('a Deployment with %s', (_, parts, lines) => {
  expect(linesOf(deployment(parts))).toEqual(lines.map((line) => `a.yaml:${line}`))
})
