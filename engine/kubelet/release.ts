import type { PodEnd } from '../api/records.ts'
import { backOffOf, ofPod } from './actions.ts'
import { conditionsOf } from './conditions.ts'
import { isSandboxLost } from './phase.ts'
import { freshRecord } from './record.ts'
import type { PodStep } from './step.ts'
import type { PodView } from './view.ts'

/** Nothing runs in it any more, nor ever will: hundreds of such pods are to cost the disk for their logs and no more. */
export function releaseStep(view: PodView): PodStep {
  const { pod, phase } = view
  if (pod.sandbox === 'released' || pod.unmade === true) return {}
  if (phase !== 'Succeeded' && phase !== 'Failed') return {}
  const wait = backOffOf(view, '')
  if (wait !== undefined) return wait
  const reason = 'it has run to its end and gives back what it has'
  // As they will be: another write only to say that the sandbox has gone is spared.
  const conditions = conditionsOf({ ...view, pod: { ...pod, sandbox: 'released' } })
  const record = freshRecord(view, {
    ended: endOf(view),
    conditions,
    ...(pod.ip !== undefined && { formerIP: pod.ip }),
    ...(pod.ip6 !== undefined && { formerIP6: pod.ip6 }),
  })
  return { action: { ...ofPod(view, reason), kind: 'releasePod', record } }
}

/** What is on record of its end, or is to be. */
export function endOf({ context, end, facts, phase, pod }: PodView): PodEnd {
  if (end !== undefined) return end
  const lost = isSandboxLost(facts, pod)
  return {
    phase: phase === 'Succeeded' ? 'Succeeded' : 'Failed',
    at: context.now.toString(),
    ...(lost && { message: 'the pod has lost its sandbox, and its restart policy is Never' }),
  }
}
