import type { PodUid } from '../api/names.ts'
import type { Desired } from '../api/snapshot.ts'
import { createLoop } from '../reconciler/loop.ts'
import type { LoopOptions } from '../reconciler/loopOptions.ts'
import type { Invocation } from './invocation.ts'
import { openLog } from './log.ts'
import type { ListedPod } from './pods.ts'
import { createProgress } from './progress.ts'
import type { Machine } from './station.ts'
import type { World } from './world.ts'

export interface Ending {
  readonly machine: Machine
  /** Without any objects. */
  readonly desired: Desired
  readonly timeoutMs: number
  /** Absent: the planner, by which every pod goes. */
  readonly plan?: LoopOptions['plan']
}

/** Drives the machine until these pods have gone, in the safe order, with their grace; `namespace/name` of those that have not in time. */
export async function endPods(
  pods: readonly ListedPod[],
  { desired, machine, plan, timeoutMs }: Ending,
  invocation: Invocation,
  world: World,
): Promise<readonly string[]> {
  const progress = createProgress(invocation.text('log-format') === 'json' ? 'json' : 'text', world)
  const stop = new AbortController()
  const left = new Map<PodUid, string>(pods.map((pod) => [pod.uid, `${pod.namespace}/${pod.name}`]))
  const uids = new Set(left.keys())
  const { promise: allGone, resolve: gone } = Promise.withResolvers<void>()
  const loop = createLoop({
    runtimes: machine.runtimes,
    clock: world.clock,
    desired,
    signal: AbortSignal.any([stop.signal, world.signal]),
    log: openLog(invocation, world, (line) => progress.print(line)),
    onProgress(event) {
      if ('uid' in event && !uids.has(event.uid)) return
      progress.event(event)
      if (event.kind === 'podGone') left.delete(event.uid)
      if (left.size === 0) gone()
    },
    onTick: (state) => progress.tick(state),
    ...(plan !== undefined && { plan }),
  })
  const running = loop.run()
  await Promise.race([running, allGone, loop.untilHealthy({ timeoutMs })])
  stop.abort()
  await running
  progress.end()
  return [...left.values()]
}
