import { canonicalJson } from '../api/canonical.ts'
import type {
  PodAffinityTerm,
  PodSpec,
  TopologySpreadConstraint,
  WeightedPodAffinityTerm,
} from '../api/generated/types.ts'
import { type HostPort, hostPortsOf } from '../api/hostPorts.ts'
import type { NodeName, PodUid } from '../api/names.ts'
import { podRequests } from '../api/podResources.ts'
import type { Labels } from '../api/selectors.ts'

/** A pod that wants a node, or has one. */
export interface Placeable {
  readonly uid: PodUid
  readonly namespace: string
  readonly labels: Labels
  /** As written. */
  readonly spec: PodSpec
  /** The uid of its controller, if it has one: its pods are spread. */
  readonly owner: string | undefined
  readonly priority: number
  /** False: it waits for room and pushes nobody out (preemptionPolicy Never). */
  readonly mayPreempt: boolean
  /** It is going: it takes room until it is gone, and nobody waits for its company. */
  readonly deleting: boolean
  /** ms since 1970: of equals, the younger one goes first. */
  readonly createdMs: number
  /** Where its volumes are; absent: anywhere. */
  readonly volumeNodes?: ReadonlySet<NodeName>
}

/** What a spec says to the scheduler. */
export interface SchedulingFacts {
  readonly spec: PodSpec
  readonly cpuMillis: number
  readonly memoryBytes: number
  readonly ephemeralBytes: number
  /** For scores only: what asks for nothing counts as 100m and 200 MB, as in kube-scheduler, so that such pods are spread too. */
  readonly scoredCpuMillis: number
  readonly scoredMemoryBytes: number
  /** Such as hugepages-2Mi. */
  readonly extended: readonly (readonly [name: string, amount: number])[]
  readonly ports: readonly HostPort[]
  /** Equal for specs that every node answers alike, whatever runs on it. */
  readonly nodeText: string
  readonly affinity: readonly PodAffinityTerm[]
  readonly antiAffinity: readonly PodAffinityTerm[]
  readonly preferredAffinity: readonly WeightedPodAffinityTerm[]
  readonly preferredAntiAffinity: readonly WeightedPodAffinityTerm[]
  readonly hasPodTerms: boolean
  readonly hardSpread: readonly TopologySpreadConstraint[]
  readonly softSpread: readonly TopologySpreadConstraint[]
  /** Equal for specs with equal wishes about other pods; empty when there are none. */
  readonly companyText: string
}

const SCORED_CPU_MILLIS = 100
const SCORED_MEMORY_BYTES = 200 * 1024 * 1024

const COUNTED = new Set(['cpu', 'memory', 'ephemeral-storage'])

const known = new WeakMap<PodSpec, SchedulingFacts>()

/** By the spec's identity: what was read from a commit or a record is never changed in place. */
export function schedulingFacts(spec: PodSpec): SchedulingFacts {
  const found = known.get(spec)
  if (found !== undefined) return found
  const facts = makeFacts(spec)
  known.set(spec, facts)
  return facts
}

function makeFacts(spec: PodSpec): SchedulingFacts {
  const requests = podRequests(spec)
  const cpu = requests['cpu'] ?? 0
  const memory = requests['memory'] ?? 0
  const near = spec.affinity?.podAffinity
  const apart = spec.affinity?.podAntiAffinity
  const affinity = near?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  const antiAffinity = apart?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  const preferredAffinity = near?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const preferredAntiAffinity = apart?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const spread = spec.topologySpreadConstraints ?? []
  const lists = [affinity, antiAffinity, preferredAffinity, preferredAntiAffinity]
  return {
    spec,
    cpuMillis: cpu,
    memoryBytes: memory,
    ephemeralBytes: requests['ephemeral-storage'] ?? 0,
    scoredCpuMillis: cpu === 0 ? SCORED_CPU_MILLIS : cpu,
    scoredMemoryBytes: memory === 0 ? SCORED_MEMORY_BYTES : memory,
    extended: Object.entries(requests).filter(([name, amount]) => !COUNTED.has(name) && amount > 0),
    ports: hostPortsOf(spec),
    nodeText: nodeText(spec),
    affinity,
    antiAffinity,
    preferredAffinity,
    preferredAntiAffinity,
    hasPodTerms: lists.some((terms) => terms.length > 0),
    hardSpread: spread.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule'),
    softSpread: spread.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway'),
    companyText:
      lists.every((terms) => terms.length === 0) && spread.length === 0 ? '' : canonicalJson([lists, spread]),
  }
}

function nodeText({ affinity, nodeName, nodeSelector, tolerations }: PodSpec): string {
  const nodeAffinity = affinity?.nodeAffinity
  if (
    nodeAffinity === undefined &&
    nodeName === undefined &&
    nodeSelector === undefined &&
    tolerations === undefined
  )
    return ''
  return canonicalJson([nodeAffinity, nodeName, nodeSelector, tolerations])
}
