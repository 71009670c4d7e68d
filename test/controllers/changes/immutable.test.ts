import { describe, expect, test } from 'vitest'
import type {
  JobSpec,
  PersistentVolumeClaimSpec,
  StatefulSetSpec,
} from '../../../engine/api/generated/types.ts'
import { immutableChanges, invalidMessage } from '../../../engine/controllers/changes/immutable.ts'

const template = {
  metadata: { labels: { app: 'a' } },
  spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a:1' }] },
} as const

describe('of a Job', () => {
  const job: JobSpec = { completions: 3, parallelism: 2, template }
  const refused = (before: JobSpec, after: JobSpec, status?: unknown): readonly string[] =>
    immutableChanges('Job', { spec: before, status }, { spec: after }).map(
      ({ message, path }) => `${path}: ${message}`,
    )

  test('parallelism, deadlines, limits and suspension may be changed at any time', () => {
    const after: JobSpec = {
      ...job,
      parallelism: 5,
      activeDeadlineSeconds: 9,
      backoffLimit: 1,
      suspend: true,
      ttlSecondsAfterFinished: 5,
    }
    expect(refused(job, after)).toEqual([])
  })

  test('the template may not, and the message is that of the API server', () => {
    const other = { ...template, spec: { ...template.spec, containers: [{ name: 'a', image: 'a:2' }] } }
    const [message, ...more] = refused(job, { ...job, template: other })
    expect(more).toEqual([])
    expect(message).toMatch(/^spec\.template: Invalid value: \{"metadata":.*: field is immutable$/)
  })

  test('a default that is spelled out is no change', () => {
    const spelt: JobSpec = {
      ...job,
      completionMode: 'NonIndexed',
      backoffLimit: 6,
      suspend: false,
      manualSelector: false,
    }
    expect(refused(job, spelt)).toEqual([])
  })

  test('completions may not be changed, but of an Indexed Job together with parallelism', () => {
    expect(refused(job, { ...job, completions: 4 })).toEqual([
      'spec.completions: Invalid value: 4: field is immutable',
    ])
    const indexed: JobSpec = { ...job, completionMode: 'Indexed' }
    expect(refused(indexed, { ...indexed, completions: 4, parallelism: 4 })).toEqual([])
    expect(refused(indexed, { ...indexed, completions: 4 })).toEqual([
      'spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism',
    ])
  })

  test('the mode and the policies may not be changed', () => {
    expect(refused(job, { ...job, completionMode: 'Indexed' })).toEqual([
      'spec.completionMode: Invalid value: "Indexed": field is immutable',
    ])
    const indexed: JobSpec = { ...job, completionMode: 'Indexed', backoffLimitPerIndex: 1 }
    expect(
      refused(indexed, {
        ...indexed,
        backoffLimitPerIndex: 2,
        successPolicy: { rules: [{ succeededCount: 1 }] },
      }),
    ).toEqual([
      'spec.backoffLimitPerIndex: Invalid value: 2: field is immutable',
      'spec.successPolicy: Invalid value: {"rules":[{"succeededCount":1}]}: field is immutable',
    ])
  })

  test('while it is suspended and was never started, where its pods go may be changed, and nothing else', () => {
    const suspended: JobSpec = { ...job, suspend: true }
    const elsewhere = {
      metadata: { labels: { app: 'a', tier: 'b' } },
      spec: { ...template.spec, nodeSelector: { disk: 'ssd' }, tolerations: [{ operator: 'Exists' }] },
    } as const
    expect(refused(suspended, { ...suspended, template: elsewhere })).toEqual([])
    expect(refused(suspended, { ...suspended, suspend: false, template: elsewhere })).toEqual([])
    expect(refused(job, { ...job, template: elsewhere })).toHaveLength(1)
    expect(
      refused(suspended, { ...suspended, template: elsewhere }, { startTime: '2026-01-01T00:00:00Z' }),
    ).toHaveLength(1)
    const other = { ...elsewhere, spec: { ...elsewhere.spec, containers: [{ name: 'a', image: 'a:2' }] } }
    expect(refused(suspended, { ...suspended, template: other })).toHaveLength(1)
  })

  test('while it is suspended, node affinity may be added, changed and taken away, and pod affinity not', () => {
    const suspended: JobSpec = { ...job, suspend: true }
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
      },
    } as const
    const onNodes = {
      ...suspended,
      template: { ...template, spec: { ...template.spec, affinity: { nodeAffinity } } },
    }
    const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'a' } } }
    const podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [term] }
    const withPods = {
      ...suspended,
      template: { ...template, spec: { ...template.spec, affinity: { podAffinity } } },
    }
    expect(refused(suspended, onNodes)).toEqual([])
    expect(refused(onNodes, suspended)).toEqual([])
    expect(refused(suspended, withPods)).toHaveLength(1)
    expect(refused(withPods, suspended)).toHaveLength(1)
  })
})

