import { expect, test } from 'vitest'
import {
  parseExit,
  parseRestartWait,
  parseStarted,
} from '../../../engine/runtimes/oci/containers/attempts.ts'
import {
  cgroupLayout,
  controllerDirectory,
  monitorGroups,
  oomFile,
} from '../../../engine/runtimes/oci/node/cgroups.ts'
import { hostsFile } from '../../../engine/runtimes/oci/pods/etcFiles.ts'
import { parseEvents } from '../../../engine/runtimes/oci/hook/events.ts'
import { lostReason } from '../../../engine/runtimes/oci/pods/containerState.ts'
import { parseLogText } from '../../../engine/runtimes/oci/logs/lines.ts'
import {
  fileSystemOf,
  mountedBelow,
  parseMountTable,
  readMountTable,
} from '../../../engine/runtimes/oci/node/mountTable.ts'
import { objectRecordFile } from '../../../engine/runtimes/oci/objectRecords.ts'
import { nodeAddresses, parseRoutes } from '../../../engine/runtimes/oci/network/routes.ts'
import { layerName } from '../../../engine/runtimes/oci/images/digest.ts'
import {
  fitsMountOptions,
  lowerLayers,
  parseRule,
  restarts,
  ruleText,
} from '../../../engine/runtimes/oci/hook/rule.ts'
import { signalNumber } from '../../../engine/runtimes/oci/containers/signals.ts'
import { objectKey, podUid } from '../../../engine/api/names.ts'

const AT = Date.UTC(2026, 10, 21, 9, 0, 0)

function file(content: string) {
  return { path: '', content, modifiedMs: AT }
}

const STARTED = 'pid=7\nticks=70\nmonitor=6\nmonitorTicks=60\nboot=b\nuptime=1\nend=1\n'

test('a start is read once it is whole', () => {
  expect(parseStarted(file(STARTED))).toEqual({
    at: '2026-11-21T09:00:00Z',
    pid: 7,
    ticks: '70',
    monitor: 6,
    monitorTicks: '60',
    bootId: 'b',
  })
  expect(parseStarted(file(STARTED.slice(0, -6)))).toBeUndefined()
  expect(parseStarted(undefined)).toBeUndefined()
})

test('an exit has its code, its times and its message', () => {
  const files = new Map([
    ['started', { ...file(STARTED), modifiedMs: AT - 1000 }],
    ['exited', file('code=137\noom=1\nfailed=0\nuptime=2\nend=1\n')],
    ['message', file('out of things')],
  ])
  expect(parseExit(files, 3)).toEqual({
    attempt: 3,
    exitCode: 137,
    oomKilled: true,
    startedAt: '2026-11-21T08:59:59Z',
    finishedAt: '2026-11-21T09:00:00Z',
    message: 'out of things',
    startFailed: false,
  })
})

test('a start that failed carries the runtime’s own words', () => {
  const failure = String.raw`{"pid": -1, "message": "time=\"2026-11-21T09:13:34Z\" level=error msg=\"runc create failed: exec: \\\"x\\\": not found\"\n"}`
  const files = new Map([
    ['exited', file('code=128\noom=0\nfailed=1\nuptime=2\nend=1\n')],
    ['failure', file(failure)],
  ])
  expect(parseExit(files, 0)).toMatchObject({
    startFailed: true,
    message: 'runc create failed: exec: "x": not found',
  })
})

test('the end of the log stands for the message where none was written', () => {
  const files = new Map([
    ['exited', file('code=1\noom=0\nfailed=0\nuptime=2\nend=1\n')],
    ['last-log', file('2026-11-21T09:00:00.1+01:00 stderr F broken\n')],
  ])
  expect(parseExit(files, 0)?.message).toBe('broken\n')
})

test('a wait ends when its file was written plus the delay', () => {
  expect(parseRestartWait(file('delay=20\nwaiter=1\nwaiterTicks=2\nend=1\n'))).toEqual({
    restartAt: '2026-11-21T09:00:20Z',
    backOffMs: 20_000,
  })
  expect(parseRestartWait(file('delay='))).toBeUndefined()
})

