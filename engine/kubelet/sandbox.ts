import { backOffOf, ofPod, stopAction, wholeGrace } from './actions.ts'
import { isProblem } from './context.ts'
import { freshRecord } from './record.ts'
import { createPodRequest } from './requests/createPod.ts'
import type { PodStep } from './step.ts'
import { isAlive, type PodView } from './view.ts'

/** What lives in a broken sandbox is ended first: its network is gone, and no container may run twice. */
export function sandboxStep(view: PodView): PodStep {
  const { context, pod } = view
  const alive = [...view.mains, ...view.inits].filter(isAlive)
  const [first] = alive
  if (first !== undefined) {
    const wait = backOffOf(view, first.name)
    const reason = `${brokenText(view)}, and what still runs in it ends before it is made again`
    return (
      wait ?? {
        action: stopAction(view, alive, {
          reason,
          grace: () => wholeGrace(view.facts.graceMs),
          disarm: false,
        }),
      }
    )
  }
  const wait = backOffOf(view, '')
  if (wait !== undefined) return wait
  const request = createPodRequest(pod.record, context.desired, context.node, context.now)
  if (isProblem(request)) return { waiting: `${request.reason}: ${request.message}` }
  return { action: createAction(view) }
}

function createAction(view: PodView): NonNullable<PodStep['action']> {
  const again = view.pod.containers.size > 0
  const why = view.pod.broken === undefined ? 'its sandbox is gone' : brokenText(view)
  const reason =
    again || view.pod.broken !== undefined ? `${why} and is made again` : 'its sandbox is not whole yet'
  const record = freshRecord(view, again ? { formerAttempts: endedAttempts(view) } : {})
  return { ...ofPod(view, reason), kind: 'createPod', record }
}

function brokenText({ pod }: PodView): string {
  return pod.broken === undefined ? 'its sandbox is broken' : `it ${pod.broken}`
}

export function endedAttempts({ pod }: PodView): Readonly<Record<string, number>> {
  const ended = [...pod.containers.values()].filter(({ state }) => state.kind === 'exited')
  return Object.fromEntries(ended.map(({ attempt, name }) => [name, attempt]))
}
