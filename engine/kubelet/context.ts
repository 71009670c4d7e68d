import type { Action } from '../api/plan.ts'
import type { Desired, ObservedNode } from '../api/snapshot.ts'
import type { AddressedService } from '../api/services.ts'
import type { VolumeFiles } from './requests/envFiles.ts'
import type { Serving } from './serving.ts'

/** What surrounds one pod in a snapshot. */
export interface PodContext {
  readonly now: Temporal.Instant
  readonly node: ObservedNode
  readonly desired: Desired
  /** Whether connections may still be led to an address; absent: none are led anywhere. */
  readonly serving?: Serving
  /** What is being done to this pod right now. */
  readonly busy?: Action
  /** Of the pod's namespace, by name; absent while nobody has looked, and containers are told of none. */
  readonly services?: readonly AddressedService[]
  /** Files that environments are made from; absent while nobody has read them, and their variables are empty. */
  readonly files?: VolumeFiles
}

/** A request that cannot be made from what the commit says. */
export interface ConfigProblem {
  readonly kind: 'problem'
  /** Kubernetes' reason, such as CreateContainerConfigError. */
  readonly reason: string
  readonly message: string
  /** Only another commit helps. */
  readonly certain: boolean
}

export function isProblem<T extends object>(value: T | ConfigProblem): value is ConfigProblem {
  return 'kind' in value && value.kind === 'problem'
}
