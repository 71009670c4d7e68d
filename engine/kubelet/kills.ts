import { backOffOf, stopAction, wholeGrace } from './actions.ts'
import type { PodStep } from './step.ts'
import { failedProbe } from './verdicts.ts'
import { type ContainerView, isAlive, type PodView } from './view.ts'

interface Kill {
  readonly container: ContainerView
  readonly reason: string
  readonly graceMs: number
}

/** Containers that a probe, their postStart hook or the loss of what they stand on condemns. The node's hook starts them again where the policy says so. */
export function killStep(view: PodView): PodStep | undefined {
  const kills: Kill[] = []
  for (const container of view.inits) addKill(view, container, kills)
  for (const container of view.mains) addKill(view, container, kills)
  const due = kills.filter(({ container }) => backOffOf(view, container.name) === undefined)
  const [first] = kills
  if (first === undefined) return undefined
  if (due.length === 0) return backOffOf(view, first.container.name)
  const graces = new Map(due.map(({ container, graceMs }) => [container.name, graceMs]))
  return {
    action: stopAction(
      view,
      due.map(({ container }) => container),
      {
        reason: due.map(({ reason }) => reason).join('; '),
        grace: ({ name }) => wholeGrace(graces.get(name) ?? view.facts.graceMs),
        disarm: false,
      },
    ),
  }
}

function addKill(view: PodView, container: ContainerView, kills: Kill[]): void {
  const { facts, observed, record } = container
  if (observed === undefined || !isAlive(container) || observed.state.kind !== 'running') return
  if (observed.lost !== undefined) {
    const reason = `container ${container.name} is started anew: ${observed.lost}`
    kills.push({ container, reason, graceMs: view.facts.graceMs })
    return
  }
  const hookFailure = facts.hasPostStart ? record?.postStart?.failure : undefined
  if (hookFailure !== undefined) {
    const reason = `FailedPostStartHook: container ${container.name}: ${hookFailure}`
    kills.push({ container, reason, graceMs: view.facts.graceMs })
    return
  }
  const failed =
    facts.probes.length === 0 ? undefined : failedProbe(view.pod, facts, observed, container.started)
  if (failed === undefined) return
  const { probe, tally } = failed
  const graceSeconds = probe.probe.terminationGracePeriodSeconds
  const reason = `Unhealthy: container ${container.name} failed its ${probe.kind} probe ${tally.inARow} times: ${tally.message}`
  const graceMs = graceSeconds === undefined ? view.facts.graceMs : graceSeconds * 1000
  kills.push({ container, reason, graceMs })
}
