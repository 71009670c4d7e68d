import type { LabelSelector, PodTemplateSpec } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkPodAnnotations } from './annotations.ts'
import { checkAnnotations, checkLabels } from './metadata.ts'
import { checkPodSpec } from './pod.ts'
import { checkWorkloadSelector } from './selectors.ts'

/** A workload's pod template, and the selector that finds its pods. */
export function checkTemplate(
  context: CheckContext,
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  restartPolicies: readonly string[],
): void {
  if (selector !== undefined) checkWorkloadSelector(context, selector, template)
  if (template !== undefined) checkPodTemplate(context, ['spec', 'template'], template, restartPolicies)
}

export function checkPodTemplate(
  context: CheckContext,
  path: Path,
  template: PodTemplateSpec,
  restartPolicies: readonly string[],
): void {
  if (!context.intact(path)) return
  checkLabels(context, [...path, 'metadata', 'labels'], template.metadata?.labels)
  checkAnnotations(context, [...path, 'metadata', 'annotations'], template.metadata?.annotations)
  checkPodAnnotations(context, [...path, 'metadata', 'annotations'], template.metadata?.annotations)
  if (!context.intact([...path, 'spec'])) return
  const policy = template.spec.restartPolicy ?? 'Always'
  if (!restartPolicies.includes(policy)) {
    context.error(
      [...path, 'spec', 'restartPolicy'],
      `must be ${restartPolicies.join(' or ')} here, not ${policy}`,
    )
  }
  if (
    template.spec.activeDeadlineSeconds !== undefined &&
    policy === 'Always' &&
    restartPolicies.includes('Always')
  ) {
    const message = 'must not be specified: pods that are always started again have no end'
    context.error([...path, 'spec', 'activeDeadlineSeconds'], message)
  }
  checkPodSpec(context, [...path, 'spec'], template.spec)
}