test('a process is lost after a reboot, and when it and its monitor have gone', () => {
  const started = parseStarted(file(STARTED))
  if (started === undefined) throw new Error('not read')
  const lost = (bootId: string, processes: readonly [number, string][]) =>
    lostReason(started, { bootId, processes: new Map(processes) })?.exitCode
  expect(lost('another', [[7, '70']])).toBe(255)
  expect(lost('b', [[7, '70']])).toBeUndefined()
  expect(lost('b', [[6, '60']])).toBeUndefined()
  // The same numbers, but later processes.
  expect(
    lost('b', [
      [7, '71'],
      [6, '61'],
    ]),
  ).toBe(137)
})

test('log lines are joined by stream, and told in UTC', () => {
  const text = [
    '2026-11-21T10:00:00.5+01:00 stdout P half ',
    '2026-11-21T10:00:00.6+01:00 stderr F other',
    '2026-11-21T10:00:00.7+01:00 stdout F whole',
    'no log line',
    '2026-11-21T10:00:01+01:00 stdout F ',
    '',
  ].join('\n')
  expect(parseLogText(text)).toEqual([
    { at: '2026-11-21T09:00:00.600000000Z', stream: 'stderr', text: 'other' },
    { at: '2026-11-21T09:00:00.500000000Z', stream: 'stdout', text: 'half whole' },
    { at: '2026-11-21T09:00:01.000000000Z', stream: 'stdout', text: '' },
  ])
})

const HYBRID = `24 1 0:5 / / rw - ext4 /dev/vda rw
30 24 0:6 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
31 24 0:7 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
32 24 0:8 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
33 24 0:9 / /run/with\\040space rw - tmpfs tmpfs rw
34 33 0:9 net:[1] /run/with\\040space/net rw - nsfs nsfs rw
`

test('the mount table says what is mounted where, and in which order to unmount it', () => {
  const table = parseMountTable(HYBRID)
  expect(fileSystemOf(table, '/run/with space/x')?.type).toBe('tmpfs')
  expect(fileSystemOf(table, '/var/lib')?.type).toBe('ext4')
  expect(mountedBelow(table, '/run/with space')).toEqual(['/run/with space/net', '/run/with space'])
  expect(mountedBelow(table, '/run/with')).toEqual([])
})

test('each machine has a mount table of its own, of which only new lines are taken apart', async () => {
  const machineWith = (machine: string, table: string) => ({
    machine,
    readFile: async () => new TextEncoder().encode(table),
  })
  const here = machineWith('here', HYBRID)
  const before = await readMountTable(here)
  expect(before).toEqual(parseMountTable(HYBRID))
  expect(await readMountTable(machineWith('elsewhere', '30 24 0:6 / /a rw - tmpfs a rw\n'))).toHaveLength(1)
  const after = await readMountTable(here)
  expect(after.map((entry, index) => entry === before[index])).toEqual(after.map(() => true))
})

test('cgroups are found in v1, hybrid and v2', () => {
  const hybrid = cgroupLayout(parseMountTable(HYBRID))
  expect(hybrid.version).toBe('hybrid')
  expect(oomFile(hybrid, '/g')).toBe('/sys/fs/cgroup/memory/g/memory.oom_control')
  expect(monitorGroups(hybrid, '1:name=systemd:/system.slice/r.service\n0::/\n', '/p')).toEqual([
    '/sys/fs/cgroup/systemd/p/monitors',
    '/sys/fs/cgroup/unified/p/monitors',
  ])
  expect(monitorGroups(hybrid, '1:name=systemd:/\n0::/\n', '/p')).toEqual([])
  const v2 = cgroupLayout(parseMountTable('30 24 0:6 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n'))
  expect(v2.version).toBe('v2')
  expect(oomFile(v2, '/g')).toBe('/sys/fs/cgroup/g/memory.events')
  expect(controllerDirectory(v2, 'cpuacct', '/g')).toEqual({ path: '/sys/fs/cgroup/g', version: 2 })
  const v1 = cgroupLayout(parseMountTable('30 24 0:6 / /c/cpu rw - cgroup cgroup rw,cpu,cpuacct\n'))
  expect(controllerDirectory(v1, 'cpuacct', '/g')).toEqual({ path: '/c/cpu/g', version: 1 })
})

