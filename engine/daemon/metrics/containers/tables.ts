import type { NodeName } from '../../../api/names.ts'
import type { ContainerMeasures, InterfaceMeasures, IoMeasures } from '../../../runtimes/measures.ts'
import {
  Describing,
  type Family,
  type Labels,
  type Row,
  type Table,
  tablesOf,
  unixSeconds,
} from '../table.ts'
import type { MetricsWorld } from '../world.ts'
import type { NodeReading, PodReading } from './read.ts'

interface ContainerSubject {
  readonly labels: Labels
  readonly measures: ContainerMeasures
  readonly oomKills: number
  readonly startedAt: string | undefined
  readonly nowSeconds: number
}

interface InterfaceSubject {
  readonly labels: Labels
  readonly measures: InterfaceMeasures
}

const NAMES = ['namespace', 'pod', 'container', 'id', 'image', 'name', 'node']
const container = new Describing<ContainerSubject>(NAMES, ({ labels }) => labels)

const CPU: readonly Family<ContainerSubject>[] = [
  container.counters(
    'container_cpu_usage_seconds_total',
    'Cumulative cpu time consumed in seconds.',
    ['cpu'],
    ({ measures }) => [[['total'], measures.cpu.usageSeconds]],
  ),
  container.counter(
    'container_cpu_user_seconds_total',
    'Cumulative user cpu time consumed in seconds.',
    ({ measures }) => measures.cpu.userSeconds,
  ),
  container.counter(
    'container_cpu_system_seconds_total',
    'Cumulative system cpu time consumed in seconds.',
    ({ measures }) => measures.cpu.systemSeconds,
  ),
  container.counter(
    'container_cpu_cfs_periods_total',
    'Number of elapsed enforcement period intervals.',
    ({ measures }) => limited(measures, measures.cpu.periods),
  ),
  container.counter(
    'container_cpu_cfs_throttled_periods_total',
    'Number of throttled period intervals.',
    ({ measures }) => limited(measures, measures.cpu.throttledPeriods),
  ),
  container.counter(
    'container_cpu_cfs_throttled_seconds_total',
    'Total time duration the container has been throttled.',
    ({ measures }) => limited(measures, measures.cpu.throttledSeconds),
  ),
  container.gauge(
    'container_spec_cpu_period',
    'CPU period of the container.',
    ({ measures }) => measures.cpu.periodMicroseconds,
  ),
  container.gauge(
    'container_spec_cpu_quota',
    'CPU quota of the container.',
    ({ measures }) => measures.cpu.quotaMicroseconds,
  ),
  container.gauge(
    'container_spec_cpu_shares',
    'CPU share of the container.',
    ({ measures }) => measures.cpu.shares,
  ),
]

/** As cAdvisor, which says nothing of enforcement where there is no limit to enforce. */
function limited({ cpu }: ContainerMeasures, value: number | undefined): number | undefined {
  return cpu.quotaMicroseconds === undefined ? undefined : value
}

const MEMORY: readonly Family<ContainerSubject>[] = [
  container.gauge(
    'container_memory_usage_bytes',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
    ({ measures }) => measures.memory.usage,
  ),
  container.gauge(
    'container_memory_working_set_bytes',
    'Current working set in bytes.',
    ({ measures }) => measures.memory.workingSet,
  ),
  container.gauge('container_memory_rss', 'Size of RSS in bytes.', ({ measures }) => measures.memory.rss),
  container.gauge(
    'container_memory_cache',
    'Number of bytes of page cache memory.',
    ({ measures }) => measures.memory.cache,
  ),
  container.gauge(
    'container_memory_mapped_file',
    'Size of memory mapped files in bytes.',
    ({ measures }) => measures.memory.mapped,
  ),
  container.gauge(
    'container_memory_swap',
    'Container swap usage in bytes.',
    ({ measures }) => measures.memory.swap,
  ),
  container.gauge(
    'container_memory_max_usage_bytes',
    'Maximum memory usage recorded in bytes',
    ({ measures }) => measures.memory.most,
  ),
  container.counters(
    'container_memory_failures_total',
    'Cumulative count of memory allocation failures.',
    ['failure_type', 'scope'],
    ({ measures }) => faults(measures),
  ),
  container.gauge(
    'container_spec_memory_limit_bytes',
    'Memory limit for the container.',
    ({ measures }) => measures.memory.limit,
  ),
  container.counter(
    'container_oom_events_total',
    'Count of out of memory events observed for the container',
    ({ oomKills }) => oomKills,
  ),
]

function faults({ memory }: ContainerMeasures): readonly Row[] {
  const types = [
    ['pgfault', memory.pageFaults],
    ['pgmajfault', memory.majorPageFaults],
  ] as const
  return types.flatMap(([type, value]): Row[] => (value === undefined ? [] : [[[type, 'container'], value]]))
}

/** A row for each device. */
function io(of: (measures: IoMeasures) => number): (subject: ContainerSubject) => readonly Row[] {
  return ({ measures }) => measures.io.map((one) => [[one.device], of(one)])
}

