import type { SimulatedPod } from '../../../../engine/runtimes/simulated/pod.ts'
import { cronJobLaw } from './cronJobs.ts'
import { drainLaw } from './drains.ts'
import { identityLaw } from './identity.ts'
import { jobLaw } from './jobs.ts'
import type { Law, LawContext } from './law.ts'
import { servingLaw } from './serving.ts'
import { servicesLaw } from './services.ts'
import { orderLaw } from './statefulSet.ts'

/** Watches everything that happens on the nodes from now on; `broken` grows by what must not have happened. */
export interface Watch {
  readonly broken: readonly string[]
  seeCommit(): void
}

type PodLaw = Law & { readonly seePod?: (pod: SimulatedPod) => void }

export function watch(context: LawContext): Watch {
  const { fleet } = context
  const laws: readonly PodLaw[] = [
    identityLaw(context),
    servingLaw(context),
    orderLaw(context),
    jobLaw(context),
    cronJobLaw(context),
    drainLaw(context),
    servicesLaw(context),
  ]
  const broken: string[] = []
  const add = (sentences: readonly string[]): void => {
    for (const sentence of sentences) fleet.trace.add(`BROKEN: ${sentence}`)
    broken.push(...sentences)
  }
  for (const node of fleet.nodes) {
    node.onFact = (fact) => {
      const container = 'container' in fact ? ` ${fact.container}#${fact.attempt} by ${fact.by}` : ''
      fleet.trace.add(`${node.name}: ${fact.pod}${container} ${fact.kind}`)
      for (const law of laws) add(law.seeFact?.(fact, node) ?? [])
    }
    node.onAsked = (record) => {
      for (const law of laws) add(law.seeAsked?.(record) ?? [])
    }
    node.onRecord = (pod) => {
      for (const law of laws) law.seePod?.(pod)
    }
    node.onObjectRecord = (key, record) => {
      const status = JSON.stringify(record?.object.status ?? {})
      fleet.trace.add(`${node.name}: record ${key} ${record === undefined ? 'deleted' : status}`)
      for (const law of laws) add(law.seeRecord?.(key, record) ?? [])
    }
  }
  return {
    broken,
    seeCommit: () => {
      for (const law of laws) law.seeCommit?.()
    },
  }
}
