import type { PodUid } from '../api/names.ts'

/** A pod that is to be measured, and its containers that run. */
export interface MeasuredPod {
  readonly uid: PodUid
  readonly containers: readonly string[]
  /** The node's traffic is not the pod's. */
  readonly hostNetwork: boolean
}

/** What a node's kernel counts of a pod. */
export interface PodMeasures {
  /** Those that run, by name. */
  readonly containers: ReadonlyMap<string, ContainerMeasures>
  /** Of the pod's own network, but for the loopback; none where the pod has the node's, or nothing runs in it. */
  readonly interfaces: readonly InterfaceMeasures[]
}

/** Counted since the container began, unless it is what there is now. What the kernel does not count is undefined. */
export interface ContainerMeasures {
  /** The cgroup's path below its hierarchy: what cAdvisor calls the container's id. */
  readonly cgroup: string
  readonly cpu: CpuMeasures
  readonly memory: MemoryMeasures
  readonly processes: number | undefined
  /** By device. */
  readonly io: readonly IoMeasures[]
}

export interface CpuMeasures {
  readonly usageSeconds: number
  readonly userSeconds: number | undefined
  readonly systemSeconds: number | undefined
  /** In which a limit was enforced, and of these, in which the container had to wait. */
  readonly periods: number | undefined
  readonly throttledPeriods: number | undefined
  readonly throttledSeconds: number | undefined
  readonly shares: number | undefined
  readonly periodMicroseconds: number | undefined
  /** Undefined: no limit. */
  readonly quotaMicroseconds: number | undefined
}

/** In bytes, but for the counts. */
export interface MemoryMeasures {
  /** With the cache of files. */
  readonly usage: number
  /** Without the files that the kernel would give back first: what Kubernetes goes by. */
  readonly workingSet: number
  readonly rss: number
  readonly cache: number
  readonly mapped: number
  readonly swap: number
  readonly most: number | undefined
  /** 0: no limit. */
  readonly limit: number
  readonly failures: number | undefined
  readonly pageFaults: number | undefined
  readonly majorPageFaults: number | undefined
  /** Processes that were killed for want of memory. */
  readonly oomKills: number
}

export interface IoMeasures {
  /** Such as /dev/vda. */
  readonly device: string
  readonly readBytes: number
  readonly writtenBytes: number
  readonly reads: number
  readonly writes: number
}

export interface InterfaceMeasures {
  readonly name: string
  readonly received: TrafficMeasures
  readonly sent: TrafficMeasures
}

export interface TrafficMeasures {
  readonly bytes: number
  readonly packets: number
  readonly errors: number
  readonly dropped: number
}
