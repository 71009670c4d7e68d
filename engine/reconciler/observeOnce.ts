import type { NodeName } from '../api/names.ts'
import type { Desired, Snapshot } from '../api/snapshot.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import type { Clock } from './clock.ts'

/** One look at every node, for `plan` and `status`: writes nothing, starts nothing. */
export function observeOnce(
  _runtimes: ReadonlyMap<NodeName, Runtime>,
  _desired: Desired,
  _clock: Clock,
  _signal?: AbortSignal,
): Promise<Snapshot> {
  throw new Error('not there yet')
}
