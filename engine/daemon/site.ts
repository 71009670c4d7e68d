import type { RootRecord } from '../api/records.ts'
import type { Desired } from '../api/snapshot.ts'
import type { NodeName } from '../api/names.ts'
import type { Runtime } from '../runtimes/runtime.ts'

/** The nodes of a desired state, and how each is driven. */
export interface Machine {
  /** Of the head, where object records are kept. */
  readonly runtime: Runtime
  readonly runtimes: ReadonlyMap<NodeName, Runtime>
}

/** The root that the daemon drives. All but `record` reject as runtimes do. */
export interface Site {
  /** Whose it is and what is in force, as it was last read or written here. Absent: nobody's yet. */
  record(): RootRecord | undefined
  /** Why the root cannot be this commit's; undefined: it can. */
  objection(desired: Desired): Promise<Objection | undefined>
  /** The same one as before for as long as nothing changes that it is made from. Only looked at, not prepared. */
  machine(desired: Desired): Promise<Machine>
  /** Makes the root this commit's and its machine ready; on record before it resolves. */
  take(desired: Desired): Promise<Taken>
  /**
   * Takes machines out of the fleet that have no pods any more, and what is left of the root from them once `drive` has resolved: nothing uses
   * them from then on.
   */
  letGo(nodes: readonly NodeName[], desired: Desired, drive: (taken: Taken) => Promise<void>): Promise<void>
}

export interface Taken {
  readonly machine: Machine
  /** With what only the root knows. */
  readonly desired: Desired
}

export type Objection =
  /** Another's root, or nodes that cannot be driven. */
  | { readonly kind: 'configuration'; readonly message: string }
  /** The repository no longer has what was applied last: for somebody to look at. */
  | { readonly kind: 'lost'; readonly message: string }
