import type { JobSpec } from '../../api/generated/types.ts'
import type { ControllerContext, PodUpdate } from '../decision.ts'
import type { JobMemory } from './memory.ts'
import { failureVerdict } from './policies.ts'
import { COMPLETION_INDEX, TRACKING } from './wishes.ts'
import { isActive, type PodView } from '../view.ts'

/** A Job's pods, and what the Job's memory comes to with those that ended since it was written. */
export interface JobCounts {
  readonly memory: JobMemory
  readonly active: readonly PodView[]
  /** Under deletion and not ended yet. */
  readonly terminating: readonly PodView[]
  /** Of pods that are still there, those that ended, for the back-off. */
  readonly succeededPods: readonly PodView[]
  readonly failedPods: readonly PodView[]
  /** With those that are in no count of the memory yet. */
  readonly succeeded: number
  readonly failed: number
  /** From a FailJob rule. */
  readonly failMessage: string | undefined
  /** Pods whose record is to say that they were counted. */
  readonly releases: readonly PodUpdate[]
}

/**
 * No pod is counted twice and none is forgotten, wherever the engine is killed, as with Kubernetes' finalizers: a pod that ended goes to the
 * uncounted ones of the Job's record; once that is written its own record loses the mark; once that is written it goes into the count.
 * Indexes need no such care, since one that is done twice is done once.
 */
export function countJob(
  pods: readonly PodView[],
  spec: JobSpec,
  memory: JobMemory,
  isRecorded: boolean,
  context: ControllerContext,
): JobCounts {
  const tracked = (pod: PodView): boolean => !pod.givenUp && (!isRecorded || isTracked(pod))
  const settledMemory = settleCounts(pods, memory, tracked, context)
  const tally = new Tally(spec, settledMemory)
  const succeededPods: PodView[] = []
  const failedPods: PodView[] = []
  for (const pod of pods) {
    const ended = endOf(pod, spec)
    if (ended === undefined || pod.givenUp) continue
    const isNew = tracked(pod)
    if (ended === 'succeeded') succeededPods.push(pod)
    // One that was taken away by scaling down or suspending is nobody's failure.
    else if (isNew || !pod.deleting) failedPods.push(pod)
    if (isNew) tally.add(pod, ended)
  }
  const next = tally.memory()
  return {
    memory: next,
    active: pods.filter(isActive),
    terminating: pods.filter((pod) => pod.deleting && !pod.finished),
    succeededPods,
    failedPods,
    succeeded: isIndexed(spec) ? next.completedIndexes.size : next.succeeded + next.uncountedSucceeded.length,
    failed: next.failed + next.uncountedFailed.length,
    failMessage: tally.failMessage,
    releases: pods.flatMap((pod) => release(pod, spec)),
  }
}

export function isIndexed({ completionMode }: JobSpec): boolean {
  return completionMode === 'Indexed'
}

