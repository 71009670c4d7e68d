import type { ContainerExit, ContainerState, ObservedContainer } from '../../../api/snapshot.ts'
import type { TreeFile } from '../../../transport/transport.ts'
import type { AttemptFiles, Started } from '../containers/attempts.ts'
import { LOST, parseExit, parseRestartWait, parseStarted } from '../containers/attempts.ts'
import type { Rule } from '../hook/rule.ts'
import { restarts } from '../hook/rule.ts'
import type { NodeState } from './nodeState.ts'
import type { ContainerFiles } from './podFiles.ts'

export function observedContainer(
  name: string,
  files: ContainerFiles,
  rule: Rule | undefined,
  disarmed: boolean,
  state: NodeState,
): ObservedContainer | undefined {
  if (files.attempts.size === 0) return undefined
  const attempt = Math.max(...files.attempts.keys())
  const own = files.attempts.get(attempt) ?? new Map<string, TreeFile>()
  const before = files.attempts.get(attempt - 1)
  const previous = before === undefined ? undefined : endOf(before, attempt - 1, state)
  const lost = whyLost(own, state)
  return {
    name,
    attempt,
    state: containerState(own, attempt, disarmed ? undefined : rule, state),
    image: rule?.image ?? { id: '', reference: '' },
    ...(previous === undefined ? {} : { previous }),
    ...(lost === undefined ? {} : { lost }),
  }
}

/** As containerd does when its shim has died: nobody reads what the container writes, so it would be stuck or end by that. */
function whyLost(files: AttemptFiles, { bootId, processes }: NodeState): string | undefined {
  const started = files.has('exited') ? undefined : parseStarted(files.get('started'))
  if (started === undefined || started.bootId !== bootId) return undefined
  if (processes.get(started.pid) !== started.ticks) return undefined
  if (processes.get(started.monitor) !== started.monitorTicks)
    return 'its monitor has ended: nobody takes what it writes, nor would see how it ends'
  return files.get(LOST)?.content?.trim()
}

function containerState(
  files: AttemptFiles,
  attempt: number,
  rule: Rule | undefined,
  state: NodeState,
): ContainerState {
  const started = parseStarted(files.get('started'))
  const exit = endOf(files, attempt, state)
  if (exit === undefined) {
    return started === undefined ? { kind: 'created' } : { kind: 'running', startedAt: started.at }
  }
  if (rule === undefined || exit.lost === true || !restarts(rule, exit.exitCode))
    return { kind: 'exited', exit }
  // Without a wait it is due at once: whoever finds it late knows that the hook has died.
  const wait = parseRestartWait(files.get('restart')) ?? { restartAt: exit.finishedAt }
  return { kind: 'exited', exit, ...wait }
}

/** On record, or told from the process having gone while nobody was there to record it. */
function endOf(files: AttemptFiles, attempt: number, state: NodeState): ContainerExit | undefined {
  const exit = parseExit(files, attempt)
  if (exit !== undefined) return exit
  const started = parseStarted(files.get('started'))
  const lost = started === undefined ? undefined : lostReason(started, state)
  if (started === undefined || lost === undefined) return undefined
  return {
    attempt,
    exitCode: lost.exitCode,
    oomKilled: false,
    startedAt: started.at,
    // When it ended nobody knows; the same time in every listing.
    finishedAt: started.at,
    message: lost.message,
    startFailed: false,
    lost: true,
  }
}

export interface LostReason {
  readonly exitCode: number
  readonly message: string
}

/** Undefined: it runs, or its monitor does and is about to say how it ended. */
export function lostReason(
  started: Started,
  state: Pick<NodeState, 'bootId' | 'processes'>,
): LostReason | undefined {
  if (started.bootId !== state.bootId) {
    return { exitCode: 255, message: 'the node was restarted while the container ran' }
  }
  if (state.processes.get(started.pid) === started.ticks) return undefined
  if (state.processes.get(started.monitor) === started.monitorTicks) return undefined
  return { exitCode: 137, message: 'the container ended after its monitor: nobody saw its exit status' }
}