describe('of a StatefulSet', () => {
  const set: StatefulSetSpec = {
    serviceName: 'db',
    selector: { matchLabels: { app: 'a' } },
    template,
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ],
  }
  const refused = (after: StatefulSetSpec): readonly unknown[] =>
    immutableChanges('StatefulSet', { spec: set }, { spec: after })

  test('seven fields may be changed', () => {
    const after: StatefulSetSpec = {
      ...set,
      replicas: 4,
      ordinals: { start: 2 },
      template: { ...template, metadata: { labels: { app: 'a', b: 'c' } } },
      updateStrategy: { type: 'OnDelete' },
      revisionHistoryLimit: 1,
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' },
      minReadySeconds: 3,
    }
    expect(refused(after)).toEqual([])
  })

  test('any other is refused in the words of the API server', () => {
    const message =
      "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
    const [claim] = set.volumeClaimTemplates ?? []
    const larger = {
      metadata: { name: 'data' },
      spec: { ...claim?.spec, resources: { requests: { storage: '2Gi' } } },
    }
    expect(refused({ ...set, serviceName: 'other' })).toEqual([{ path: 'spec', message }])
    expect(refused({ ...set, podManagementPolicy: 'Parallel' })).toEqual([{ path: 'spec', message }])
    expect(refused({ ...set, volumeClaimTemplates: [larger] })).toEqual([{ path: 'spec', message }])
  })

  test('a claim template in other words is the same', () => {
    const [claim] = set.volumeClaimTemplates ?? []
    const spelt = {
      metadata: { name: 'data' },
      spec: { ...claim?.spec, volumeMode: 'Filesystem', resources: { requests: { storage: '1024Mi' } } },
    } as const
    expect(refused({ ...set, podManagementPolicy: 'OrderedReady', volumeClaimTemplates: [spelt] })).toEqual(
      [],
    )
  })
})

test.each(['Deployment', 'ReplicaSet', 'DaemonSet'] as const)(
  'of a %s only the selector is fixed',
  (kind) => {
    const before = { spec: { selector: { matchLabels: { app: 'a' } }, template } }
    const other = { spec: { selector: { matchLabels: { app: 'b' } }, template } }
    expect(immutableChanges(kind, before, { spec: { ...before.spec, minReadySeconds: 5 } })).toEqual([])
    expect(immutableChanges(kind, before, other)).toEqual([
      { path: 'spec.selector', message: 'Invalid value: {"matchLabels":{"app":"b"}}: field is immutable' },
    ])
  },
)

describe('of a PersistentVolumeClaim', () => {
  const claim = (
    storage: string,
    more: Partial<PersistentVolumeClaimSpec> = {},
  ): PersistentVolumeClaimSpec => ({
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage } },
    ...more,
  })
  const bound = { phase: 'Bound' }
  const paths = (
    before: PersistentVolumeClaimSpec,
    after: PersistentVolumeClaimSpec,
    status: unknown,
  ): readonly string[] =>
    immutableChanges('PersistentVolumeClaim', { spec: before, status }, { spec: after }).map(
      ({ path }) => path,
    )

  test('the storage asked for may grow once it is bound, and never shrink', () => {
    expect(paths(claim('1Gi'), claim('2Gi'), bound)).toEqual([])
    expect(paths(claim('1Gi'), claim('1024Mi'), bound)).toEqual([])
    expect(paths(claim('2Gi'), claim('1Gi'), bound)).toEqual(['spec.resources.requests.storage'])
    expect(paths(claim('1Gi'), claim('2Gi'), { phase: 'Pending' })).toEqual(['spec'])
  })

  test('nothing else may be changed', () => {
    expect(paths(claim('1Gi'), claim('1Gi', { accessModes: ['ReadWriteMany'] }), bound)).toEqual(['spec'])
    expect(paths(claim('1Gi'), claim('1Gi', { storageClassName: 'fast' }), bound)).toEqual(['spec'])
  })
})

test('what is not on record cannot have been changed, and a CronJob may be changed in all its fields', () => {
  expect(immutableChanges('Job', {}, { spec: { template } })).toEqual([])
  const daily = { spec: { schedule: '@daily', jobTemplate: { spec: { template } } } }
  expect(immutableChanges('CronJob', daily, { spec: { ...daily.spec, schedule: '@hourly' } })).toEqual([])
})

test('several refusals make one message, as kubectl prints it', () => {
  const changes = [
    { path: 'spec.a', message: 'Invalid value: 1: field is immutable' },
    { path: 'spec.b', message: 'Invalid value: 2: field is immutable' },
  ]
  expect(invalidMessage('Job', 'pi', changes)).toBe(
    'Job "pi" is invalid: [spec.a: Invalid value: 1: field is immutable, spec.b: Invalid value: 2: field is immutable]',
  )
})
