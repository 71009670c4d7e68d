import { expect, test } from 'vitest'
import { podUid } from '../../../engine/api/names.ts'
import { cgroupLayout } from '../../../engine/runtimes/oci/node/cgroups.ts'
import { cgroupFiles, cgroupMeasures } from '../../../engine/runtimes/oci/measures/cgroupFiles.ts'
import { groupsBelow, measurePods } from '../../../engine/runtimes/oci/measures/measure.ts'
import {
  parseBlkio,
  parseDeviceName,
  parseIoStat,
  parseNetDev,
} from '../../../engine/runtimes/oci/measures/parsers.ts'
import { rootPaths } from '../../../engine/runtimes/oci/paths.ts'
import { localTransport } from '../../../engine/transport/local.ts'

const MOUNT = { id: '30', parent: '24', flags: [] }
const V2 = cgroupLayout([{ ...MOUNT, path: '/sys/fs/cgroup', type: 'cgroup2', options: [] }])
const V1 = cgroupLayout(
  ['cpu', 'cpuacct', 'memory', 'pids', 'blkio'].map((name) => ({
    ...MOUNT,
    path: `/sys/fs/cgroup/${name}`,
    type: 'cgroup',
    options: ['rw', name],
  })),
)

function reading(files: Readonly<Record<string, string>>): (name: string) => string {
  return (name) => files[name] ?? ''
}

/** From a container with a limit of half a core and 64Mi, on a kernel with cgroup v2. */
const V2_FILES = {
  'cpu.stat':
    'usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\nnice_usec 0\nnr_periods 20\nnr_throttled 7\nthrottled_usec 250000\n',
  'cpu.weight': '39\n',
  'cpu.max': '50000 100000\n',
  'memory.current': '20000000\n',
  'memory.peak': '30000000\n',
  'memory.max': '67108864\n',
  'memory.swap.current': '0\n',
  'memory.stat':
    'anon 8000000\nfile 10000000\nfile_mapped 3000\ninactive_file 4000000\npgfault 77\npgmajfault 1\n',
  'memory.events': 'low 0\nhigh 0\nmax 12\noom 2\noom_kill 2\noom_group_kill 0\n',
  'pids.current': '3\n',
  'io.stat': '254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n7:0 \n',
}

test('a container’s figures from cgroup v2', () => {
  expect(cgroupMeasures(reading(V2_FILES))).toEqual({
    cpu: {
      usageSeconds: 1.5,
      userSeconds: 1,
      systemSeconds: 0.5,
      periods: 20,
      throttledPeriods: 7,
      throttledSeconds: 0.25,
      shares: 998,
      periodMicroseconds: 100_000,
      quotaMicroseconds: 50_000,
    },
    memory: {
      usage: 20_000_000,
      workingSet: 16_000_000,
      rss: 8_000_000,
      cache: 10_000_000,
      mapped: 3000,
      swap: 0,
      most: 30_000_000,
      limit: 67_108_864,
      failures: 12,
      pageFaults: 77,
      majorPageFaults: 1,
      oomKills: 2,
    },
    processes: 3,
    io: [{ device: '254:0', readBytes: 4096, writtenBytes: 8192, reads: 1, writes: 2 }],
  })
})

test('no limit on cgroup v2 is none', () => {
  const measures = cgroupMeasures(reading({ ...V2_FILES, 'cpu.max': 'max 100000\n', 'memory.max': 'max\n' }))
  expect([measures?.cpu.quotaMicroseconds, measures?.memory.limit]).toEqual([undefined, 0])
})

