import { podSpecWithDefaults } from '../api/defaults/pod.ts'
import type { Container, PodSpec, PodStatus } from '../api/generated/types.ts'
import { qosClassOf } from './qosClass.ts'

/** What follows from a pod's spec alone. */
export interface PodFacts {
  readonly spec: PodSpec
  /** In the spec's order. */
  readonly inits: readonly ContainerFacts[]
  readonly mains: readonly ContainerFacts[]
  readonly restartPolicy: RestartPolicy
  readonly graceMs: number
  readonly qosClass: NonNullable<PodStatus['qosClass']>
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

export interface ContainerFacts {
  readonly name: string
  readonly container: Container
  /** `sidecar`: an init container with restartPolicy Always. */
  readonly role: 'init' | 'sidecar' | 'main'
  readonly restart: RestartPolicy
}

/**
 * By the spec's identity: records are read-only, so a spec object never means two things. Ten thousand unchanged pods are looked
 * at in every plan, and defaulting them each time would take longer than all the rest.
 */
const known = new WeakMap<PodSpec, PodFacts>()

export function factsOf(written: PodSpec): PodFacts {
  const found = known.get(written)
  if (found !== undefined) return found
  const facts = makeFacts(podSpecWithDefaults(written))
  known.set(written, facts)
  return facts
}

function makeFacts(spec: PodSpec): PodFacts {
  const restartPolicy = spec.restartPolicy ?? 'Always'
  return {
    spec,
    inits: (spec.initContainers ?? []).map((container) => initFacts(container, restartPolicy)),
    mains: spec.containers.map((container) => ({
      name: container.name,
      container,
      role: 'main',
      restart: restartPolicy,
    })),
    restartPolicy,
    graceMs: (spec.terminationGracePeriodSeconds ?? 30) * 1000,
    qosClass: qosClassOf(spec),
  }
}

/** An init container that fails is run again, unless the pod is never to restart; one that succeeded is done. */
function initFacts(container: Container, ofPod: RestartPolicy): ContainerFacts {
  const { name } = container
  if (container.restartPolicy === 'Always') return { name, container, role: 'sidecar', restart: 'Always' }
  return { name, container, role: 'init', restart: ofPod === 'Never' ? 'Never' : 'OnFailure' }
}

export function containerFacts(facts: PodFacts, name: string): ContainerFacts | undefined {
  const byName = (one: ContainerFacts): boolean => one.name === name
  return facts.mains.find(byName) ?? facts.inits.find(byName)
}
