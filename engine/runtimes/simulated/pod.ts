import type { StartContainerRequest } from '../../api/cri.ts'
import type { PodUid, Timestamp } from '../../api/names.ts'
import type { PodRecord } from '../../api/records.ts'
import type { ContainerExit, ContainerState, ObservedContainer } from '../../api/snapshot.ts'
import type { PodListing } from '../runtime.ts'
import type { ContainerScript } from './script.ts'

export interface SimulatedPod {
  readonly uid: PodUid
  record: PodRecord
  sandbox: PodListing['sandbox']
  /** What somebody has taken from it beside its running containers. */
  damage: readonly string[]
  ip: string | undefined
  /** False: the exit hook starts nothing. */
  armed: boolean
  /** Since when nothing in it goes on. */
  frozenSince: Timestamp | undefined
  /** What somebody has said of it. */
  said: string | undefined
  /** How often it was disarmed: hooks that waited then have ended. */
  disarms: number
  readonly containers: Map<string, SimulatedContainer>
  /** By name, of volumes made of files: the version that is there. */
  volumes: Readonly<Record<string, string>>
}

/** What of a request to start a container its life here depends on. */
export type Started = Pick<StartContainerRequest, 'container' | 'attempt' | 'image' | 'restart'>

export interface SimulatedContainer {
  readonly name: string
  readonly attempt: number
  readonly request: Started
  readonly script: ContainerScript
  readonly previous: ContainerExit | undefined
  /** How often the hook has restarted it since a long enough run. */
  readonly streak: number
  /** By the clock's elapsed time. */
  readonly startedMs: number
  state: ContainerState
  /** SIGTERM was sent. */
  stopping: boolean
  /** The cpu time that it had used when it was last asked for. */
  used: { readonly atMs: number; readonly cpuNanoseconds: number }
  /** Resolves when it has ended. */
  readonly ended: PromiseWithResolvers<void>
}

/** What a container uses from one asking to the next. */
export interface SimulatedUse {
  readonly cpuMillis: number
  readonly memoryBytes: number
}

/** What happened on the node, for a test to look at afterwards. */
export type NodeFact =
  | { readonly kind: 'created' | 'released' | 'removed'; readonly uid: PodUid; readonly pod: string }
  | {
      readonly kind: 'started' | 'ended'
      readonly by: 'engine' | 'hook' | 'itself'
      readonly uid: PodUid
      readonly pod: string
      readonly container: string
      readonly attempt: number
    }

export function newPod(uid: PodUid, record: PodRecord): SimulatedPod {
  const containers = new Map<string, SimulatedContainer>()
  return {
    uid,
    record,
    sandbox: 'absent',
    damage: [],
    ip: undefined,
    armed: true,
    frozenSince: undefined,
    said: undefined,
    disarms: 0,
    containers,
    volumes: {},
  }
}

export function exitOf({ state, previous }: SimulatedContainer): ContainerExit | undefined {
  return state.kind === 'exited' ? state.exit : previous
}

/** In a disarmed pod nothing comes again by itself. */
export function observed(container: SimulatedContainer, armed: boolean): ObservedContainer {
  const { attempt, name, previous, request, state } = container
  const shown: ContainerState =
    state.kind === 'exited' && !armed ? { kind: 'exited', exit: state.exit } : state
  const image = { id: `sha256:${request.image}`, reference: request.image }
  return { name, attempt, state: shown, image, ...(previous === undefined ? {} : { previous }) }
}

export function containerFact(
  kind: 'started' | 'ended',
  by: 'engine' | 'hook' | 'itself',
  pod: SimulatedPod,
  { name, attempt }: SimulatedContainer,
): NodeFact {
  return { kind, by, uid: pod.uid, pod: podName(pod), container: name, attempt }
}

export function podName({ record }: SimulatedPod): string {
  const { namespace, name } = record.pod.metadata
  return `${namespace ?? 'default'}/${name ?? ''}`
}
