import type { Deployment, DeploymentStrategy, IntOrString } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
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
  const unavailable = checkShare(context, [...path, 'maxUnavailable'], maxUnavailable)
  if (surge === 0 && unavailable === 0) {
    context.error(
      [...path, 'maxUnavailable'],
      'may not be 0 when maxSurge is 0: no pod could ever be replaced',
    )
  }
  if (typeof maxUnavailable === 'string' && unavailable !== undefined && unavailable > 100) {
    context.error([...path, 'maxUnavailable'], 'must be no more than 100%')
  }
}

/** A number of pods, or a part of them such as 25%; its number, undefined when it is neither. */
function checkShare(context: CheckContext, path: Path, share: IntOrString): number | undefined {
  if (typeof share === 'number') {
    if (share >= 0) return share
    context.error(path, `must be 0 or more, not ${share}`)
    return undefined
  }
  if (/^[0-9]+%$/.test(share)) return Number(share.slice(0, -1))
  const hint = /^[0-9]+$/.test(share) ? 'take away the quotes' : 'such as 1 or 25%'
  context.error(path, `${JSON.stringify(share)} is neither a number nor a percentage`, hint)
  return undefined
}
