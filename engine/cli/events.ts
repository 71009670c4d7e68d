import type { Timestamp } from '../api/names.ts'
import type { ContainerExit, ObservedContainer } from '../api/snapshot.ts'
import type { PodListing } from '../runtimes/runtime.ts'

/** Something that happened to a pod. There is no store of events: these follow from what the node keeps of it. */
export interface PodEvent {
  readonly at: Timestamp
  readonly type: 'Normal' | 'Warning'
  /** Kubernetes' word: Created, Started, Killing, BackOff ... */
  readonly reason: string
  readonly message: string
  readonly container?: string
}

export function eventsOf(pod: PodListing): readonly PodEvent[] {
  const { metadata } = pod.record.pod
  const { creationTimestamp: created, deletionTimestamp: deleted } = metadata
  return [
    ...(created === undefined
      ? []
      : [
          normal(
            created,
            'Scheduled',
            `on node ${pod.record.node}, by commit ${pod.record.commit.slice(0, 12)}`,
          ),
        ]),
    ...[...pod.containers.values()].flatMap((container) => containerEvents(container)),
    ...hookEvents(pod),
    ...pod.record.conditions.flatMap(({ type, status, lastTransitionTime: at }) => {
      if (type !== 'Ready' || at === undefined) return []
      return status === 'True' ? [normal(at, 'Ready', 'ready')] : [warning(at, 'Unready', 'not ready')]
    }),
    ...(deleted === undefined ? [] : [normal(deleted, 'Killing', 'to end by this time at the latest')]),
  ]
}

function containerEvents({ name, attempt, state, previous }: ObservedContainer): readonly PodEvent[] {
  const past = previous === undefined ? [] : exitEvents(name, previous)
  switch (state.kind) {
    case 'created':
      return past
    case 'running':
      return [...past, startEvent(name, attempt, state.startedAt)]
    case 'exited': {
      const ended = exitEvents(name, state.exit)
      if (state.restartAt === undefined) return [...past, ...ended]
      const backOff = warning(
        state.exit.finishedAt,
        'BackOff',
        `container ${name} is started again at ${state.restartAt}`,
        name,
      )
      return [...past, ...ended, backOff]
    }
    default:
      return state satisfies never
  }
}

function startEvent(name: string, attempt: number, at: Timestamp): PodEvent {
  const again = attempt === 0 ? '' : `, restart ${attempt}`
  return normal(at, 'Started', `container ${name} started${again}`, name)
}

function exitEvents(name: string, exit: ContainerExit): readonly PodEvent[] {
  const { startedAt, finishedAt, exitCode, oomKilled, startFailed, message, attempt } = exit
  const said = message === undefined || message.trim() === '' ? '' : `: ${message.trim()}`
  if (startFailed)
    return [warning(finishedAt, 'Failed', `container ${name} could not be started${said}`, name)]
  const reason = oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error'
  const text = `container ${name} ended with exit code ${exitCode}${oomKilled ? ', out of memory' : ''}${said}`
  return [
    startEvent(name, attempt, startedAt),
    exitCode === 0 ? normal(finishedAt, reason, text, name) : warning(finishedAt, reason, text, name),
  ]
}

function hookEvents(pod: PodListing): readonly PodEvent[] {
  return Object.entries(pod.record.containers).flatMap(([name, { postStart, preStop }]) =>
    [
      { hook: postStart, reason: 'FailedPostStartHook' },
      { hook: preStop, reason: 'FailedPreStopHook' },
    ].flatMap(({ hook, reason }) =>
      hook?.failure === undefined
        ? []
        : [warning(hook.endedAt ?? hook.startedAt, reason, hook.failure, name)],
    ),
  )
}

function normal(at: Timestamp, reason: string, message: string, container?: string): PodEvent {
  return { at, type: 'Normal', reason, message, ...(container === undefined ? {} : { container }) }
}

function warning(at: Timestamp, reason: string, message: string, container?: string): PodEvent {
  return { ...normal(at, reason, message, container), type: 'Warning' }
}
