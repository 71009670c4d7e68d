import { ofPod, stopAction, wholeGrace } from './actions.ts'
import { allRestartAt } from './backOff.ts'
import { asksForAll } from './ends.ts'
import { freshRecord } from './record.ts'
import { endedAttempts } from './sandbox.ts'
import type { PodStep } from './step.ts'
import { isDue } from './time.ts'
import { type ContainerView, isAlive, type PodView } from './view.ts'

/**
 * A container ended in a way after which, by its own rule, all of the pod starts again in the same sandbox: what still runs is
 * ended, without its preStop hooks, and the record says which attempts are of the time before. Then the init containers are next.
 * https://kubernetes.io/blog/2026/01/05/kubernetes-v1-35-restart-all-containers/
 */
export function restartAllStep(view: PodView): PodStep | undefined {
  const containers = [...view.inits, ...view.mains]
  const cause = containers.find(({ facts }) => asksForAll(facts, view.pod))
  if (cause?.observed?.state.kind !== 'exited') return undefined
  const alive = containers.filter(isAlive)
  const why = `container ${cause.name} ended with exit code ${cause.observed.state.exit.exitCode}, after which all of the pod starts again`
  // Also one that the node is about to start again: it would begin before the init containers have run.
  if (alive.length > 0 || containers.some(comesByItself)) {
    const grace = () => wholeGrace(view.facts.graceMs)
    return { action: stopAction(view, alive, { reason: why, grace, disarm: true, preStopHooks: false }) }
  }
  const requeueAt = allRestartAt(cause.observed.state)
  if (!isDue(requeueAt, view.context.now)) return { requeueAt, waiting: `${why} when the back-off is over` }
  const record = freshRecord(view, { restartedAttempts: endedAttempts(view) })
  return { action: { ...ofPod(view, why), kind: 'createPod', record } }
}

function comesByItself({ observed }: ContainerView): boolean {
  return observed?.state.kind === 'exited' && observed.state.restartAt !== undefined
}
