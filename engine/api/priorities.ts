/** The classes that Kubernetes has by itself: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */
export const SYSTEM_PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
])