const V1_FILES = {
  'cpuacct.usage': '1500000000\n',
  'cpuacct.usage_user': '1000000000\n',
  'cpuacct.usage_sys': '500000000\n',
  'cpu.stat': 'nr_periods 20\nnr_throttled 7\nthrottled_time 250000000\nwait_sum 1\n',
  'cpu.shares': '512\n',
  'cpu.cfs_period_us': '100000\n',
  'cpu.cfs_quota_us': '50000\n',
  'memory.usage_in_bytes': '20000000\n',
  'memory.max_usage_in_bytes': '30000000\n',
  'memory.limit_in_bytes': '67108864\n',
  'memory.failcnt': '12\n',
  'memory.stat':
    'cache 1\nrss 1\ninactive_file 1\ntotal_cache 10000000\ntotal_rss 8000000\ntotal_mapped_file 3000\ntotal_pgfault 77\ntotal_pgmajfault 1\ntotal_inactive_file 4000000\n',
  'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
  'pids.current': '3\n',
  'blkio.throttle.io_service_bytes':
    '254:0 Read 4096\n254:0 Write 8192\n254:0 Sync 12288\n254:0 Async 0\n254:0 Total 12288\nTotal 12288\n',
  'blkio.throttle.io_serviced': '254:0 Read 1\n254:0 Write 2\n254:0 Total 3\nTotal 3\n',
}

test('the same figures from cgroup v1', () => {
  expect(cgroupMeasures(reading(V1_FILES))).toEqual({
    ...cgroupMeasures(reading(V2_FILES)),
    cpu: { ...cgroupMeasures(reading(V2_FILES))?.cpu, shares: 512 },
  })
})

test('no limit on cgroup v1 is none', () => {
  const none = { 'cpu.cfs_quota_us': '-1\n', 'memory.limit_in_bytes': '9223372036854771712\n' }
  const measures = cgroupMeasures(reading({ ...V1_FILES, ...none }))
  expect([measures?.cpu.quotaMicroseconds, measures?.memory.limit]).toEqual([undefined, 0])
})

test('a group that has gone is no group without use', () => {
  expect(cgroupMeasures(reading({}))).toBeUndefined()
  expect(cgroupMeasures(reading({ ...V2_FILES, 'memory.current': '' }))).toBeUndefined()
})

test('each file is read from the hierarchy of its controller', () => {
  const v1 = cgroupFiles(V1, '/reconcile-1/podx/app')
  expect(v1.get('cpuacct.usage')).toBe('/sys/fs/cgroup/cpuacct/reconcile-1/podx/app/cpuacct.usage')
  expect(v1.get('cpu.stat')).toBe('/sys/fs/cgroup/cpu/reconcile-1/podx/app/cpu.stat')
  const v2 = cgroupFiles(V2, '/reconcile-1/podx/app')
  expect(v2.get('cpu.stat')).toBe('/sys/fs/cgroup/reconcile-1/podx/app/cpu.stat')
  expect(v2.get('cgroup.procs')).toBe('/sys/fs/cgroup/reconcile-1/podx/app/cgroup.procs')
})

test('traffic by interface, without the loopback', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    1000      10    0    0    0     0          0         0     1000      10    0    0    0     0       0          0
  eth0:123456789    4321    1    2    0     0          0         0  9876      54    3    4    0     0       0          0
`
  expect(parseNetDev(text)).toEqual([
    {
      name: 'eth0',
      received: { bytes: 123_456_789, packets: 4321, errors: 1, dropped: 2 },
      sent: { bytes: 9876, packets: 54, errors: 3, dropped: 4 },
    },
  ])
  expect(parseNetDev('')).toEqual([])
})

test('devices have names, and nothing is read of what is no device', () => {
  expect(parseDeviceName('MAJOR=254\nMINOR=0\nDEVNAME=vda\nDEVTYPE=disk\n')).toBe('vda')
  expect(parseDeviceName('')).toBeUndefined()
  expect(parseIoStat('garbage\n\n')).toEqual([])
  expect(parseBlkio('Total 0\n', 'Total 0\n')).toEqual([])
})

test('a pod that is not there is left out', async () => {
  const transport = localTransport()
  const groups = groupsBelow(await rootPaths(transport, '/nowhere'))
  const pods = [{ uid: podUid('gone'), containers: ['app'], hostNetwork: false }]
  expect(await measurePods(transport, groups, V2, pods)).toEqual(new Map())
})
