import { readdirSync } from 'node:fs'
import packageJson from '../../../../package.json' with { type: 'json' }
import { Describing, type Family, type Table, tablesOf } from '../table.ts'
import type { MetricsWorld } from '../world.ts'

const own = new Describing<MetricsWorld>([], () => ({}))

/** This process began then, by the wall clock at the time that this was loaded. */
const STARTED_SECONDS = Math.floor(Date.now() / 1000 - process.uptime())

/** The names that Prometheus' clients agree on: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics */
const FAMILIES: readonly Family<MetricsWorld>[] = [
  own.gauges('reconcile_build_info', 'The version of the engine.', ['version', 'node_version'], () => [
    [[packageJson.version, process.version], 1],
  ]),
  own.counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', () => {
    const { system, user } = process.cpuUsage()
    return (system + user) / 1e6
  }),
  own.gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', () =>
    process.memoryUsage.rss(),
  ),
  own.gauge('process_open_fds', 'Number of open file descriptors.', openFiles),
  own.gauge(
    'process_start_time_seconds',
    'Start time of the process since unix epoch in seconds.',
    () => STARTED_SECONDS,
  ),
]

function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}

export const PROCESS_TABLES: readonly Table<MetricsWorld>[] = tablesOf(
  (world: MetricsWorld) => [world],
  FAMILIES,
)