test('a hierarchy that something else was mounted over is none', () => {
  const own = '90 24 0:60 / /sys rw - sysfs sysfs rw\n91 90 0:61 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n'
  expect(cgroupLayout(parseMountTable(HYBRID + own)).hierarchies).toEqual([])
  expect(oomFile(cgroupLayout(parseMountTable(HYBRID + own)), '/g')).toBe('')
  const v2 = '24 1 0:5 / / rw - ext4 /dev/vda rw\n30 24 0:6 / /c rw - cgroup2 cgroup2 rw\n'
  expect(cgroupLayout(parseMountTable(v2)).hierarchies).toHaveLength(1)
  expect(cgroupLayout(parseMountTable(`${v2}31 30 0:61 / /c rw - tmpfs tmpfs rw\n`)).hierarchies).toEqual([])
  // What was moved onto the mount that would cover it is seen.
  const moved =
    '24 1 0:5 / / rw - ext4 a rw\n30 90 0:6 / /sys/c rw - cgroup2 a rw\n90 24 0:60 / /sys rw - sysfs a rw\n'
  expect(cgroupLayout(parseMountTable(moved)).hierarchies).toHaveLength(1)
  const root = '92 1 254:0 / / rw - ext4 /dev/vda rw\n'
  expect(cgroupLayout(parseMountTable(HYBRID + root))).toEqual(cgroupLayout(parseMountTable(HYBRID)))
})

test('the node’s first address is the one on the way out; bridges are not the node', () => {
  const routes = parseRoutes(
    JSON.stringify([
      { dst: '10.88.0.0/16', dev: 'podman1', prefsrc: '10.88.0.1' },
      { dst: '192.0.2.0/24', dev: 'eth1', prefsrc: '192.0.2.2' },
      { dst: 'default', gateway: '198.51.100.1', dev: 'eth0' },
      { dst: '198.51.100.0/24', dev: 'eth0', prefsrc: '198.51.100.9' },
    ]),
  )
  expect(nodeAddresses(routes)).toEqual(['198.51.100.9', '192.0.2.2'])
})

const RULE = {
  paths: { events: '/root/events', runtimeState: '/run/runtime' },
  pod: { directory: '/root/pods/u', run: '/run/pods/u' },
  container: { id: 'u-main' },
  request: {
    uid: podUid('u'),
    container: 'main',
    restart: { policy: 'OnFailure', delaysSeconds: [0, 10], resetAfterSeconds: 600 },
    terminationMessagePolicy: 'File',
  },
  image: { id: 'sha256:1', reference: 'r@sha256:2' },
  stopSignal: 'SIGQUIT',
  runtime: '/usr/sbin/runc',
  conmon: '/usr/bin/conmon',
  layers: { directory: '/root/layers', lower: 'b:a' },
  oomFile: '/oom',
  monitors: ['/m/cgroup.procs'],
  cpuLimit: { file: '/cpu.max', value: '10000 100000' },
} as const

test('a rule is read back as it was written, and holds no line that its values could forge', () => {
  const text = ruleText(RULE)
  expect(text).toContain('delays=0 10\n')
  expect(text).toContain('lower=b:a\n')
  expect(text).toContain('cpu_file=/cpu.max\ncpu_limit=10000 100000\n')
  expect(parseRule(text)).toEqual({
    image: { id: 'sha256:1', reference: 'r@sha256:2' },
    policy: 'OnFailure',
    restartOn: new Set(),
    stayOn: new Set(),
    stopSignal: 'SIGQUIT',
  })
  expect(() => ruleText({ ...RULE, stopSignal: 'SIGTERM\nruntime=/tmp/evil' })).toThrow('line end')
  expect(parseRule(text.replace('version=1', 'version=2'))).toBeUndefined()
})

