import type { PodDisruptionBudget } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import { checkSelector } from './selectors.ts'
import { checkPart } from './shares.ts'

export function checkBudget(context: CheckContext, budget: PodDisruptionBudget): void {
  if (!context.sound(['spec']) || budget.spec === undefined) return
  const { maxUnavailable, minAvailable, selector } = budget.spec
  if (maxUnavailable !== undefined && minAvailable !== undefined) {
    context.error(['spec', 'maxUnavailable'], 'may not be given together with minAvailable')
  }
  if (maxUnavailable === undefined && minAvailable === undefined)
    context.warn(['spec'], 'protects nothing without minAvailable or maxUnavailable')
  if (selector === undefined)
    context.warn(['spec'], 'protects nothing: without a selector it holds for no pod')
  if (minAvailable !== undefined) checkPart(context, ['spec', 'minAvailable'], minAvailable)
  if (maxUnavailable !== undefined) checkPart(context, ['spec', 'maxUnavailable'], maxUnavailable)
  if (selector !== undefined) checkSelector(context, ['spec', 'selector'], selector)
}
