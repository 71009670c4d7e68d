import type {
  CronJob,
  DaemonSet,
  Deployment,
  DeploymentStrategy,
  Job,
  JobSpec,
  ReplicaSet,
  StatefulSet,
  StatefulSetSpec,
} from '../generated/types.ts'
import { claimSpecWithDefaults } from './claims.ts'
import { podTemplateWithDefaults } from './pod.ts'

/** Kubernetes' way of saying "no bound of its own" when each index has one. */
const INT32_MAX = 2 ** 31 - 1

export function deploymentWithDefaults(deployment: Deployment): Deployment {
  const { spec } = deployment
  return {
    ...deployment,
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      template: podTemplateWithDefaults(spec.template),
      strategy: strategyWithDefaults(spec.strategy ?? {}),
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      progressDeadlineSeconds: spec.progressDeadlineSeconds ?? 600,
    },
  }
}

function strategyWithDefaults(strategy: DeploymentStrategy): DeploymentStrategy {
  const type = strategy.type ?? 'RollingUpdate'
  if (type === 'Recreate') return { ...strategy, type }
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy.rollingUpdate ?? {}
  return { ...strategy, type, rollingUpdate: { ...strategy.rollingUpdate, maxUnavailable, maxSurge } }
}

export function replicaSetWithDefaults(set: ReplicaSet): ReplicaSet {
  const { template } = set.spec
  return {
    ...set,
    spec: {
      ...set.spec,
      replicas: set.spec.replicas ?? 1,
      ...(template !== undefined && { template: podTemplateWithDefaults(template) }),
    },
  }
}

export function daemonSetWithDefaults(set: DaemonSet): DaemonSet {
  const { updateStrategy = {} } = set.spec
  const type = updateStrategy.type ?? 'RollingUpdate'
  const { maxUnavailable = 1, maxSurge = 0 } = updateStrategy.rollingUpdate ?? {}
  return {
    ...set,
    spec: {
      ...set.spec,
      template: podTemplateWithDefaults(set.spec.template),
      updateStrategy:
        type === 'OnDelete'
          ? { ...updateStrategy, type }
          : { type, rollingUpdate: { maxUnavailable, maxSurge } },
      revisionHistoryLimit: set.spec.revisionHistoryLimit ?? 10,
    },
  }
}

export function statefulSetWithDefaults(set: StatefulSet): StatefulSet {
  const { spec } = set
  const retention = spec.persistentVolumeClaimRetentionPolicy
  return {
    ...set,
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      template: podTemplateWithDefaults(spec.template),
      podManagementPolicy: spec.podManagementPolicy ?? 'OrderedReady',
      updateStrategy: statefulUpdateWithDefaults(spec.updateStrategy ?? {}),
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: retention?.whenDeleted ?? 'Retain',
        whenScaled: retention?.whenScaled ?? 'Retain',
      },
      ...(spec.volumeClaimTemplates !== undefined && {
        volumeClaimTemplates: spec.volumeClaimTemplates.map((claim) => ({
          ...claim,
          spec: claimSpecWithDefaults(claim.spec),
        })),
      }),
    },
  }
}

type StatefulUpdate = NonNullable<StatefulSetSpec['updateStrategy']>

function statefulUpdateWithDefaults(strategy: StatefulUpdate): StatefulUpdate {
  const type = strategy.type ?? 'RollingUpdate'
  if (type === 'OnDelete') return { ...strategy, type }
  const { rollingUpdate } = strategy
  return { ...strategy, type, rollingUpdate: { ...rollingUpdate, partition: rollingUpdate?.partition ?? 0 } }
}

export function jobWithDefaults(job: Job): Job {
  const labels = job.metadata.labels ?? job.spec.template.metadata?.labels
  return {
    ...job,
    metadata: labels === undefined ? job.metadata : { ...job.metadata, labels },
    spec: jobSpecWithDefaults(job.spec),
  }
}

function jobSpecWithDefaults(spec: JobSpec): JobSpec {
  const single = spec.completions === undefined && spec.parallelism === undefined
  return {
    ...spec,
    ...(single && { completions: 1 }),
    parallelism: spec.parallelism ?? 1,
    completionMode: spec.completionMode ?? 'NonIndexed',
    backoffLimit: spec.backoffLimit ?? (spec.backoffLimitPerIndex === undefined ? 6 : INT32_MAX),
    manualSelector: spec.manualSelector ?? false,
    podReplacementPolicy:
      spec.podReplacementPolicy ?? (spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'),
    ...(spec.podFailurePolicy !== undefined && {
      podFailurePolicy: failurePolicyWithDefaults(spec.podFailurePolicy),
    }),
    suspend: spec.suspend ?? false,
    template: podTemplateWithDefaults(spec.template),
  }
}

type FailurePolicy = NonNullable<JobSpec['podFailurePolicy']>

function failurePolicyWithDefaults(policy: FailurePolicy): FailurePolicy {
  return {
    ...policy,
    rules: policy.rules.map((rule) =>
      rule.onPodConditions === undefined
        ? rule
        : {
            ...rule,
            onPodConditions: rule.onPodConditions.map((on) => ({ ...on, status: on.status ?? 'True' })),
          },
    ),
  }
}

/** The Job of a CronJob gets a Job's defaults when it is made; until then only its pods have theirs. */
export function cronJobWithDefaults(cronJob: CronJob): CronJob {
  const { spec } = cronJob
  const job = spec.jobTemplate.spec
  return {
    ...cronJob,
    spec: {
      ...spec,
      concurrencyPolicy: spec.concurrencyPolicy ?? 'Allow',
      failedJobsHistoryLimit: spec.failedJobsHistoryLimit ?? 1,
      successfulJobsHistoryLimit: spec.successfulJobsHistoryLimit ?? 3,
      suspend: spec.suspend ?? false,
      jobTemplate:
        job === undefined
          ? spec.jobTemplate
          : { ...spec.jobTemplate, spec: { ...job, template: podTemplateWithDefaults(job.template) } },
    },
  }
}
