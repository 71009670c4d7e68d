import type { ObjectKey } from '../api/names.ts'
import type { StatusReport } from '../api/plan.ts'
import { lowerBound } from './inOrder.ts'

/**
 * What stands under each key: objects first, then pods by key. The pods' reports are made when they are asked for: most plans of a hundred
 * thousand pods are asked about a few.
 */
export class Statuses<Pod> implements ReadonlyMap<ObjectKey, StatusReport> {
  readonly #objects: readonly ReadonlyMap<ObjectKey, StatusReport>[]
  readonly #pods: readonly Pod[]
  readonly #keyOf: (pod: Pod) => ObjectKey
  readonly #reportOf: (pod: Pod) => StatusReport

  /** `objects`: no two have a key in common. `pods` by key. What is among the objects under a pod's key stands for the pod. */
  constructor(
    objects: readonly ReadonlyMap<ObjectKey, StatusReport>[],
    pods: readonly Pod[],
    keyOf: (pod: Pod) => ObjectKey,
    reportOf: (pod: Pod) => StatusReport,
  ) {
    this.#objects = objects
    this.#pods = pods
    this.#keyOf = keyOf
    this.#reportOf = reportOf
  }

  get size(): number {
    let size = 0
    for (const _ of this.keys()) size += 1
    return size
  }

  get(key: ObjectKey): StatusReport | undefined {
    const known = this.#object(key)
    if (known !== undefined) return known
    const pod = this.#pods[lowerBound(this.#pods, this.#keyOf, key)]
    return pod !== undefined && this.#keyOf(pod) === key ? this.#reportOf(pod) : undefined
  }

  #object(key: ObjectKey): StatusReport | undefined {
    for (const objects of this.#objects) {
      const known = objects.get(key)
      if (known !== undefined) return known
    }
    return undefined
  }

  has(key: ObjectKey): boolean {
    return this.get(key) !== undefined
  }

  *entries(): MapIterator<[ObjectKey, StatusReport]> {
    for (const objects of this.#objects) yield* objects
    let last: ObjectKey | undefined
    for (const pod of this.#pods) {
      const key = this.#keyOf(pod)
      // Of two pods of one name the first stands for both.
      if (key !== last && this.#object(key) === undefined) yield [key, this.#reportOf(pod)]
      last = key
    }
    return undefined
  }

  *keys(): MapIterator<ObjectKey> {
    for (const [key] of this.entries()) yield key
    return undefined
  }

  *values(): MapIterator<StatusReport> {
    for (const [, report] of this.entries()) yield report
    return undefined
  }

  [Symbol.iterator](): MapIterator<[ObjectKey, StatusReport]> {
    return this.entries()
  }

  forEach(
    callback: (report: StatusReport, key: ObjectKey, map: ReadonlyMap<ObjectKey, StatusReport>) => void,
  ): void {
    for (const [key, report] of this) callback(report, key, this)
  }
}