/** Undefined when the pod says none. */
export function completionIndex(pod: PodView): number | undefined {
  const text = pod.record.pod.metadata.annotations?.[COMPLETION_INDEX]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

export function isTracked({ record }: PodView): boolean {
  return record.pod.metadata.finalizers?.includes(TRACKING) === true
}

/**
 * A pod under deletion has failed as soon as nothing can come of it any more, or, where a new one waits for it, once it has ended. One
 * that never came to be on its node is no failure, nor is a deletion that may yet be in vain.
 */
function endOf(pod: PodView, { podReplacementPolicy }: JobSpec): 'succeeded' | 'failed' | undefined {
  const { conditions = [], containerStatuses = [], phase } = pod.status
  if (phase === 'Succeeded') return 'succeeded'
  if (phase === 'Failed') return 'failed'
  if (!pod.deleting || pod.busy?.kind === 'deletePod') return undefined
  const begun = containerStatuses.some(({ state }) => state?.waiting === undefined)
  if (begun) return podReplacementPolicy === 'Failed' ? undefined : 'failed'
  const made = conditions.some(({ status, type }) => type === MADE && status === 'True')
  return made ? 'failed' : undefined
}

const MADE = 'PodReadyToStartContainers'

/** Uncounted pods whose records were written, or that are gone, go into the counts. */
function settleCounts(
  pods: readonly PodView[],
  memory: JobMemory,
  tracked: (pod: PodView) => boolean,
  { unread }: ControllerContext,
): JobMemory {
  if (memory.uncountedSucceeded.length + memory.uncountedFailed.length === 0) return memory
  const byUid = new Map<string, PodView>(pods.map((pod) => [pod.uid, pod]))
  const isOpen = (uid: string): boolean => {
    const pod = byUid.get(uid)
    if (pod === undefined) return unread === true
    // What is being written to its record may yet fail.
    return tracked(pod) || pod.busy !== undefined
  }
  const uncountedSucceeded = memory.uncountedSucceeded.filter(isOpen)
  const uncountedFailed = memory.uncountedFailed.filter(isOpen)
  return {
    ...memory,
    succeeded: memory.succeeded + memory.uncountedSucceeded.length - uncountedSucceeded.length,
    failed: memory.failed + memory.uncountedFailed.length - uncountedFailed.length,
    uncountedSucceeded,
    uncountedFailed,
  }
}

/** Another set than the first only when it says something else: what follows from a set is remembered by it. */
class Growing {
  #value: ReadonlySet<number>
  #own: Set<number> | undefined

  constructor(first: ReadonlySet<number>) {
    this.#value = first
  }

  get value(): ReadonlySet<number> {
    return this.#value
  }

  add(index: number): void {
    if (this.#value.has(index)) return
    this.#own ??= new Set(this.#value)
    this.#own.add(index)
    this.#value = this.#own
  }
}

/** Adds pods that ended to what is remembered. */
class Tally {
  failMessage: string | undefined
  readonly #spec: JobSpec
  readonly #before: JobMemory
  readonly #succeeded: string[]
  readonly #failed: string[]
  readonly #completed: Growing
  readonly #failedIndexes: Growing
  readonly #indexFailures: Map<number, number>

  constructor(spec: JobSpec, memory: JobMemory) {
    this.#spec = spec
    this.#before = memory
    this.#succeeded = [...memory.uncountedSucceeded]
    this.#failed = [...memory.uncountedFailed]
    this.#completed = new Growing(memory.completedIndexes)
    this.#failedIndexes = new Growing(memory.failedIndexes)
    this.#indexFailures = new Map(memory.indexFailures)
  }

  add(pod: PodView, end: 'succeeded' | 'failed'): void {
    if (this.#succeeded.includes(pod.uid) || this.#failed.includes(pod.uid)) return
    const index = isIndexed(this.#spec) ? completionIndex(pod) : undefined
    // Of an index that is not wanted any more nothing counts.
    if (isIndexed(this.#spec) && (index === undefined || index >= (this.#spec.completions ?? 0))) return
    if (end === 'failed') this.#addFailure(pod, index)
    else if (index === undefined) this.#succeeded.push(pod.uid)
    else this.#complete(index)
  }

  memory(): JobMemory {
    return {
      ...this.#before,
      uncountedSucceeded: this.#succeeded,
      uncountedFailed: this.#failed,
      completedIndexes: this.#completed.value,
      failedIndexes: this.#failedIndexes.value,
      indexFailures: this.#indexFailures,
    }
  }

  #complete(index: number): void {
    this.#completed.add(index)
    this.#indexFailures.delete(index)
  }

  #addFailure(pod: PodView, index: number | undefined): void {
    const verdict = failureVerdict(this.#spec, pod)
    if (verdict.action === 'Ignore') return
    if (verdict.action === 'FailJob') this.failMessage ??= verdict.message
    this.#failed.push(pod.uid)
    const { backoffLimitPerIndex } = this.#spec
    if (index === undefined || backoffLimitPerIndex === undefined || this.#completed.value.has(index)) return
    const failures = (this.#indexFailures.get(index) ?? 0) + 1
    if (verdict.action === 'FailIndex' || failures > backoffLimitPerIndex) {
      this.#failedIndexes.add(index)
      this.#indexFailures.delete(index)
    } else this.#indexFailures.set(index, failures)
  }
}

function release(pod: PodView, spec: JobSpec): readonly PodUpdate[] {
  if (!isTracked(pod) || !pod.reachable || pod.busy !== undefined) return []
  const reason = pod.givenUp ? 'counts for nothing since its node was given up' : 'has ended and is counted'
  if (!pod.givenUp && endOf(pod, spec) === undefined) return []
  const { metadata } = pod.record.pod
  const record = {
    ...pod.record,
    generation: pod.record.generation + 1,
    pod: { ...pod.record.pod, metadata: { ...metadata, finalizers: withoutTracking(pod) } },
  }
  return [{ pod, record, reason }]
}

/** What a pod's record keeps when the pod is not to be counted any more. */
export function withoutTracking({ record }: PodView): readonly string[] {
  return (record.pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== TRACKING)
}
