import type { NodeInfo } from './cri.ts'
import type { Quantity } from './generated/types.ts'
import { amountOf, amountText } from './podResources.ts'
import { canonicalQuantity } from './quantity.ts'
import type { Desired } from './snapshot.ts'

/** What the pods of a node may request together. */
export type Allocatable = Pick<
  NodeInfo,
  'cpuMillis' | 'memoryBytes' | 'ephemeralStorageBytes' | 'podsMax' | 'extendedResources'
>

/** By resource, what a node keeps back for whatever is no pod: as the kubelet's setting of this name. */
export type Reserved = Readonly<Record<string, Quantity>>

const FIELDS = {
  cpu: 'cpuMillis',
  memory: 'memoryBytes',
  'ephemeral-storage': 'ephemeralStorageBytes',
} as const satisfies Record<string, keyof Allocatable>

export const RESERVABLE = ['cpu', 'memory', 'ephemeral-storage'] as const

/** A node's condition while it has not what is reserved on it, and why. */
export const INVALID_ALLOCATABLE = 'InvalidNodeAllocatable'
export const OVER_RESERVED = 'ReservationExceedsCapacity'

/** The Node's own word on a resource goes before the Cluster's. */
export function reservedOf({ cluster, nodes }: Pick<Desired, 'cluster' | 'nodes'>, name: string): Reserved {
  const own = nodes.find(({ metadata }) => metadata.name === name)?.spec?.systemReserved
  return { ...cluster.spec?.systemReserved, ...own }
}

/** The capacity less what is reserved, and none where that is more than there is. */
export function allocatableOf(info: NodeInfo, reserved: Reserved): Allocatable {
  const changes = RESERVABLE.flatMap((name) => {
    const capacity = info[FIELDS[name]]
    const kept = amountOf(name, reserved[name] ?? 0)
    return kept === 0 || capacity === undefined ? [] : [[FIELDS[name], Math.max(0, capacity - kept)]]
  })
  return changes.length === 0 ? info : { ...info, ...Object.fromEntries(changes) }
}

/** What is reserved beyond what there is, a sentence each, in the words with which a kubelet refuses to start. */
export function overReserved(info: NodeInfo, reserved: Reserved): readonly string[] {
  return RESERVABLE.flatMap((name) => {
    const capacity = info[FIELDS[name]]
    if (capacity === undefined || amountOf(name, reserved[name] ?? 0) <= capacity) return []
    const kept = canonicalQuantity(reserved[name] ?? 0)
    return [`resource "${name}" has a reservation of ${kept} but capacity of ${amountText(name, capacity)}`]
  })
}
