import type { StatefulSet } from '../../../../engine/api/generated/types.ts'
import { objectKey } from '../../../../engine/api/names.ts'
import type { SimulatedPod } from '../../../../engine/runtimes/simulated/pod.ts'
import {
  appOf,
  Endings,
  type HasRecord,
  isAlive,
  isDeleting,
  isDrained,
  isServing,
  type Law,
  type LawContext,
  nameOf,
} from './law.ts'

/** An ordered set goes one pod at a time: it ends none while another one ends, and begins none before those under it serve. */
export function orderLaw(context: LawContext): Law & { readonly seePod: (pod: SimulatedPod) => void } {
  const { fleet, undisturbed } = context
  const endings = new Endings(context)
  const setOf = (pod: HasRecord): StatefulSet | undefined => {
    const set = fleet.desired.objects.get(objectKey('StatefulSet', 'default', appOf(pod) ?? ''))?.written
    return set?.kind === 'StatefulSet' && set.spec.podManagementPolicy !== 'Parallel' ? set : undefined
  }
  const siblings = (pod: HasRecord): readonly SimulatedPod[] =>
    fleet.pods.filter((other) => other.uid !== pod.record.pod.metadata.uid && appOf(other) === appOf(pod))
  const others = (pod: SimulatedPod): readonly string[] =>
    siblings(pod)
      .filter((other) => isDeleting(other) && isAlive(other) && endings.areOurs(other.uid))
      .map((other) => `${nameOf(pod)} is to end while ${nameOf(other)} ends, and its set is ordered`)
  const madeTooSoon = (pod: HasRecord, set: StatefulSet): readonly string[] => {
    const { elapsedMs } = fleet.clock
    const serving = new Set(
      siblings(pod).flatMap((other) => (isServing(other, elapsedMs) ? [ordinalOf(other)] : [])),
    )
    const first = set.spec.ordinals?.start ?? 0
    const missing = Array.from({ length: Math.max(0, ordinalOf(pod) - first) }, (_, index) => first + index)
    return missing
      .filter((ordinal) => !serving.has(ordinal))
      .map((ordinal) => `${nameOf(pod)} was made while ordinal ${ordinal} does not serve`)
  }
  /** As in Kubernetes a pod that was once to be made is tried again, whatever became of the others since. */
  const asked = new Set<string>()
  const ending = new Set<string>()
  /** Sets of which a drain has taken pods since the last commit, whatever their order. */
  const drained = new Set<string>()
  const broken: string[] = []
  return {
    seeCommit: () => {
      endings.seeCommit()
      drained.clear()
    },
    seeAsked: (record) => {
      const { uid = '' } = record.pod.metadata
      if (asked.has(uid)) return []
      asked.add(uid)
      const pod = { record }
      const set = setOf(pod)
      if (set === undefined || !undisturbed || drained.has(appOf(pod) ?? '')) return []
      // One that the commit before wanted may still be under way.
      return endings.isSettled ? madeTooSoon(pod, set) : []
    },
    seePod: (pod) => {
      if (isDrained(pod)) drained.add(appOf(pod) ?? '')
      const isNew = isDeleting(pod) && !ending.has(pod.uid)
      endings.seeRecord(pod)
      if (!isNew) return
      ending.add(pod.uid)
      const isOrdered = setOf(pod) !== undefined && !drained.has(appOf(pod) ?? '')
      if (undisturbed && isAlive(pod) && isOrdered && endings.areOurs(pod.uid)) broken.push(...others(pod))
    },
    seeFact: () => broken.splice(0),
  }
}

function ordinalOf({ record }: HasRecord): number {
  return Number(record.pod.metadata.name?.split('-').at(-1))
}
