import type { Desired } from '../api/snapshot.ts'
import { syncSettings } from '../api/sync.ts'
import { withKept } from '../planner/kept.ts'
import { plan as planFor } from '../planner/plan.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { Changes } from './changes.ts'
import { Executor } from './executor.ts'
import { Fencer } from './fencer.ts'
import { FigureBook } from './figures.ts'
import { Inspector } from './inspector.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { LogKeeper } from './logKeeper.ts'
import { type Logger, silentLogger } from './logger.ts'
import type { LoopOptions } from './loopOptions.ts'
import { Observer } from './observer.ts'
import { Pacing } from './pacing.ts'
import { Planning } from './planning.ts'
import { Prober } from './prober.ts'
import type { ProgressEvent } from './progress.ts'
import { RecordKeeper } from './recordKeeper.ts'
import type { MakeRecord } from './requests.ts'
import { Rest } from './rest.ts'
import { Sampler } from './sampler.ts'
import { TrafficKeeper } from './trafficKeeper.ts'
import { VolumeWatch } from './volumeWatch.ts'
import { Waiters } from './waiters.ts'

/** What the parts ask of the loop that they work for. */
export interface LoopCalls {
  /** Something was seen or done that a plan may come out otherwise for. */
  wake(): void
  desired(): Desired
  remember(make: MakeRecord): Promise<void>
}

/** Whoever looks at the nodes and acts on them between plans, each at one thing; put together here, and told of each plan by the loop. */
export type LoopParts = ReturnType<typeof createParts>

export function createParts(options: LoopOptions, { desired, remember, wake }: LoopCalls) {
  const { runtimes, clock, signal } = options
  const progress = (event: ProgressEvent): void => options.onProgress?.(event)
  const log = withCommit(options.log ?? silentLogger, desired)
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const pacing = new Pacing(limits)
  const figures = new FigureBook(clock)
  const observer = new Observer([...runtimes.keys()], clock, wake)
  const keeper = new RecordKeeper({ head: headOf(options), runtimes }, clock, log, pacing, limits, figures)
  const shared = {
    runtimes,
    clock,
    signal,
    observer,
    log,
    limits,
    figures,
    desired: () => withKept(desired(), keeper.records),
    // What a commit says holds from the next listing on.
    resyncEveryMs: () => options.limits?.resyncEveryMs ?? resyncMs(desired()),
  }
  const inspector = new Inspector({
    ...shared,
    looked: (node, uid) => {
      if (executor.looked(node, uid)) wake()
    },
    nodeChanged: (node, reachable, message) => {
      if (reachable) traffic.again(node)
      const told = message === undefined ? {} : { message }
      progress({ kind: 'nodeChanged', at: clock.now().toString(), node, reachable, ...told })
    },
    nodeDamaged: (node, finding) =>
      progress({ kind: 'nodeDamaged', at: clock.now().toString(), node, ...finding }),
    mends: () => syncSettings(desired().cluster).mode === 'heal',
  })
  const executor = new Executor({
    ...shared,
    records: () => keeper.records,
    pacing,
    progress,
    ended: (node, uid) => inspector.inspect(node, uid),
    nodeLost: (node) => inspector.resync(node),
  })
  const traffic = new TrafficKeeper({ ...shared, wake })
  return {
    pacing,
    figures,
    observer,
    keeper,
    inspector,
    executor,
    traffic,
    prober: new Prober({ ...shared, wake, progress, ...(options.ask && { ask: options.ask }) }),
    sampler: new Sampler({ ...shared, wake }),
    volumeWatch: new VolumeWatch({ ...shared, wake }),
    logKeeper: new LogKeeper(shared),
    fencer: new Fencer({ ...shared, fence: options.fence, remember }),
    changes: new Changes(progress),
    waiters: new Waiters(clock, signal),
    rest: new Rest(clock, signal),
    planning: new Planning(options.plan ?? planFor, figures, limits, log),
  }
}

function withCommit(log: Logger, desired: LoopCalls['desired']): Logger {
  return (level, message, fields) => log(level, message, { commit: desired().commit, ...fields })
}

function headOf({ runtimes, head = runtimes.keys().next().value }: LoopOptions): Runtime {
  const runtime = head === undefined ? undefined : runtimes.get(head)
  if (runtime === undefined)
    throw new Error(`creating the loop: no runtime for the head node ${head ?? '(none given)'}`)
  return runtime
}

function resyncMs({ cluster }: Desired): number {
  return syncSettings(cluster).resyncIntervalSeconds * 1_000
}
