import { matchesLabels } from '../api/selectors.ts'
import { hostPortsOf, type NodeState, type Placeable, portsConflict } from './nodes.ts'

/** One reason for which a node may not take a pod. */
export interface Filter {
  readonly name: string
  /** What is wrong, as kube-scheduler says it after the number of such nodes; undefined when the node will do. */
  readonly refusal: (pod: Placeable, node: NodeState) => string | undefined
}

/** In kube-scheduler's order; the first one that refuses a node gives the reason. */
export const FILTERS: readonly Filter[] = [
  {
    name: 'Reachable',
    refusal: (_pod, node) => (node.reachable ? undefined : 'node(s) did not answer'),
  },
  {
    name: 'NodeUnschedulable',
    // A pod that names its node asks no scheduler, as in Kubernetes.
    refusal: (pod, node) =>
      node.unschedulable && pod.spec.nodeName === undefined ? 'node(s) were unschedulable' : undefined,
  },
  {
    name: 'NodeName',
    refusal: (pod, node) =>
      pod.spec.nodeName === undefined || pod.spec.nodeName === node.name
        ? undefined
        : "node(s) didn't match the requested node name",
  },
  {
    name: 'NodeAffinity',
    refusal: (pod, node) =>
      matchesLabels(pod.spec.nodeSelector ?? {}, node.labels)
        ? undefined
        : "node(s) didn't match Pod's node affinity/selector",
  },
  {
    name: 'NodePorts',
    refusal: (pod, node) => {
      const wanted = hostPortsOf(pod.spec)
      const conflict = wanted.some((port) => node.load.hostPorts.some((used) => portsConflict(port, used)))
      return conflict ? "node(s) didn't have free ports for the requested pod ports" : undefined
    },
  },
  {
    name: 'PodsLimit',
    refusal: (_pod, node) => (node.load.pods < node.podsMax ? undefined : 'Too many pods'),
  },
]
