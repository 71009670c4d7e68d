import type { NodeName, PodUid } from '../api/names.ts'
import type { ProbeDue } from '../kubelet/probes.ts'

/** One probe of one pod, and when it is to be asked next. */
export interface PlannedProbe {
  readonly node: NodeName
  readonly uid: PodUid
  readonly due: ProbeDue
  readonly at: Temporal.Instant
}

interface Place {
  readonly planned: PlannedProbe
  readonly atMs: number
}

/** Probes in the order in which they fall due, so that a look costs as much as there is to be begun, however many wait. */
export class ProbeQueue {
  /** The latest first: what falls due is taken from the end. */
  #places: Place[] = []

  get nextAt(): Temporal.Instant | undefined {
    return this.#places.at(-1)?.planned.at
  }

  /** True: it is now the first of all. */
  add(planned: PlannedProbe): boolean {
    const atMs = millisecondsOf(planned.at)
    this.#places.splice(this.#indexOf(atMs), 0, { planned, atMs })
    return this.#places.at(-1)?.planned === planned
  }

  remove(planned: PlannedProbe): void {
    const index = this.#places.findIndex((place) => place.planned === planned)
    if (index >= 0) this.#places.splice(index, 1)
  }

  /** What is due, and no longer in the queue. */
  take(now: Temporal.Instant): readonly PlannedProbe[] {
    const due = this.#places.splice(this.#indexOf(millisecondsOf(now)))
    return due.map(({ planned }) => planned).toReversed()
  }

  /** All that there is, and no longer in the queue. */
  empty(): readonly PlannedProbe[] {
    const all = this.#places.map(({ planned }) => planned)
    this.#places = []
    return all
  }

  /** Of the first that is not later. */
  #indexOf(atMs: number): number {
    let from = 0
    let to = this.#places.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((this.#places[middle]?.atMs ?? 0) > atMs) from = middle + 1
      else to = middle
    }
    return from
  }
}

function millisecondsOf(at: Temporal.Instant): number {
  return Number(at.epochNanoseconds) / 1e6
}
