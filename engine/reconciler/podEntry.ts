import { isDeepStrictEqual } from 'node:util'
import type { PodAction } from '../api/plan.ts'
import type { Failure, PodRecord } from '../api/records.ts'
import type { ObservedContainer, ObservedPod, ProbeKey, ProbeTally, PodUsage } from '../api/snapshot.ts'
import type { PodListing } from '../runtimes/runtime.ts'
import { attemptsOf } from './attempts.ts'

/** A place in the order of all looks and action ends of this engine: a later one is greater. */
export type Stamp = number

/** One pod as last seen, and what only the engine knows of it. Never changed, only replaced. */
export interface PodEntry {
  /** When the newest look that is merged in here began. */
  readonly seen: Stamp
  /** Absent: not on the node. The entry stays, so that an older look does not bring the pod back. */
  readonly pod?: ObservedPod
  /** By container: the action that failed, to tell by a later look or success whether that still counts. */
  readonly failedBy: ReadonlyMap<string, PodAction>
}

export interface Attempted {
  readonly action: PodAction
  /** Empty: the pod itself. */
  readonly container: string
}

const NOTHING: PodEntry = { seen: 0, failedBy: new Map() }
const NO_PROBES: ReadonlyMap<ProbeKey, ProbeTally> = new Map()
const NO_FAILURES: ReadonlyMap<string, Failure> = new Map()
const NO_CONTAINERS: ReadonlyMap<string, ObservedContainer> = new Map()

/** `listing` undefined: the look found nothing. An entry whose pod looks the same keeps the same pod object. */
export function seen(entry: PodEntry = NOTHING, listing: PodListing | undefined, stamp: Stamp): PodEntry {
  const { pod: before, failedBy } = entry
  if (listing === undefined) return unseen(entry, stamp)
  const merged: ObservedPod = {
    ...listing,
    probes: before?.probes ?? NO_PROBES,
    failures: before?.failures ?? NO_FAILURES,
    ...(before?.usage !== undefined && { usage: before.usage }),
    ...(before?.diskBytes !== undefined && { diskBytes: before.diskBytes }),
  }
  const pod = before !== undefined && isDeepStrictEqual(before, merged) ? before : merged
  return forgetDisproved({ seen: stamp, failedBy, pod })
}

/** A pod that was there is gone. One that never came to be stays, or a new one would be made at once in its place. */
function unseen(entry: PodEntry, stamp: Stamp): PodEntry {
  return entry.pod?.unmade === true ? { ...entry, seen: stamp } : { ...NOTHING, seen: stamp }
}

/** An answer may be lost on the way: what then is seen to be done has not failed. */
function forgetDisproved(entry: PodEntry): PodEntry {
  const { pod } = entry
  if (pod === undefined || entry.failedBy.size === 0) return entry
  const disproved = [...entry.failedBy].filter(([container, action]) => isSeenDone(action, container, pod))
  return disproved.reduce((all, [container]) => withoutFailure(all, container), entry)
}

function isSeenDone(action: PodAction, name: string, pod: ObservedPod): boolean {
  const container = pod.containers.get(name)
  const attempt = attemptsOf(action).find((one) => one.name === name)?.attempt ?? 0
  switch (action.kind) {
    case 'createPod':
      return pod.sandbox === 'ready'
    case 'mendPod':
      return pod.sandbox === 'ready' && pod.damage === undefined
    case 'updatePod':
      return pod.record.generation >= action.record.generation
    case 'resizePod':
      return !isDeepStrictEqual(pod.record.resizing, action.record.resizing)
    case 'deletePod':
      return pod.record.pod.metadata.deletionTimestamp !== undefined
    case 'startContainers':
      return container?.state.kind === 'running' && container.attempt >= attempt
    case 'stopContainers':
      return container !== undefined && (container.state.kind === 'exited' || container.attempt > attempt)
    case 'runPostStart':
      return pod.record.containers[name]?.postStart?.endedAt !== undefined
    case 'updateVolumes':
      return Object.entries(action.volumes).every(([volume, version]) => pod.volumes?.[volume] === version)
    case 'releasePod':
      return pod.sandbox === 'released'
    case 'removePod':
      return false
    default:
      return action satisfies never
  }
}

export function withFailure(entry: PodEntry, what: Attempted, failure: Omit<Failure, 'count'>): PodEntry {
  if (entry.pod === undefined) return entry
  const before = entry.pod.failures.get(what.container)
  const again = entry.failedBy.get(what.container)?.kind === what.action.kind
  const count = again ? (before?.count ?? 0) + 1 : 1
  return {
    ...entry,
    pod: { ...entry.pod, failures: new Map(entry.pod.failures).set(what.container, { ...failure, count }) },
    failedBy: new Map(entry.failedBy).set(what.container, what.action),
  }
}

/** A create failed before anything could be seen of the pod: what was wanted stands in for it, so that attempts are counted. */
export function unmade(entry: PodEntry = NOTHING, record: PodRecord): PodEntry {
  if (entry.pod !== undefined) return entry
  const nothing = { probes: NO_PROBES, failures: NO_FAILURES, containers: NO_CONTAINERS }
  return { ...entry, pod: { record, unmade: true, sandbox: 'absent', ...nothing } }
}

/**
 * Writing a record says nothing of why something else failed, so updatePod forgets its own failures only. Any other
 * success on the pod itself is a step on, past whatever failed before.
 */
export function withSuccess(entry: PodEntry, what: Attempted): PodEntry {
  const { kind } = what.action
  const left = kind === 'updatePod' ? entry : asOnNode(entry)
  if (kind === 'updatePod' && entry.failedBy.get(what.container)?.kind !== 'updatePod') return left
  return withoutFailure(left, what.container)
}

/** From here on the node's word counts: what it does not have is gone. */
function asOnNode(entry: PodEntry): PodEntry {
  if (entry.pod?.unmade === undefined) return entry
  const { unmade: _, ...pod } = entry.pod
  return { ...entry, pod }
}

function withoutFailure(entry: PodEntry, container: string): PodEntry {
  if (entry.pod === undefined || !entry.failedBy.has(container)) return entry
  const failures = new Map(entry.pod.failures)
  const failedBy = new Map(entry.failedBy)
  failures.delete(container)
  failedBy.delete(container)
  return { ...entry, pod: { ...entry.pod, failures }, failedBy }
}

export function withTally(entry: PodEntry, key: ProbeKey, tally: ProbeTally): PodEntry {
  if (entry.pod === undefined) return entry
  return { ...entry, pod: { ...entry.pod, probes: new Map(entry.pod.probes).set(key, tally) } }
}

export function withUsage(entry: PodEntry, usage: PodUsage | undefined): PodEntry {
  if (entry.pod === undefined) return entry
  const { usage: _, ...pod } = entry.pod
  return { ...entry, pod: { ...pod, ...(usage !== undefined && { usage }) } }
}

export function withDiskBytes(entry: PodEntry, diskBytes: Readonly<Record<string, number>>): PodEntry {
  return entry.pod === undefined ? entry : { ...entry, pod: { ...entry.pod, diskBytes } }
}
