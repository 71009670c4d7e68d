import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { linesOf } from './reading.ts'

type Fields = Readonly<Record<string, unknown>>

/** What is said of a Pod with these fields: `field: message`; warnings about other objects left out. */
function said(spec: Fields, container: Fields = {}, annotations: Fields = {}): readonly string[] {
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', annotations },
    spec: { containers: [{ name: 'a', image: 'a', ...container }], ...spec },
  })
  return linesOf(text, 'files')
    .filter((line) => line.includes(' error: '))
    .map((line) => line.replace(/^.* Pod default\/a: (?:spec\.)?/, ''))
}

function nodes(term: Fields): Fields {
  const required = { nodeSelectorTerms: [term] }
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } }
}

const TERM = 'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'

const PLACES: readonly (readonly [title: string, spec: Fields, lines: readonly string[]])[] = [
  [
    'a node by its name',
    nodes({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }),
    [],
  ],
  [
    'more cpus than a number',
    nodes({ matchExpressions: [{ key: 'cpus', operator: 'Gt', values: ['4'] }] }),
    [],
  ],
  [
    'more cpus than a word, and less than two numbers',
    nodes({
      matchExpressions: [
        { key: 'cpus', operator: 'Gt', values: ['four'] },
        { key: 'cpus', operator: 'Lt', values: ['1', '2'] },
      ],
    }),
    [
      `${TERM}[0].matchExpressions[0].values[0]: must be a whole number when operator is Gt`,
      `${TERM}[0].matchExpressions[1].values: must have exactly one value when operator is Lt`,
    ],
  ],
  [
    'a label in nothing, and one that exists as something',
    nodes({
      matchExpressions: [
        { key: 'disk', operator: 'In' },
        { key: 'disk', operator: 'Exists', values: ['ssd'] },
      ],
    }),
    [
      `${TERM}[0].matchExpressions[0].values: must be given when operator is In`,
      `${TERM}[0].matchExpressions[1].values: may not be given when operator is Exists`,
    ],
  ],
  [
    'no term at all',
    {
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
      },
    },
    [`${TERM}: must not be empty`],
  ],
  [
    'a field that nodes have not',
    nodes({ matchFields: [{ key: 'metadata.uid', operator: 'Exists' }] }),
    [
      `${TERM}[0].matchFields[0].key: "metadata.uid" is no field to select by: it must be metadata.name`,
      `${TERM}[0].matchFields[0].operator: must be In or NotIn for a field, not Exists`,
    ],
  ],
  [
    'a wish of too much weight',
    {
      affinity: {
        podAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 101, podAffinityTerm: { topologyKey: '', labelSelector: {} } },
          ],
        },
      },
    },
    [
      'affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: must be <= 100, not 101',
      'affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.topologyKey: must not be empty',
    ],
  ],
  [
    'labels that are asked for twice',
    {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'a', labelSelector: { matchLabels: { a: 'b' } }, matchLabelKeys: ['a'] },
            { topologyKey: 'a', matchLabelKeys: ['a'] },
          ],
        },
      },
    },
    [
      'affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys[0]: the key a is in labelSelector too',
      'affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[1].matchLabelKeys: must not be set when labelSelector is not set',
    ],
  ],
  ['everything tolerated', { tolerations: [{ operator: 'Exists' }] }, []],
  [
    'tolerations that say too little or too much',
    {
      tolerations: [
        { value: 'b' },
        { key: 'a', operator: 'Exists', value: 'b' },
        { key: 'a', effect: 'NoSchedule', tolerationSeconds: 5 },
        { key: 'a', operator: 'Gt', value: 'many' },
      ],
    },
    [
      'tolerations[0]: operator must be Exists when key is empty, which means "match all values and all keys"',
      'tolerations[1].value: must be empty when operator is Exists',
      'tolerations[2].effect: effect must be NoExecute when tolerationSeconds is set',
      'tolerations[3].value: must be a whole number when operator is Gt',
    ],
  ],
  [
    'spread twice over the same, with domains for a wish',
    {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: {},
          minDomains: 2,
        },
        { maxSkew: 2, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: {} },
      ],
    },
    [
      'topologySpreadConstraints[0].minDomains: can only be set when whenUnsatisfiable is DoNotSchedule, not ScheduleAnyway',
      'topologySpreadConstraints[1].topologyKey: "zone with ScheduleAnyway" is used twice, and must be unique',
    ],
  ],
  [
    'a node before its gates are open',
    { schedulingGates: [{ name: 'a' }], nodeName: 'a' },
    ['nodeName: cannot be set until all schedulingGates have been cleared'],
  ],
  [
    'users of its own on the network of the machine',
    { hostUsers: false, hostNetwork: true },
    ['hostNetwork: cannot be true when hostUsers is false'],
  ],
  [
    'two names for its host',
    { hostnameOverride: 'a.example', setHostnameAsFQDN: true },
    ['setHostnameAsFQDN: cannot be set when hostnameOverride is set'],
  ],
  [
    'kernel parameters of the machine, of a namespace that it shares, and twice the same',
    {
      hostNetwork: true,
      securityContext: {
        sysctls: [
          { name: 'vm.swappiness', value: '1' },
          { name: 'net.core.somaxconn', value: '1' },
          { name: 'kernel.shm_rmid_forced', value: '1' },
          { name: 'kernel/shm_rmid_forced', value: '1' },
        ],
      },
    },
    [
      "securityContext.sysctls[0].name: vm.swappiness is no parameter of a pod's own namespaces: it would change the whole machine",
      'securityContext.sysctls[1].name: may not be specified when hostNetwork is true',
      'securityContext.sysctls[3].name: "kernel.shm_rmid_forced" is used twice, and must be unique',
    ],
  ],
  [
    'a profile without its name',
    { securityContext: { appArmorProfile: { type: 'Localhost' } } },
    ['securityContext.appArmorProfile.localhostProfile: must be set when type is Localhost'],
  ],
  [
    'volumes from nothing',
    {
      volumes: [
        { name: 'a', image: {} },
        { name: 'b', ephemeral: {} },
        { name: 'c', persistentVolumeClaim: { claimName: '' } },
        { name: 'd', projected: { sources: [{}] } },
        { name: 'e', downwardAPI: { items: [{ path: '../a', fieldRef: { fieldPath: 'status.podIP' } }] } },
      ],
    },
    [
      'volumes[0].image.reference: required field is missing',
      'volumes[1].ephemeral.volumeClaimTemplate: required field is missing',
      'volumes[2].persistentVolumeClaim.claimName: required field is missing',
      'volumes[3].projected.sources[0]: must have one of clusterTrustBundle, configMap, downwardAPI, podCertificate, secret, serviceAccountToken',
      "volumes[4].downwardAPI.items[0].path: must not contain '..'",
      "volumes[4].downwardAPI.items[0].fieldRef.fieldPath: \"status.podIP\" is not one of the supported values metadata.annotations, metadata.labels, metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'], metadata.annotations['KEY']",
    ],
  ],
  [
    'one file twice in one folder',
    {
      volumes: [
        {
          name: 'a',
          projected: {
            sources: [
              { configMap: { name: 'a', items: [{ key: 'a', path: 'x' }] } },
              { downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'metadata.name' } }] } },
            ],
          },
        },
      ],
    },
    [
      'volumes[0].projected.sources[1].downwardAPI.items[0].path: conflicting duplicate paths: x is made twice',
    ],
  ],
]

