import type { Timestamp } from '../../api/names.ts'
import type { ContainerExit, ObservedContainer } from '../../api/snapshot.ts'
import type { PodFiles } from '../oci/pods/podFiles.ts'
import { containerPaths, podPaths } from '../oci/paths.ts'
import { END_FILE, type EndFile } from './attemptFiles.ts'
import { lookAtContainers, type LookNode } from './look.ts'
import { NO_STATE } from '../oci/pods/nodeState.ts'

type Node = LookNode

interface Settling {
  readonly byEngine?: boolean
  readonly isEnding?: boolean
  readonly isUnstarted?: boolean
}

/** A container as the program has it; undefined: none was ever begun. */
export async function observeNow(
  node: Node,
  pod: PodFiles,
  container: string,
): Promise<ObservedContainer | undefined> {
  const found = (await lookAtContainers(node)([pod]))(pod, NO_STATE)
  return typeof found === 'string' ? undefined : found.get(container)
}

/**
 * Looks at a container, and writes down how it has ended, if it has, so that the program need not be asked any more. Done twice it is done
 * once. `byEngine`: nobody on the node starts it again, for the engine has ended it. `isEnding`: also of one that runs, and is about to be killed. `isUnstarted`: also of one whose start was cut off, and is not to be made again.
 */
export async function settleEnd(
  node: Node,
  pod: PodFiles,
  container: string,
  options: Settling = {},
): Promise<ObservedContainer | undefined> {
  const observed = await observeNow(node, pod, container)
  const exit = observed === undefined ? undefined : exitOf(observed, options)
  if (observed === undefined || exit === undefined) return observed
  const { image, previous } = observed
  const end: EndFile = { exit, image, ...(previous !== undefined && { previous }) }
  const own = podPaths(node.paths, pod.uid)
  const directory = `${containerPaths(own, pod.uid, container).directory}/${exit.attempt}`
  await node.transport.makeDirectory(directory, 0o755)
  await node.transport.writeFile(`${directory}/${END_FILE}`, JSON.stringify(end), 0o600)
  return { ...observed, state: { kind: 'exited', exit } }
}

function exitOf(
  { attempt, state }: ObservedContainer,
  { byEngine, isEnding, isUnstarted }: Settling,
): ContainerExit | undefined {
  switch (state.kind) {
    case 'created': {
      const now = Temporal.Now.instant().toString()
      const message = 'it was stopped before its start was on record'
      return isUnstarted === true ? lostExit(attempt, now, message) : undefined
    }
    case 'running':
      return isEnding === true
        ? lostExit(attempt, state.startedAt, 'it was ended with what its pod had on the node')
        : undefined
    case 'exited':
      return {
        ...state.exit,
        ...(byEngine === true && state.restartAt !== undefined && { lost: true as const }),
      }
    default:
      return state satisfies never
  }
}

function lostExit(attempt: number, startedAt: Timestamp, message: string): ContainerExit {
  const finishedAt = Temporal.Now.instant().toString()
  const how = { exitCode: 137, oomKilled: false, startFailed: false, lost: true } as const
  return { attempt, ...how, startedAt, finishedAt, message }
}
