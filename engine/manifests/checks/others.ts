import type {
  HorizontalPodAutoscaler,
  PersistentVolumeClaim,
  PodDisruptionBudget,
} from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import { checkQuantity } from './resources.ts'
import { checkSelector } from './selectors.ts'

export function checkClaim(context: CheckContext, claim: PersistentVolumeClaim): void {
  if (!context.sound(['spec'])) return
  const { accessModes, resources } = claim.spec
  if ((accessModes ?? []).length === 0) context.error(['spec', 'accessModes'], 'required field is missing')
  const storage = resources?.requests?.['storage']
  const path = ['spec', 'resources', 'requests', 'storage']
  if (storage === undefined) context.error(path, 'required field is missing')
  else checkQuantity(context, path, storage)
}

export function checkBudget(context: CheckContext, budget: PodDisruptionBudget): void {
  if (!context.sound(['spec']) || budget.spec === undefined) return
  const { maxUnavailable, minAvailable, selector } = budget.spec
  if (maxUnavailable !== undefined && minAvailable !== undefined) {
    context.error(['spec', 'maxUnavailable'], 'may not be given together with minAvailable')
  }
  if (selector !== undefined) checkSelector(context, ['spec', 'selector'], selector)
}

export function checkAutoscaler(context: CheckContext, autoscaler: HorizontalPodAutoscaler): void {
  if (!context.sound(['spec'])) return
  const { maxReplicas, minReplicas = 1 } = autoscaler.spec
  if (maxReplicas < minReplicas) {
    context.error(['spec', 'maxReplicas'], `must be no less than minReplicas, ${minReplicas}`)
  }
}
