import { podSpecWithDefaults } from '../api/defaults/pod.ts'
import { probeWithDefaults } from '../api/defaults/probes.ts'
import type { ExitRule } from '../api/cri.ts'
import type { Container, ContainerRestartRule, PodSpec, PodStatus, Probe } from '../api/generated/types.ts'
import type { ProbeKey, ProbeKind } from '../api/snapshot.ts'
import { qosClassOf } from '../api/qosClass.ts'

/** What follows from a pod's spec alone. */
export interface PodFacts {
  /** As written; in filledFactsOf with its defaults. */
  readonly spec: PodSpec
  /** In the spec's order. */
  readonly inits: readonly ContainerFacts[]
  readonly mains: readonly ContainerFacts[]
  readonly restartPolicy: RestartPolicy
  readonly graceMs: number
  /** From its creation on; absent: as long as it likes. */
  readonly activeDeadlineMs: number | undefined
  readonly qosClass: NonNullable<PodStatus['qosClass']>
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

export interface ContainerFacts {
  readonly name: string
  /** As written; in filledFactsOf with its defaults. */
  readonly container: Container
  /** `sidecar`: an init container with restartPolicy Always. */
  readonly role: 'init' | 'sidecar' | 'main'
  readonly restart: RestartPolicy
  /** Its own, before the policy. */
  readonly exitRules: readonly ExitRule[]
  readonly probes: readonly ProbeFacts[]
  readonly hasPostStart: boolean
}

export interface ProbeFacts {
  readonly kind: ProbeKind
  readonly key: ProbeKey
  /** With defaults. */
  readonly probe: Probe
  readonly successThreshold: number
  readonly failureThreshold: number
  readonly periodMs: number
}

/**
 * By the spec's identity: records are read-only, so a spec object never means two things. Ten thousand unchanged pods are looked
 * at in every plan, and a new engine sees each for the first time: so this fills in only the few defaults that it tells of.
 */
const known = new WeakMap<PodSpec, PodFacts>()
const filled = new WeakMap<PodSpec, PodFacts>()

export function factsOf(written: PodSpec): PodFacts {
  const found = known.get(written)
  if (found !== undefined) return found
  const facts = makeFacts(written)
  known.set(written, facts)
  return facts
}

/** The same with every default filled in, in the spec and in each container: for what is asked of a runtime. */
export function filledFactsOf(written: PodSpec): PodFacts {
  const found = filled.get(written)
  if (found !== undefined) return found
  const facts = makeFacts(podSpecWithDefaults(written))
  filled.set(written, facts)
  return facts
}

function makeFacts(spec: PodSpec): PodFacts {
  const restartPolicy = spec.restartPolicy ?? 'Always'
  return {
    spec,
    inits: (spec.initContainers ?? []).map((container) => initFacts(container, restartPolicy)),
    mains: spec.containers.map((container) =>
      oneContainer(container, 'main', container.restartPolicy ?? restartPolicy),
    ),
    restartPolicy,
    graceMs: (spec.terminationGracePeriodSeconds ?? 30) * 1000,
    activeDeadlineMs:
      spec.activeDeadlineSeconds === undefined ? undefined : spec.activeDeadlineSeconds * 1000,
    qosClass: qosClassOf(spec),
  }
}

/** An init container that fails is run again, unless it or the pod is never to restart; one that succeeded is done. */
function initFacts(container: Container, ofPod: RestartPolicy): ContainerFacts {
  const policy = container.restartPolicy ?? ofPod
  if (container.restartPolicy === 'Always') return oneContainer(container, 'sidecar', 'Always')
  return oneContainer(container, 'init', policy === 'Never' ? 'Never' : 'OnFailure')
}

const NO_PROBES: readonly ProbeFacts[] = []
const NO_RULES: readonly ExitRule[] = []

function oneContainer(
  container: Container,
  role: ContainerFacts['role'],
  restart: RestartPolicy,
): ContainerFacts {
  const { lifecycle, livenessProbe, name, readinessProbe, startupProbe } = container
  const probes =
    startupProbe === undefined && livenessProbe === undefined && readinessProbe === undefined
      ? NO_PROBES
      : [
          probeFacts(name, 'startup', startupProbe),
          probeFacts(name, 'liveness', livenessProbe),
          probeFacts(name, 'readiness', readinessProbe),
        ].filter((probe) => probe !== undefined)
  const { restartPolicyRules } = container
  const exitRules = restartPolicyRules === undefined ? NO_RULES : restartPolicyRules.flatMap(exitRule)
  return {
    name,
    container,
    role,
    restart,
    exitRules,
    probes,
    hasPostStart: lifecycle?.postStart !== undefined,
  }
}

/** A rule that names no exit codes fits none. */
function exitRule({ action, exitCodes }: ContainerRestartRule): readonly ExitRule[] {
  if (exitCodes === undefined) return NO_RULES
  return [{ action, operator: exitCodes.operator, values: exitCodes.values ?? [] }]
}

function probeFacts(container: string, kind: ProbeKind, written: Probe | undefined): ProbeFacts | undefined {
  if (written === undefined) return undefined
  const probe = probeWithDefaults(written)
  return {
    kind,
    key: `${container}/${kind}`,
    probe,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
    periodMs: (probe.periodSeconds ?? 10) * 1000,
  }
}

export function probeOf(facts: ContainerFacts, kind: ProbeKind): ProbeFacts | undefined {
  for (const probe of facts.probes) if (probe.kind === kind) return probe
  return undefined
}

export function containerFacts(facts: PodFacts, name: string): ContainerFacts | undefined {
  const byName = (one: ContainerFacts): boolean => one.name === name
  return facts.mains.find(byName) ?? facts.inits.find(byName)
}
