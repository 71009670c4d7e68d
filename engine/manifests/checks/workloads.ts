import type { CronJob, DaemonSet, Job, JobSpec, ReplicaSet, StatefulSet } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkSchedule } from './schedule.ts'
import { checkPodTemplate, checkTemplate } from './template.ts'

export function checkReplicaSet(context: CheckContext, set: ReplicaSet): void {
  if (context.intact(['spec'])) checkTemplate(context, set.spec.selector, set.spec.template, ['Always'])
}

export function checkDaemonSet(context: CheckContext, set: DaemonSet): void {
  if (context.intact(['spec'])) checkTemplate(context, set.spec.selector, set.spec.template, ['Always'])
}

export function checkStatefulSet(context: CheckContext, set: StatefulSet): void {
  if (!context.intact(['spec'])) return
  const { selector, template, volumeClaimTemplates } = set.spec
  if (volumeClaimTemplates === undefined) return checkTemplate(context, selector, template, ['Always'])
  if (!context.sound(['spec', 'volumeClaimTemplates']) || !context.sound(['spec', 'template'])) return
  // A claim template stands for a volume of its name.
  const claims = volumeClaimTemplates.map(({ metadata }) => ({ name: metadata.name ?? '', emptyDir: {} }))
  const written = (template.spec.volumes ?? []).filter(
    (volume) => !claims.some((claim) => claim.name === volume.name),
  )
  const spec = { ...template.spec, volumes: [...written, ...claims] }
  checkTemplate(context, selector, { ...template, spec }, ['Always'])
}

export function checkJob(context: CheckContext, job: Job): void {
  if (context.intact(['spec'])) checkJobSpec(context, ['spec'], job.spec)
}

export function checkCronJob(context: CheckContext, cronJob: CronJob): void {
  if (!context.intact(['spec'])) return
  const { jobTemplate } = cronJob.spec
  checkSchedule(context, cronJob.spec)
  const path = ['spec', 'jobTemplate', 'spec']
  if (jobTemplate.spec !== undefined && context.intact(path)) checkJobSpec(context, path, jobTemplate.spec)
}

function checkJobSpec(context: CheckContext, path: Path, spec: JobSpec): void {
  if (spec.selector !== undefined && spec.manualSelector !== true) {
    context.error([...path, 'selector'], 'may not be set without manualSelector: true', 'leave it out')
  }
  if (spec.completionMode === 'Indexed' && spec.completions === undefined) {
    context.error([...path, 'completions'], 'must be set when completionMode is Indexed')
  }
  checkPodTemplate(context, [...path, 'template'], spec.template, ['OnFailure', 'Never'])
}
