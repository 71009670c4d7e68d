import type { SimulatedPod } from '../../../../engine/runtimes/simulated/pod.ts'
import { isAlive, type Law, type LawContext, nameOf } from './law.ts'

const INDEX = 'batch.kubernetes.io/job-completion-index'

/** Never two live copies of one identity: a bare Pod, a StatefulSet's ordinal, a Job's index. */
export function identityLaw({ fleet }: LawContext): Law {
  return {
    seeFact: (fact) => {
      if (fact.kind !== 'started') return []
      const pod = fleet.podOf(fact.uid)
      if (pod === undefined) return [`${fact.pod} was started without a record`]
      return fleet.pods
        .filter((other) => other.uid !== fact.uid && isAlive(other) && isSame(other, pod))
        .map((other) => `${fact.pod} (${fact.uid}) was started while ${nameOf(other)} (${other.uid}) runs`)
    },
  }
}

function isSame(one: SimulatedPod, other: SimulatedPod): boolean {
  if (nameOf(one) === nameOf(other)) return true
  const index = indexOf(one)
  return index !== undefined && index === indexOf(other)
}

function indexOf({ record }: SimulatedPod): string | undefined {
  const { annotations, ownerReferences } = record.pod.metadata
  const index = annotations?.[INDEX]
  return index === undefined ? undefined : `${ownerReferences?.[0]?.uid} ${index}`
}
