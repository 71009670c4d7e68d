import { backOffOf, ofPod } from './actions.ts'
import { conditionsOf, damageText } from './conditions.ts'
import { isProblem } from './context.ts'
import { freshRecord } from './record.ts'
import { createPodRequest } from './requests/createPod.ts'
import type { PodStep } from './step.ts'
import type { PodView } from './view.ts'

/**
 * What somebody has taken from the pod is put right before anything else in it: a probe that fails because of it must not cost a restart. What
 * cannot be done now keeps nothing else from being done.
 */
export function mendStep(view: PodView, rest: () => PodStep): PodStep {
  const { context, pod } = view
  if (pod.damage === undefined) return rest()
  const wait = backOffOf(view, '')
  if (wait !== undefined) return soonest(rest(), wait)
  const request = createPodRequest(pod.record, context.desired, context.node, context.now)
  if (isProblem(request)) return rest()
  const { damage: _, ...whole } = pod
  // As they will be: another write only to say that it is mended is spared.
  const conditions = conditionsOf({ ...view, pod: whole })
  return {
    action: { ...ofPod(view, damageText(view)), kind: 'mendPod', record: freshRecord(view, { conditions }) },
  }
}

function soonest(step: PodStep, wait: PodStep): PodStep {
  const { requeueAt } = wait
  if (requeueAt === undefined) return step
  const isFirst = step.requeueAt === undefined || Temporal.Instant.compare(requeueAt, step.requeueAt) < 0
  return isFirst ? { ...step, requeueAt } : step
}
