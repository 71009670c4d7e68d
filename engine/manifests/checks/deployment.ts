import type { Deployment, DeploymentStrategy } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import { checkPart, checkShare } from './shares.ts'
import { checkTemplate } from './template.ts'

const DEFAULT_PROGRESS_SECONDS = 600

export function checkDeployment(context: CheckContext, deployment: Deployment): void {
  const { spec } = deployment
  if (!context.intact(['spec'])) return
  checkTemplate(context, spec.selector, spec.template, ['Always'])
  if (spec.strategy !== undefined && context.sound(['spec', 'strategy']))
    checkStrategy(context, spec.strategy)
  const deadline = spec.progressDeadlineSeconds ?? DEFAULT_PROGRESS_SECONDS
  if ((spec.minReadySeconds ?? 0) >= deadline) {
    context.error(
      ['spec', 'progressDeadlineSeconds'],
      `must be greater than minReadySeconds, ${spec.minReadySeconds}`,
    )
  }
}

function checkStrategy(context: CheckContext, strategy: DeploymentStrategy): void {
  const path = ['spec', 'strategy', 'rollingUpdate']
  const { rollingUpdate } = strategy
  if (rollingUpdate === undefined) return
  if (strategy.type === 'Recreate')
    return context.error(path, 'may not be set when strategy.type is Recreate')
  const { maxSurge = '25%', maxUnavailable = '25%' } = rollingUpdate
  const surge = checkShare(context, [...path, 'maxSurge'], maxSurge)
  const unavailable = checkPart(context, [...path, 'maxUnavailable'], maxUnavailable)
  if (surge === 0 && unavailable === 0) {
    context.error(
      [...path, 'maxUnavailable'],
      'may not be 0 when maxSurge is 0: no pod could ever be replaced',
    )
  }
}