const REST: readonly Family<ContainerSubject>[] = [
  container.counters(
    'container_fs_reads_bytes_total',
    'Cumulative count of bytes read',
    ['device'],
    io(({ readBytes }) => readBytes),
  ),
  container.counters(
    'container_fs_reads_total',
    'Cumulative count of reads completed',
    ['device'],
    io(({ reads }) => reads),
  ),
  container.counters(
    'container_fs_writes_bytes_total',
    'Cumulative count of bytes written',
    ['device'],
    io(({ writtenBytes }) => writtenBytes),
  ),
  container.counters(
    'container_fs_writes_total',
    'Cumulative count of writes completed',
    ['device'],
    io(({ writes }) => writes),
  ),
  container.gauge(
    'container_processes',
    'Number of processes running inside the container.',
    ({ measures }) => measures.processes,
  ),
  container.gauge(
    'container_start_time_seconds',
    'Start time of the container since unix epoch in seconds.',
    ({ startedAt }) => unixSeconds(startedAt),
  ),
  container.gauge(
    'container_last_seen',
    'Last time a container was seen by the exporter',
    ({ nowSeconds }) => nowSeconds,
  ),
]

const traffic = new Describing<InterfaceSubject>([...NAMES, 'interface'], ({ labels }) => labels)

/** Of the pod's own network; which of its containers sent or received is not known. */
const NETWORK: readonly Family<InterfaceSubject>[] = (['receive', 'transmit'] as const).flatMap(
  (direction) => {
    const doing = direction === 'receive' ? 'received' : 'transmitted'
    const while_ = direction === 'receive' ? 'receiving' : 'transmitting'
    const of = ({ measures }: InterfaceSubject) =>
      direction === 'receive' ? measures.received : measures.sent
    const name = (what: string): string => `container_network_${direction}_${what}_total`
    return [
      traffic.counter(name('bytes'), `Cumulative count of bytes ${doing}`, (one) => of(one).bytes),
      traffic.counter(name('packets'), `Cumulative count of packets ${doing}`, (one) => of(one).packets),
      traffic.counter(
        name('errors'),
        `Cumulative count of errors encountered while ${while_}`,
        (one) => of(one).errors,
      ),
      traffic.counter(
        name('packets_dropped'),
        `Cumulative count of packets dropped while ${while_}`,
        (one) => of(one).dropped,
      ),
    ]
  },
)

const machine = new Describing<{ readonly node: NodeName; readonly cores: number; readonly bytes: number }>(
  ['node'],
  ({ node }) => ({ node }),
)

const MACHINE = [
  machine.gauge('machine_cpu_cores', 'Number of logical CPU cores.', ({ cores }) => cores),
  machine.gauge('machine_memory_bytes', 'Amount of memory installed on the machine.', ({ bytes }) => bytes),
]

function podLabels(
  { node }: NodeReading,
  { pod }: PodReading,
): { namespace: string; pod: string; node: string } {
  const { name, namespace = 'default' } = pod.record.pod.metadata
  return { namespace, pod: name, node }
}

function containersIn({ now, readings }: MetricsWorld): readonly ContainerSubject[] {
  const nowSeconds = Math.floor(now.epochMilliseconds / 1000)
  return readings.flatMap((reading) =>
    reading.pods.flatMap((one) =>
      [...one.measures.containers].map(([name, measures]): ContainerSubject => {
        const observed = one.pod.containers.get(name)
        return {
          labels: {
            ...podLabels(reading, one),
            container: name,
            id: measures.cgroup,
            image: observed?.image.reference ?? '',
            name: `${one.uid}-${name}`,
          },
          measures,
          oomKills: one.oomKills.get(name) ?? 0,
          startedAt: observed?.state.kind === 'running' ? observed.state.startedAt : undefined,
          nowSeconds,
        }
      }),
    ),
  )
}

function interfacesIn({ readings }: MetricsWorld): readonly InterfaceSubject[] {
  return readings.flatMap((reading) =>
    reading.pods.flatMap((one) =>
      one.measures.interfaces.map((measures) => ({
        labels: {
          ...podLabels(reading, one),
          container: '',
          id: podCgroup(one),
          image: '',
          name: '',
          interface: measures.name,
        },
        measures,
      })),
    ),
  )
}

/** The group that its containers' groups are in. */
function podCgroup({ measures }: PodReading): string {
  const [first] = measures.containers.values()
  return first?.cgroup.replace(/\/[^/]+$/, '') ?? ''
}

/** Under the names of cAdvisor: https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md */
export const CONTAINER_TABLES: readonly Table<MetricsWorld>[] = [
  ...tablesOf(containersIn, [...CPU, ...MEMORY, ...REST]),
  ...tablesOf(interfacesIn, NETWORK),
  ...tablesOf(
    ({ nodes }: MetricsWorld) =>
      nodes.flatMap(({ facts }) =>
        facts.info === undefined
          ? []
          : [{ node: facts.name, cores: facts.info.cpuMillis / 1000, bytes: facts.info.memoryBytes }],
      ),
    MACHINE,
  ),
]
