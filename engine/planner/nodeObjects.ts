import type { Taint } from '../api/generated/types.ts'
import { type Allocatable, INVALID_ALLOCATABLE, OVER_RESERVED } from '../api/allocatable.ts'
import type { NodeInfo } from '../api/cri.ts'
import type { NodeFacts } from '../api/nodes.ts'
import { nodesOf } from '../api/nodes.ts'
import type { ObservedNode, Snapshot } from '../api/snapshot.ts'
import { UNSCHEDULABLE_TAINT } from '../api/taints.ts'
import { withLosses } from './losses.ts'

/** Kubernetes' v1 Node, as far as it is known here. */
export interface NodeObject {
  readonly apiVersion: 'v1'
  readonly kind: 'Node'
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly taints?: readonly Taint[]
    readonly unschedulable?: true
    readonly podCIDR?: string
    /** One of each family, the first of which is `podCIDR`. */
    readonly podCIDRs?: readonly string[]
  }
  readonly status: {
    readonly conditions: readonly NodeCondition[]
    readonly addresses: readonly { readonly type: 'InternalIP' | 'Hostname'; readonly address: string }[]
    readonly capacity?: Readonly<Record<string, string>>
    readonly allocatable?: Readonly<Record<string, string>>
    readonly nodeInfo?: Readonly<Record<string, string>>
  }
}

export interface NodeCondition {
  readonly type: 'Ready' | typeof INVALID_ALLOCATABLE
  readonly status: 'True' | 'Unknown'
  readonly reason: string
  readonly message: string
  readonly lastHeartbeatTime: string
  readonly lastTransitionTime: string
}

export interface NodeObjectsOptions {
  /** Of the engine, which stands where Kubernetes has the kubelet's. */
  readonly version: string
  /** By node. */
  readonly podCIDRs: ReadonlyMap<string, string>
}

/** By name. */
export function nodeObjects(
  told: Snapshot,
  now: Temporal.Instant,
  options: NodeObjectsOptions,
): readonly NodeObject[] {
  const snapshot = withLosses(told, now)
  return nodesOf(snapshot).map((node) =>
    nodeObject(node, snapshot.observed.nodes.get(node.name), now, options),
  )
}

function nodeObject(
  node: NodeFacts,
  observed: ObservedNode | undefined,
  now: Temporal.Instant,
  { podCIDRs, version }: NodeObjectsOptions,
): NodeObject {
  const { allocatable, info, labels, name, unschedulable } = node
  const taints = unschedulable ? [...node.taints, UNSCHEDULABLE_TAINT] : node.taints
  const parts = podCIDRs.get(name)?.split(',')
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    spec: {
      ...(parts?.[0] !== undefined && { podCIDR: parts[0], podCIDRs: parts }),
      ...(taints.length > 0 && { taints }),
      ...(unschedulable && { unschedulable }),
    },
    status: {
      conditions: [readyCondition(node, observed, now), ...reservedConditions(node, now)],
      addresses: [
        ...(info?.addresses ?? []).map((address) => ({ type: 'InternalIP', address }) as const),
        { type: 'Hostname', address: name },
      ],
      ...(info !== undefined && { capacity: resources(info) }),
      ...(allocatable !== undefined && { allocatable: resources(allocatable) }),
      ...(info !== undefined && { nodeInfo: nodeInfo(info, version) }),
    },
  }
}

/** Kubernetes says NodeStatusUnknown when the kubelet has stopped posting; here it is the node that does not answer. */
function readyCondition(
  node: NodeFacts,
  observed: ObservedNode | undefined,
  now: Temporal.Instant,
): NodeCondition {
  const since = observed?.since ?? now.toString()
  if (node.reachable) {
    const said = { reason: 'NodeReady', message: 'the node answers' }
    return {
      type: 'Ready',
      status: 'True',
      ...said,
      lastHeartbeatTime: now.toString(),
      lastTransitionTime: since,
    }
  }
  const message = node.fenced
    ? `the node has not answered since ${since}, and was said to be dead`
    : `the node has not answered since ${since}`
  return {
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message,
    lastHeartbeatTime: since,
    lastTransitionTime: node.lostSince ?? since,
  }
}

/** A kubelet does not start then; here the node is driven on, and takes no pod that requests what it has none of. */
function reservedConditions({ overReserved }: NodeFacts, now: Temporal.Instant): readonly NodeCondition[] {
  if (overReserved.length === 0) return []
  const at = { lastHeartbeatTime: now.toString(), lastTransitionTime: now.toString() }
  const message = overReserved.join('; ')
  return [{ type: INVALID_ALLOCATABLE, status: 'True', reason: OVER_RESERVED, message, ...at }]
}

function resources(amounts: Allocatable): Readonly<Record<string, string>> {
  const { cpuMillis, ephemeralStorageBytes, extendedResources = {}, memoryBytes, podsMax } = amounts
  return {
    cpu: cpuMillis % 1000 === 0 ? String(cpuMillis / 1000) : `${cpuMillis}m`,
    ...(ephemeralStorageBytes !== undefined && { 'ephemeral-storage': String(ephemeralStorageBytes) }),
    memory: `${Math.floor(memoryBytes / 1024)}Ki`,
    pods: String(podsMax),
    ...Object.fromEntries(Object.entries(extendedResources).map(([name, units]) => [name, String(units)])),
  }
}

function nodeInfo(info: NodeInfo, version: string): Readonly<Record<string, string>> {
  const { architecture, bootId, kernelVersion, osImage, runtime } = info
  return {
    ...(architecture !== undefined && { architecture }),
    bootID: bootId,
    containerRuntimeVersion: runtime.replace(' ', '://'),
    ...(kernelVersion !== undefined && { kernelVersion }),
    kubeletVersion: `reconcile-${version}`,
    operatingSystem: 'linux',
    ...(osImage !== undefined && { osImage }),
  }
}