test.each(PLACES)('a Pod with %s', (_, spec, lines) => {
  expect(said(spec)).toEqual(lines)
})

const CONTAINERS: readonly (readonly [title: string, container: Fields, lines: readonly string[]])[] = [
  [
    'rules of restarting without a policy, and without codes',
    {
      restartPolicyRules: [
        { action: 'Restart' },
        { action: 'Restart', exitCodes: { operator: 'In', values: [256] } },
      ],
    },
    [
      'containers[0].restartPolicy: must be given when restartPolicyRules are',
      'containers[0].restartPolicyRules[0].exitCodes: required field is missing',
      'containers[0].restartPolicyRules[1].exitCodes.values[0]: must be between 0 and 255, not 256',
    ],
  ],
  ['a gRPC probe', { readinessProbe: { grpc: { port: 80 } } }, []],
  [
    'an unmasked /proc of the machine',
    { securityContext: { procMount: 'Unmasked' } },
    ['containers[0].securityContext.procMount: Unmasked requires hostUsers: false'],
  ],
  [
    'a variable from a file without a name',
    { env: [{ name: 'A', valueFrom: { fileKeyRef: { key: 'A', path: '/a', volumeName: 'v' } } }] },
    [
      'containers[0].env[0].valueFrom.fileKeyRef.path: must be a relative path',
      'containers[0].env[0].valueFrom.fileKeyRef.volumeName: the pod has no volume named "v"',
    ],
  ],
]

