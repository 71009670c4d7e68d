import type { ContainerMeasures, MeasuredPod, PodMeasures, TrafficMeasures } from '../measures.ts'
import type { ContainerStats } from '../runtime.ts'
import type { SimulatedNode } from './node.ts'
import type { SimulatedContainer, SimulatedPod } from './pod.ts'

/** Cpu and memory as the test has it; nobody reads, writes or sends anything here. */
export function measured(
  node: SimulatedNode,
  { containers, hostNetwork, uid }: MeasuredPod,
): PodMeasures | undefined {
  const pod = node.pods.get(uid)
  if (pod === undefined) return undefined
  const running = containers.flatMap((name) => {
    const container = pod.containers.get(name)
    return container?.state.kind === 'running' ? [[name, measuresOf(node, pod, container)] as const] : []
  })
  const interfaces =
    hostNetwork || running.length === 0 ? [] : [{ name: 'eth0', received: SILENT, sent: SILENT }]
  return { containers: new Map(running), interfaces }
}

const SILENT: TrafficMeasures = { bytes: 0, packets: 0, errors: 0, dropped: 0 }

function measuresOf(
  node: SimulatedNode,
  pod: SimulatedPod,
  container: SimulatedContainer,
): ContainerMeasures {
  const { cpuNanoseconds, memoryBytes } = used(node, pod, container)
  return {
    cgroup: `/simulated/pod${pod.uid}/${container.name}`,
    cpu: {
      usageSeconds: cpuNanoseconds / 1e9,
      userSeconds: cpuNanoseconds / 1e9,
      systemSeconds: 0,
      periods: undefined,
      throttledPeriods: undefined,
      throttledSeconds: undefined,
      shares: undefined,
      periodMicroseconds: undefined,
      quotaMicroseconds: undefined,
    },
    memory: {
      usage: memoryBytes,
      workingSet: memoryBytes,
      rss: memoryBytes,
      cache: 0,
      mapped: 0,
      swap: 0,
      most: undefined,
      limit: 0,
      failures: undefined,
      pageFaults: undefined,
      majorPageFaults: undefined,
      oomKills: 0,
    },
    processes: 1,
    io: [],
  }
}

/** What it uses now, as the test has it, and has used of the cpu since it began. */
export function used(
  node: SimulatedNode,
  pod: SimulatedPod,
  container: SimulatedContainer,
): Omit<ContainerStats, 'container'> {
  const { cpuMillis, memoryBytes } = node.useOf(pod, container.name)
  const { atMs, cpuNanoseconds } = container.used
  const now = node.clock.elapsedMs
  // a thousandth of a core for a millisecond is a microsecond
  container.used = { atMs: now, cpuNanoseconds: cpuNanoseconds + (now - atMs) * cpuMillis * 1000 }
  return { cpuNanoseconds: container.used.cpuNanoseconds, memoryBytes }
}
