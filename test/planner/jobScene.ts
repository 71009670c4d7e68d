import type { CronJob, Job, JobSpec, JobStatus } from '../../engine/api/generated/types.ts'
import { objectKey } from '../../engine/api/names.ts'
import type { Health, Plan } from '../../engine/api/plan.ts'
import type { ModelPod } from '../simulation/model.ts'
import { barePod, Scene } from './scene.ts'

export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index'

/** A Job whose pods are told how they end. */
export class JobScene extends Scene {
  constructor(nodes = 3) {
    super(nodes)
  }

  /** Plans and does until nothing is left to do at this time, without the time passing. */
  settle(most = 200): Plan {
    let result = this.plan()
    for (let count = 0; result.actions.length > 0; count++) {
      if (count === most) throw new Error(`never done: ${JSON.stringify(result.actions)}`)
      for (const action of result.actions) this.world.apply(action, 'whole')
      result = this.plan()
    }
    return result
  }

  get running(): readonly ModelPod[] {
    return this.world.pods.filter((pod) => pod.containers.get('app')?.state.kind === 'running')
  }

  /** Running pods by their completion index, sorted. */
  indexes(): readonly number[] {
    return this.running.map(indexOf).toSorted((a, b) => a - b)
  }

  /** Ends the pods of these indexes, then settles. */
  endIndexes(exitCode: number, ...indexes: readonly number[]): void {
    for (const pod of this.running) if (indexes.includes(indexOf(pod))) this.world.end(pod, exitCode)
    this.settle()
  }

  /** Ends so many of the running pods, then settles. */
  endSome(exitCode: number, count = 1): void {
    for (const pod of this.running.slice(0, count)) this.world.end(pod, exitCode)
    this.settle()
  }

  pass(seconds: number): void {
    this.world.pass(seconds)
    this.world.restartDue()
    this.settle()
  }

  status(name = 'job'): JobStatus {
    return this.plan().statuses.get(objectKey('Job', 'default', name))?.status as JobStatus
  }

  health(name = 'job'): Health {
    return this.report('Job', name).health
  }

  jobConditions(name = 'job'): readonly string[] {
    return (this.status(name).conditions ?? []).map(
      ({ reason, status, type }) => `${type}=${status} ${reason}`,
    )
  }

  /** Names of the Jobs on record. */
  jobs(): readonly string[] {
    return [...this.world.records.keys()]
      .filter((key) => key.startsWith('Job/'))
      .map((key) => key.slice('Job/default/'.length))
      .toSorted()
  }
}

export function indexOf(pod: ModelPod): number {
  return Number(pod.record.pod.metadata.annotations?.[COMPLETION_INDEX] ?? -1)
}

export function job(changes: Partial<JobSpec> = {}, name = 'job'): Job {
  const { spec } = barePod(name, 'a')
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'default' },
    spec: { template: { spec: { ...spec, restartPolicy: 'Never' } }, ...changes },
  }
}

export function cronJob(schedule: string, changes: Partial<CronJob['spec']> = {}): CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'cron', namespace: 'default' },
    spec: { schedule, jobTemplate: { spec: job().spec }, ...changes },
  }
}