test.each(CONTAINERS)('a container with %s', (_, container, lines) => {
  expect(said({}, container)).toEqual(lines)
})

test('mounts that are passed on, and that are read-only all the way down', () => {
  const volumes = [{ name: 'v', emptyDir: {} }]
  const mount = (fields: Fields): Fields => ({
    volumeMounts: [{ name: 'v', mountPath: '/v', ...fields }],
  })
  const at = 'containers[0].volumeMounts[0]'
  expect(said({ volumes }, mount({ mountPropagation: 'Bidirectional' }))).toEqual([
    `${at}.mountPropagation: Bidirectional mount propagation is available only to privileged containers`,
  ])
  expect(said({ volumes }, mount({ recursiveReadOnly: 'Enabled' }))).toEqual([
    `${at}.recursiveReadOnly: may only be specified when readOnly is true`,
  ])
  expect(said({ volumes }, mount({ subPath: 'a', subPathExpr: '$(A)' }))).toEqual([
    `${at}.subPathExpr: subPathExpr and subPath are mutually exclusive`,
  ])
})

test('limits of a pod as a whole are no less than what its containers ask for', () => {
  const container = { resources: { requests: { cpu: '600m' }, limits: { memory: '2Gi' } } }
  const resources = { requests: { cpu: '500m', 'ephemeral-storage': '1Gi' }, limits: { memory: '1Gi' } }
  expect(said({ resources }, container)).toEqual([
    "containers[0].resources.limits.memory: must be no more than the pod's limit, 1Gi",
    'resources.requests.cpu: must be no less than what the containers request together, 600m',
    'resources.requests.ephemeral-storage: ephemeral-storage cannot be given for a pod as a whole: only cpu and memory can',
  ])
})

test('annotations of ours that are misspelt, misplaced or say something else are told', () => {
  const annotations = {
    'reconcile.dev/replace': 'please',
    'reconcile.dev/restart-on-configchange': 'true',
    'kubernetes.io/ingress-bandwidth': '10',
    'reconcile.dev/blkio-weight': '5',
  }
  expect(said({}, {}, annotations)).toEqual([
    'metadata.annotations[reconcile.dev/replace]: must be "true" or "false", not "please"',
    'metadata.annotations[reconcile.dev/restart-on-configchange]: there is no annotation reconcile.dev/restart-on-configchange here (did you mean reconcile.dev/restart-on-config-change?)',
    'metadata.annotations[kubernetes.io/ingress-bandwidth]: "10" must be a quantity of bits a second, at least 1000 and at most 1P',
    'metadata.annotations[reconcile.dev/blkio-weight]: "5" is no weight: it must be a whole number from 10 to 1000',
  ])
})

test('an annotation of pods belongs into the template', () => {
  const text = stringify({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'a', annotations: { 'reconcile.dev/restart-on-config-change': 'true' } },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
    },
  })
  expect(linesOf(text)).toEqual([
    'a.yaml:6:45: error: DaemonSet default/a: metadata.annotations[reconcile.dev/restart-on-config-change]: there is no annotation reconcile.dev/restart-on-config-change here (belongs to pods: write it into the pod template)',
  ])
})

test('a taint of a Node is there once for each effect', () => {
  const taints = [
    { key: 'a', effect: 'NoSchedule' },
    { key: 'a', effect: 'NoExecute' },
    { key: 'a', value: 'b', effect: 'NoSchedule' },
  ]
  const text = stringify({
    apiVersion: 'reconcile.dev/v1',
    kind: 'Node',
    metadata: { name: 'rack' },
    spec: { taints },
  })
  expect(linesOf(text)).toEqual([
    'a.yaml:11:12: error: Node rack: spec.taints[2].key: "a:NoSchedule" is used twice, and must be unique',
  ])
})
