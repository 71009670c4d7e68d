import type { CpuMeasures, MemoryMeasures } from '../../measures.ts'
import type { CgroupLayout } from '../node/cgroups.ts'
import { controllerDirectory } from '../node/cgroups.ts'
import type { DeviceIo } from './parsers.ts'
import { parseBlkio, parseIoStat, parseNumber, parseTable } from './parsers.ts'

/** What is read of one container's cgroup; the devices by their numbers still. */
export interface CgroupMeasures {
  readonly cpu: CpuMeasures
  readonly memory: MemoryMeasures
  readonly processes: number | undefined
  readonly io: readonly DeviceIo[]
}

const NANOSECONDS = 1e9
const MICROSECONDS = 1e6

interface Files {
  readonly controller: string
  readonly v1: readonly string[]
  readonly v2: readonly string[]
}

const FILES: readonly Files[] = [
  {
    controller: 'cpuacct',
    v1: ['cpuacct.usage', 'cpuacct.usage_user', 'cpuacct.usage_sys'],
    v2: ['cpu.stat'],
  },
  {
    controller: 'cpu',
    v1: ['cpu.stat', 'cpu.shares', 'cpu.cfs_period_us', 'cpu.cfs_quota_us'],
    v2: ['cpu.weight', 'cpu.max'],
  },
  {
    controller: 'memory',
    v1: [
      'memory.usage_in_bytes',
      'memory.max_usage_in_bytes',
      'memory.limit_in_bytes',
      'memory.failcnt',
      'memory.stat',
      'memory.oom_control',
    ],
    v2: [
      'memory.current',
      'memory.peak',
      'memory.max',
      'memory.swap.current',
      'memory.stat',
      'memory.events',
    ],
  },
  { controller: 'pids', v1: ['pids.current', 'cgroup.procs'], v2: ['pids.current', 'cgroup.procs'] },
  {
    controller: 'blkio',
    v1: ['blkio.throttle.io_service_bytes', 'blkio.throttle.io_serviced'],
    v2: ['io.stat'],
  },
]

/** Every file of a group that is read, by its name. No two controllers have a file of the same name but in v1, where cpu.stat is cpu's. */
export function cgroupFiles(layout: CgroupLayout, cgroup: string): ReadonlyMap<string, string> {
  return new Map(
    FILES.flatMap(({ controller, v1, v2 }) => {
      const group = controllerDirectory(layout, controller, cgroup)
      if (group === undefined) return []
      return (group.version === 1 ? v1 : v2).map((name) => [name, `${group.path}/${name}`] as const)
    }),
  )
}

/** A file's text by its name; empty when it is not there. */
export type ReadFile = (name: string) => string

/** Undefined: the group has gone, or the kernel keeps no account of it. */
export function cgroupMeasures(read: ReadFile): CgroupMeasures | undefined {
  const cpu = cpuMeasures(read)
  const memory = memoryMeasures(read)
  if (cpu === undefined || memory === undefined) return undefined
  const v2 = read('io.stat')
  return {
    cpu,
    memory,
    processes: parseNumber(read('pids.current')),
    io:
      v2 === ''
        ? parseBlkio(read('blkio.throttle.io_service_bytes'), read('blkio.throttle.io_serviced'))
        : parseIoStat(v2),
  }
}

function cpuMeasures(read: ReadFile): CpuMeasures | undefined {
  const stat = parseTable(read('cpu.stat'))
  const v1 = parseNumber(read('cpuacct.usage'))
  const usec = stat.get('usage_usec')
  const usageSeconds = v1 === undefined ? scaled(usec, MICROSECONDS) : v1 / NANOSECONDS
  if (usageSeconds === undefined) return undefined
  return {
    usageSeconds,
    userSeconds:
      scaled(stat.get('user_usec'), MICROSECONDS) ??
      scaled(parseNumber(read('cpuacct.usage_user')), NANOSECONDS),
    systemSeconds:
      scaled(stat.get('system_usec'), MICROSECONDS) ??
      scaled(parseNumber(read('cpuacct.usage_sys')), NANOSECONDS),
    periods: stat.get('nr_periods'),
    throttledPeriods: stat.get('nr_throttled'),
    throttledSeconds:
      scaled(stat.get('throttled_usec'), MICROSECONDS) ?? scaled(stat.get('throttled_time'), NANOSECONDS),
    shares: parseNumber(read('cpu.shares')) ?? sharesOf(parseNumber(read('cpu.weight'))),
    ...bandwidth(read),
  }
}

function bandwidth(read: ReadFile): Pick<CpuMeasures, 'periodMicroseconds' | 'quotaMicroseconds'> {
  const [quota = '', period = ''] = read('cpu.max').trim().split(' ')
  const periodMicroseconds = parseNumber(read('cpu.cfs_period_us')) ?? parseNumber(period)
  const quotaMicroseconds = parseNumber(read('cpu.cfs_quota_us')) ?? parseNumber(quota)
  return {
    periodMicroseconds,
    quotaMicroseconds:
      quotaMicroseconds !== undefined && quotaMicroseconds > 0 ? quotaMicroseconds : undefined,
  }
}

/** The way back from runc's and crun's conversion of shares to a weight. */
function sharesOf(weight: number | undefined): number | undefined {
  return weight === undefined ? undefined : Math.round(2 + ((weight - 1) * 262_142) / 9_999)
}

/** More than any machine has: cgroup v1's way to say that there is no limit. */
const NO_LIMIT = 2 ** 60

function memoryMeasures(read: ReadFile): MemoryMeasures | undefined {
  const usage = parseNumber(read('memory.current')) ?? parseNumber(read('memory.usage_in_bytes'))
  if (usage === undefined) return undefined
  const stat = parseTable(read('memory.stat'))
  const isV2 = stat.has('anon')
  // v1 counts the groups below as `total_`.
  const of = (v2: string, v1: string): number =>
    (isV2 ? stat.get(v2) : (stat.get(`total_${v1}`) ?? stat.get(v1))) ?? 0
  const limit = parseNumber(read('memory.max')) ?? parseNumber(read('memory.limit_in_bytes')) ?? 0
  const killed =
    parseTable(read('memory.events')).get('oom_kill') ??
    parseTable(read('memory.oom_control')).get('oom_kill')
  return {
    usage,
    workingSet: Math.max(0, usage - of('inactive_file', 'inactive_file')),
    rss: of('anon', 'rss'),
    cache: of('file', 'cache'),
    mapped: of('file_mapped', 'mapped_file'),
    swap: parseNumber(read('memory.swap.current')) ?? of('swap', 'swap'),
    limit: limit >= NO_LIMIT ? 0 : limit,
    oomKills: killed ?? 0,
    most: parseNumber(read('memory.peak')) ?? parseNumber(read('memory.max_usage_in_bytes')),
    failures: parseTable(read('memory.events')).get('max') ?? parseNumber(read('memory.failcnt')),
    pageFaults: of('pgfault', 'pgfault'),
    majorPageFaults: of('pgmajfault', 'pgmajfault'),
  }
}

function scaled(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value / by
}
