import { nodeName } from '../../../../engine/api/names.ts'
import { nodeKey, nodeMemory } from '../../../../engine/api/nodeRecords.ts'
import type { SimulatedPod } from '../../../../engine/runtimes/simulated/pod.ts'
import { isDrained, type Law, type LawContext, nameOf } from './law.ts'

/** A drain takes pods from nodes that are drained, and neither a DaemonSet's nor, unforced, one without a controller. */
export function drainLaw({ fleet, inFlightMs }: LawContext): Law & {
  readonly seePod: (pod: SimulatedPod) => void
} {
  const seen = new Set<string>()
  const broken: string[] = []
  /** By node, until when a drain that has ended may be carried on with. */
  const untilMs = new Map<string, number>()
  const look = (): void => {
    for (const { metadata, spec } of fleet.desired.nodes) {
      const record = fleet.head.objectRecords.get(nodeKey(nodeName(metadata.name)))
      if (spec?.drain === undefined && nodeMemory(record).drain === undefined) continue
      untilMs.set(metadata.name, fleet.clock.elapsedMs + inFlightMs)
    }
  }
  return {
    seeCommit: look,
    seePod: (pod) => {
      if (seen.has(pod.uid) || !isDrained(pod)) return
      seen.add(pod.uid)
      const owner = pod.record.pod.metadata.ownerReferences?.[0]?.kind
      if (owner === undefined || owner === 'DaemonSet')
        broken.push(`a drain took ${nameOf(pod)}, which is of ${owner ?? 'nobody'}`)
      look()
      const until = untilMs.get(pod.record.node)
      if (until === undefined || until < fleet.clock.elapsedMs)
        broken.push(`a drain took ${nameOf(pod)} from ${pod.record.node}, which is not drained`)
    },
    seeRecord: () => {
      look()
      return broken.splice(0)
    },
    seeFact: () => broken.splice(0),
  }
}
