import type { ObjectKey, PodUid } from '../../../../engine/api/names.ts'
import type { ObjectRecord, PodRecord } from '../../../../engine/api/records.ts'
import type { SimulatedNode } from '../../../../engine/runtimes/simulated/node.ts'
import type { NodeFact, SimulatedPod } from '../../../../engine/runtimes/simulated/pod.ts'
import type { Fleet } from '../world.ts'

/** One thing that must never happen, counted from what the machines really do: nothing of the engine's own counting is used. */
export interface Law {
  /** A pod is to be made on a node: nothing of it need ever arrive there. */
  readonly seeAsked?: (record: PodRecord) => readonly string[]
  /** Something happened on a node. A sentence for each thing that must not have happened. */
  readonly seeFact?: (fact: NodeFact, at: SimulatedNode) => readonly string[]
  /** An object's record was written; undefined: deleted. */
  readonly seeRecord?: (key: ObjectKey, record: ObjectRecord | undefined) => readonly string[]
  /** Another commit is wanted from now on. */
  readonly seeCommit?: () => void
}

export interface LawContext {
  readonly fleet: Fleet
  /** Containers end by nobody's hand but ours, and every node answers: then what serves is ours to keep. */
  readonly undisturbed: boolean
  /** How long a decision may be under way: one that was made for the commit before is carried on with. */
  readonly inFlightMs: number
}

/** A pod, or one that may never come to be. */
export type HasRecord = Pick<SimulatedPod, 'record'>

export type ContainerFact = Extract<NodeFact, { readonly kind: 'started' | 'ended' }>

export function nameOf({ record }: HasRecord): string {
  return `${record.pod.metadata.namespace}/${record.pod.metadata.name}`
}

export function isAlive({ containers }: SimulatedPod): boolean {
  return [...containers.values()].some(({ state }) => state.kind === 'running')
}

export function isDeleting({ record }: SimulatedPod): boolean {
  return record.pod.metadata.deletionTimestamp !== undefined
}

export function appOf({ record }: HasRecord): string | undefined {
  return record.pod.metadata.ownerReferences === undefined ? undefined : record.pod.metadata.labels?.['app']
}

/** A drain has it on record that it took the pod. */
export function isDrained({ record }: SimulatedPod): boolean {
  return record.conditions.some(({ reason }) => reason === 'EvictionByEvictionAPI')
}

/** What its probe would be told now: records lag behind by as long as a node is slow. */
export function isServing({ containers, record }: SimulatedPod, elapsedMs: number): boolean {
  return record.pod.spec.containers.every(({ name, readinessProbe }) => {
    const container = containers.get(name)
    if (container?.state.kind !== 'running') return false
    if (readinessProbe === undefined) return true
    return container.script.exec?.(['probe'], elapsedMs - container.startedMs).exitCode === 0
  })
}

export function isReadyOnRecord({ record }: SimulatedPod): boolean {
  return record.conditions.some(({ status, type }) => type === 'Ready' && status === 'True')
}

/** Pods whose end was decided for the commit of now, and not for one before. */
export class Endings {
  readonly #fleet: Fleet
  readonly #inFlightMs: number
  readonly #decidedAtMs = new Map<PodUid, number>()
  #commitAtMs = 0

  constructor({ fleet, inFlightMs }: LawContext) {
    this.#fleet = fleet
    this.#inFlightMs = inFlightMs
  }

  seeCommit(): void {
    this.#commitAtMs = this.#fleet.clock.elapsedMs
  }

  seeRecord(pod: SimulatedPod): void {
    if (isDeleting(pod) && !this.#decidedAtMs.has(pod.uid))
      this.#decidedAtMs.set(pod.uid, this.#fleet.clock.elapsedMs)
  }

  areOurs(uid: PodUid): boolean {
    const decidedAtMs = this.#decidedAtMs.get(uid)
    return decidedAtMs !== undefined && decidedAtMs > this.#commitAtMs + this.#inFlightMs
  }

  /** Nothing that was decided for a commit before can still be under way. */
  get isSettled(): boolean {
    return this.#fleet.clock.elapsedMs > this.#commitAtMs + this.#inFlightMs
  }
}
