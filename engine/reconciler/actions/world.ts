import type { PodAction } from '../../api/plan.ts'
import type { AddressedService } from '../../api/services.ts'
import type { Desired, ObservedNode, ObservedPod } from '../../api/snapshot.ts'
import type { ConfigProblem } from '../../kubelet/context.ts'
import type { Runtime } from '../../runtimes/runtime.ts'
import type { Clock } from '../clock.ts'
import type { ImageEvent, Problem } from '../progress.ts'

/** What an action may use while it is carried out. */
export interface ActionWorld {
  readonly runtime: Runtime
  readonly clock: Clock
  readonly desired: Desired
  /** Those of a namespace that have an address now. */
  readonly services: (namespace: string) => readonly AddressedService[]
  readonly signal: AbortSignal
  /** As last observed. */
  readonly node: () => ObservedNode
  readonly pod: () => ObservedPod | undefined
  /** For work that keeps the node busy; waiting for a pull, a hook or a grace period is done outside of it. */
  readonly inSlot: <T>(work: () => Promise<T>) => Promise<T>
  /**
   * For what is short, and what the next plan waits for: that a pod is ready, or is to go, is to be on record before the pods of a rollout
   * that stand in line for a slot have started.
   */
  readonly promptly: <T>(work: () => Promise<T>) => Promise<T>
  /** A part of the action is done. The empty name is the pod itself. */
  readonly done: (container: string) => void
  readonly problem: (problem: Problem) => void
  readonly tell: (event: ImageEvent) => void
  /** What is carried out, for what is told of it. */
  readonly action: PodAction
  /** Does one container's part: a problem and a rejection are its failure, not the action's; rejects when cancelled. */
  readonly attempt: (container: string, work: () => Promise<ConfigProblem | undefined>) => Promise<void>
}
