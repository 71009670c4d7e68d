import type { NodeName, PodUid, Timestamp } from '../api/names.ts'
import type { ContainerExit, ObservedContainer, ObservedPod } from '../api/snapshot.ts'
import { restartDelayMs } from '../kubelet/backOff.ts'
import type { ContainerEvent } from './progress.ts'

interface OfPod {
  readonly uid: PodUid
  readonly node: NodeName
  /** `namespace/name`. */
  readonly pod: string
}

type Containers = Pick<ObservedPod, 'containers'>

/**
 * What became of a pod's containers between two looks, in the order of its happening for each container. A node remembers the last exit
 * before the attempt of now: of a container that ended more often than that between two looks, the earlier exits are not told.
 */
export function containerEvents(
  of: OfPod,
  before: Containers | undefined,
  now: Containers,
): readonly ContainerEvent[] {
  return [...now.containers.values()].flatMap((container) => {
    const past = before?.containers.get(container.name)
    return past === container ? [] : eventsOf(of, past, container)
  })
}

function eventsOf(
  of: OfPod,
  past: ObservedContainer | undefined,
  now: ObservedContainer,
): readonly ContainerEvent[] {
  const { attempt, name: container, previous, state } = now
  const toldStart = lastStart(past)
  const toldExit = lastExit(past)
  const exits = [previous, state.kind === 'exited' ? state.exit : undefined].filter(
    (exit): exit is ContainerExit => exit !== undefined && exit.attempt > toldExit,
  )
  const started = (at: Timestamp, which: number): ContainerEvent => ({
    kind: 'containerStarted',
    at,
    ...of,
    container,
    attempt: which,
  })
  return [
    ...exits.flatMap((exit): ContainerEvent[] => [
      ...(exit.attempt > toldStart && !exit.startFailed ? [started(exit.startedAt, exit.attempt)] : []),
      { kind: 'containerExited', at: exit.finishedAt, ...of, container, attempt: exit.attempt, exit },
    ]),
    ...(state.kind === 'running' && attempt > toldStart ? [started(state.startedAt, attempt)] : []),
    ...waits(of, past, now),
  ]
}

function waits(
  of: OfPod,
  past: ObservedContainer | undefined,
  { attempt, name: container, state }: ObservedContainer,
): readonly ContainerEvent[] {
  if (state.kind !== 'exited' || state.restartAt === undefined) return []
  const { exit, restartAt } = state
  if (past?.state.kind === 'exited' && past.state.restartAt === restartAt) return []
  const backOffMs = restartDelayMs(state)
  return [{ kind: 'containerWaits', at: exit.finishedAt, ...of, container, attempt, restartAt, backOffMs }]
}

function lastStart(past: ObservedContainer | undefined): number {
  if (past === undefined) return -1
  return past.state.kind === 'created' ? past.attempt - 1 : past.attempt
}

/** That an attempt was there says that all before it have ended. */
function lastExit(past: ObservedContainer | undefined): number {
  if (past === undefined) return -1
  return past.state.kind === 'exited' ? past.attempt : past.attempt - 1
}