test('rules by exit codes are told as the codes after which the node does other than its policy says', () => {
  const exitRules = [
    { action: 'RestartAllContainers', operator: 'In', values: [2] },
    { action: 'Restart', operator: 'NotIn', values: [1, 7] },
  ] as const
  const restart = { ...RULE.request.restart, exitRules }
  const always = ruleText({
    ...RULE,
    request: { ...RULE.request, restart: { ...restart, policy: 'Always' } },
  })
  expect(always).toContain('restart_on=\nstay_on=2\n')
  const failing = parseRule(ruleText({ ...RULE, request: { ...RULE.request, restart } }))
  if (failing === undefined) throw new Error('it cannot be read')
  expect([0, 1, 2, 3, 7].map((code) => restarts(failing, code))).toEqual([true, true, false, true, true])
})

test('a deadline is told in whole seconds, never too early', () => {
  const restart = { ...RULE.request.restart, deadline: '2026-01-01T00:00:00.001Z' }
  expect(ruleText({ ...RULE, request: { ...RULE.request, restart } })).toContain('deadline=1767225601\n')
  expect(ruleText(RULE)).toContain('deadline=\n')
})

test('an object’s record has a file whatever the length of its name', () => {
  const fileOf = (name: string) => objectRecordFile('/records', objectKey('Job', 'default', name))
  expect(fileOf('a')).toBe('/records/Job/default/a.json')
  const long = 'n'.repeat(252)
  const [one, other] = [fileOf(`${long}a`), fileOf(`${long}b`)].map((path) => path.split('/').at(-1) ?? '')
  expect(one?.length).toBeLessThanOrEqual(241)
  expect(one).not.toBe(other)
})

test('layers are named from the folder they share, the topmost first', () => {
  expect(lowerLayers(['/l/a', '/l/b'], '/e')).toEqual({ directory: '/l', lower: 'b:a' })
  expect(lowerLayers(['/l/a', '/k/b'], '/e')).toEqual({ directory: '/', lower: '/k/b:/l/a' })
  expect(lowerLayers([], '/run/empty')).toEqual({ directory: '/run', lower: 'empty' })
})

test('an image of 127 layers fits into the options of a mount, also with a long root and name', () => {
  const directory = `/srv/${'r'.repeat(100)}/pods/${'u'.repeat(36)}/containers/${'c'.repeat(63)}`
  const layers = (count: number) => {
    const names = Array.from({ length: count }, (_, n) => layerName(`sha256:${String(n).padStart(64, '0')}`))
    return lowerLayers(
      names.map((name) => `/srv/layers/${name}`),
      '/e',
    )
  }
  expect(fitsMountOptions(layers(127), { directory })).toBe(true)
  expect(fitsMountOptions(layers(170), { directory })).toBe(false)
})

test('signals are known by name, by number, and as real-time signals', () => {
  expect(['SIGTERM', 'quit', '9', 'SIGRTMIN+3', 'SIGRTMIN', 'SIGNOPE'].map(signalNumber)).toEqual([
    15,
    3,
    9,
    37,
    34,
    undefined,
  ])
})

test('an event tells of its pod, each one once', () => {
  expect(parseEvents('u1 main 0 exited\nu2 main 0 exited\nu1 main 1 started\n')).toEqual(['u1', 'u2'])
})

test('/etc/hosts is Kubernetes’ own', () => {
  const aliases = [{ ip: '192.0.2.7', hostnames: ['a', 'b'] }]
  expect(
    hostsFile({ hostname: 'web', hostAliases: aliases }, { ip: '10.0.0.2', ip6: 'fd00::2' }),
  ).toBe(`# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
10.0.0.2\tweb
fd00::2\tweb

# Entries added by HostAliases.
192.0.2.7\ta\tb
`)
})
