import type { NodeName } from '../../api/names.ts'
import type { Clock } from '../../reconciler/clock.ts'
import type { LoopState } from '../../reconciler/loop.ts'
import type { Runtime } from '../../runtimes/runtime.ts'
import type { SyncState } from '../syncState.ts'
import { ContainerReader } from './containers/read.ts'
import { CONTAINER_TABLES } from './containers/tables.ts'
import { type EngineCounters, engineCounters } from './engine/counters.ts'
import { LOOP_TABLES, READING_TABLES } from './engine/loop.ts'
import { PROCESS_TABLES } from './engine/process.ts'
import { SYNC_TABLES } from './engine/sync.ts'
import { isMetricGroup, METRIC_GROUPS, type MetricGroup } from './groups.ts'
import { KUBE_TABLES } from './kube/tables.ts'
import { MetricsRegistry } from './registry.ts'
import type { MetricShape } from './table.ts'
import { metricsWorld, type MetricsWorld } from './world.ts'

export interface MetricsOptions {
  readonly loop: () => LoopState
  readonly sync: () => SyncState
  /** They may be others once a commit has changed the machines. */
  readonly runtimes: () => ReadonlyMap<NodeName, Runtime>
  readonly clock: Clock
  /** Of a node that takes longer to tell what its containers use, nothing is told. */
  readonly containersTimeoutMs?: number
}

export interface Metrics extends EngineCounters {
  /** Prometheus' text format; of these groups, or of all when none is named. */
  text(groups?: ReadonlySet<string>): Promise<string>
  /** Everything that may ever be told. */
  readonly shapes: readonly (MetricShape & { readonly group: MetricGroup })[]
}

/** To be imported when metrics are wanted, for prom-client comes with it. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { clock, containersTimeoutMs, loop, runtimes, sync } = options
  const registry = new MetricsRegistry<MetricsWorld>()
  const reader = new ContainerReader({
    runtimes,
    clock,
    ...(containersTimeoutMs !== undefined && { timeoutMs: containersTimeoutMs }),
  })
  const counters = engineCounters(registry)
  registry.tables('engine', [...SYNC_TABLES, ...LOOP_TABLES, ...PROCESS_TABLES])
  registry.tables('kube', KUBE_TABLES)
  registry.tables('containers', [...CONTAINER_TABLES, ...READING_TABLES])
  const scrape = async (groups: ReadonlySet<MetricGroup>): Promise<string> => {
    const readings = groups.has('containers') ? await reader.read(loop().snapshot) : []
    return registry.text(metricsWorld(loop(), sync(), readings, clock.now()), (group) => groups.has(group))
  }
  return { ...counters, shapes: registry.shapes, text: shared(scrape) }
}

/** However many ask at one time, the work is done once. */
function shared(scrape: (groups: ReadonlySet<MetricGroup>) => Promise<string>): Metrics['text'] {
  const underWay = new Map<string, Promise<string>>()
  return (asked = new Set()) => {
    const named = [...asked].filter(isMetricGroup)
    const groups = new Set(asked.size === 0 ? METRIC_GROUPS : named)
    const key = [...groups].toSorted().join()
    const running = underWay.get(key)
    if (running !== undefined) return running
    const begun = scrape(groups).finally(() => underWay.delete(key))
    underWay.set(key, begun)
    return begun
  }
}
