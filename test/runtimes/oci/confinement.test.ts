import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { CreatePodRequest, StartContainerRequest } from '../../../engine/api/cri.ts'
import type { PodUid } from '../../../engine/api/names.ts'
import { cpuNumbers } from '../../../engine/runtimes/oci/node/features.ts'
import { containerPaths, podPaths, rootPaths } from '../../../engine/runtimes/oci/paths.ts'
import { ownNode } from './ownNode.ts'
import { containerRequest, SECURITY, type TestNode } from './support.ts'

let node: TestNode

ownNode((own) => {
  node = own
})

/** What a script prints in a container of its own. */
async function said(
  script: string,
  container: Partial<StartContainerRequest> = {},
  pod: Partial<CreatePodRequest> = {},
): Promise<string> {
  const uid = await node.start(['sh', '-c', script], { restart: NEVER, ...container }, pod)
  const { state } = await node.until(uid, (one) => one.state.kind === 'exited')
  if (state.kind === 'exited' && state.exit.startFailed) throw new Error(state.exit.message)
  const text = await logOf(uid)
  await node.runtime.removePod(uid)
  return text
}

const NEVER: StartContainerRequest['restart'] = { policy: 'Never', delaysSeconds: [], resetAfterSeconds: 600 }

async function logOf(uid: PodUid): Promise<string> {
  const lines: string[] = []
  const request = { uid, container: 'main', previous: false, follow: false }
  for await (const { text } of node.runtime.logs(request)) lines.push(text)
  return lines.join('\n')
}

const HAS_V1_CPU = readdirSync('/sys/fs/cgroup').includes('cpu')

function groupFile(controller: string, cgroup: string, v1: string, v2: string): string {
  const path = HAS_V1_CPU ? `/sys/fs/cgroup/${controller}${cgroup}/${v1}` : `/sys/fs/cgroup${cgroup}/${v2}`
  return readFileSync(path, 'utf8').trim()
}

test('the pod’s own group has the pod’s weight and limits', async () => {
  const cgroup = { cpuShares: 512, cpuQuotaUs: 50_000, memoryLimitBytes: 64 * 1024 * 1024 }
  const uid = await node.start(['sleep', '60'], {}, { cgroup })
  const group = podPaths(await rootPaths(node.transport, node.root), uid).cgroup
  expect(groupFile('cpu', group, 'cpu.shares', 'cpu.weight')).toBe(HAS_V1_CPU ? '512' : '20')
  expect(groupFile('cpu', group, 'cpu.cfs_quota_us', 'cpu.max')).toMatch(/^50000( 100000)?$/)
  expect(groupFile('memory', group, 'memory.limit_in_bytes', 'memory.max')).toBe('67108864')
  await node.runtime.stopContainer({ uid, container: 'main', attempt: 0, graceMs: 0 })
  await node.runtime.removePod(uid)
  expect(() => groupFile('cpu', group, 'cpu.shares', 'cpu.weight')).toThrow(/ENOENT/)
})

test('kernel parameters are those of the pod, and not of the node', async () => {
  const before = readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')
  const sysctls = [
    ['net.ipv4.ip_unprivileged_port_start', '7'],
    ['kernel.shm_rmid_forced', '1'],
  ] as const
  const script = 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced'
  expect(await said(script, { sysctls })).toBe('7\n1')
  expect(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')).toBe(before)
})

test('who is to go first when memory is short says the container’s score, as far as the engine may', async () => {
  const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))
  const score = async (oomScoreAdj: number) =>
    Number(await said('cat /proc/self/oom_score_adj', { resources: { cpuShares: 2, oomScoreAdj } }))
  expect(await score(1000)).toBe(1000)
  const limited = /^CapEff:\s*\S*$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[0] ?? ''
  const mayLower = ((BigInt(`0x${limited.split('\t')[1] ?? '0'}`) >> 24n) & 1n) === 1n
  expect(await score(-997)).toBe(mayLower ? -997 : own)
})

test('an open input is waited at; one that nobody opened is at its end', async () => {
  expect(await said('cat; echo over')).toBe('over')
  const uid = await node.start(['sh', '-c', 'cat; echo over'], { stdin: 'open', restart: NEVER })
  expect((await node.container(uid)).state.kind).toBe('running')
  expect(await logOf(uid)).toBe('')
  await node.runtime.stopContainer({ uid, container: 'main', attempt: 0, graceMs: 0 })
  await node.runtime.removePod(uid)
})

test('a terminal is one', async () => {
  expect(await said('[ -t 1 ] && [ -t 0 ] && echo terminal', { tty: true, stdin: 'open' })).toContain(
    'terminal',
  )
  expect(await said('[ -t 1 ] || echo none')).toBe('none')
})

test('disks are limited and weighed by the container’s group', async () => {
  const blockIo = { weight: 200, readBps: 1_048_576, writeIops: 100 }
  const uid = await node.start(['sleep', '60'], { resources: { cpuShares: 2, blockIo } })
  const paths = await rootPaths(node.transport, node.root)
  const group = containerPaths(podPaths(paths, uid), uid, 'main').cgroup
  if (HAS_V1_CPU) {
    const read = (file: string) => readFileSync(`/sys/fs/cgroup/blkio${group}/${file}`, 'utf8').trim()
    expect(read('blkio.throttle.read_bps_device')).toMatch(/^\d+:\d+ 1048576$/)
    expect(read('blkio.throttle.write_iops_device')).toMatch(/^\d+:\d+ 100$/)
    expect(read('blkio.bfq.weight')).toContain('200')
  } else {
    expect(readFileSync(`/sys/fs/cgroup${group}/io.max`, 'utf8')).toMatch(/rbps=1048576 .*wiops=100/)
  }
  await node.runtime.stopContainer({ uid, container: 'main', attempt: 0, graceMs: 0 })
  await node.runtime.removePod(uid)
})

test('a pod’s bandwidth is limited both ways, and what limits it goes with the pod', async () => {
  const links = () => execFileSync('ip', ['-brief', 'link'], { encoding: 'utf8' })
  const queues = () => execFileSync('tc', ['qdisc', 'show'], { encoding: 'utf8' })
  const before = new Set(
    links()
      .split('\n')
      .map((line) => line.split(/[ @]/, 1)[0]),
  )
  const bandwidth = { ingressBits: 8_000_000, egressBits: 4_000_000 }
  const uid = await node.start(['sleep', '60'], {}, { bandwidth })
  const mine = links()
    .split('\n')
    .map((line) => line.split(/[ @]/, 1)[0] ?? '')
    .filter((name) => !before.has(name))
  const limits = queues()
    .split('\n')
    .filter((line) => mine.some((name) => line.includes(` ${name} `)))
  expect(limits.join('\n')).toMatch(/tbf .*rate 8Mbit/)
  expect(limits.join('\n')).toMatch(/tbf .*rate 4Mbit/)
  await node.runtime.stopContainer({ uid, container: 'main', attempt: 0, graceMs: 0 })
  await node.runtime.removePod(uid)
  const after = links()
  for (const name of mine.filter((name) => name.startsWith('veth') || name.startsWith('bwp'))) {
    expect(after).not.toContain(`${name}@`)
    expect(after).not.toContain(`${name} `)
  }
})

const CPUS = cpuNumbers(readFileSync('/sys/devices/system/cpu/online', 'utf8'))

test('a container has a cpu for itself: those that run leave it, those that start or restart stay away', async () => {
  const allowed = 'grep Cpus_allowed_list /proc/self/status | cut -f2'
  // The first cpu stays shared: a machine with no other has none to give, and all run on the one.
  const own = CPUS.length === 1 ? CPUS : CPUS.slice(1, 2)
  const rest = CPUS.length === 1 ? CPUS : CPUS.filter((cpu) => cpu !== CPUS[1])
  const running = await node.start(['sh', '-c', `trap 'exit 1' TERM; while :; do sleep 1; done`])
  const uid = await node.start(['sleep', '60'], {}, { exclusiveCpus: { main: 1 } })
  const inside = async (pod: PodUid) => {
    const command = ['sh', '-c', allowed]
    const { output } = await node.runtime.exec({ uid: pod, container: 'main', command })
    return cpuNumbers(output)
  }
  expect(await inside(uid)).toEqual(own)
  expect(await inside(running)).toEqual(rest)
  await node.runtime.exec({ uid: running, container: 'main', command: ['kill', '-TERM', '1'] })
  await node.until(running, ({ attempt, state }) => attempt === 1 && state.kind === 'running')
  expect(await inside(running)).toEqual(rest)
  // The node has no other to spare, so that one more has none of its own.
  if (CPUS.length <= 2) {
    const second = await node.start(['sleep', '60'], {}, { exclusiveCpus: { main: 1 } })
    expect(await inside(second)).toEqual(rest)
    await node.runtime.stopContainer({ uid: second, container: 'main', attempt: 0, graceMs: 0 })
    await node.runtime.removePod(second)
  }
  await node.runtime.stopContainer({ uid, container: 'main', attempt: 0, graceMs: 0 })
  await node.runtime.removePod(uid)
  expect(await inside(running)).toEqual(CPUS)
  await node.runtime.disarm(running)
  await node.runtime.stopContainer({ uid: running, container: 'main', attempt: 1, graceMs: 0 })
  await node.runtime.removePod(running)
})

test('root of a pod with users of its own is nobody on the node, and all is its own inside', async () => {
  const script = [
    'cat /proc/self/uid_map',
    'stat -c %u:%g /bin /etc/hosts /data /data/one',
    'touch /made /data/made && chown 7:8 /made && stat -c %u:%g /made',
    'echo x >/etc/hosts && echo written',
  ].join('; ')
  const volumes: CreatePodRequest['volumes'] = [
    { kind: 'emptyDir', name: 'data', medium: '' },
    {
      kind: 'files',
      name: 'secret',
      secret: true,
      version: '1',
      files: [{ path: 'key', mode: 0o400, content: Buffer.from('k') }],
    },
  ]
  const mounts: StartContainerRequest['mounts'] = [
    { volume: 'data', mountPath: '/data', readOnly: false, propagation: 'private' },
    { volume: 'secret', mountPath: '/secret', readOnly: true, propagation: 'private' },
  ]
  const text = await said(
    `touch /data/one; ${script}; cat /secret/key`,
    { mounts },
    { userNamespace: true, volumes },
  )
  const [map = '', ...rest] = text.split('\n')
  const [inside, outside, size] = map.trim().split(/\s+/).map(Number)
  expect([inside, size]).toEqual([0, 65_536])
  expect(outside).toBeGreaterThan(1_000_000)
  expect(rest).toEqual(['0:0', '0:0', '0:0', '0:0', '7:8', 'written', 'k'])
})

test('pods with users of their own have them apart', async () => {
  const script = ['sleep', '60']
  const both = [
    await node.start(script, {}, { userNamespace: true }),
    await node.start(script, {}, { userNamespace: true }),
  ]
  const maps = await Promise.all(
    both.map(async (uid) => {
      const command = ['cat', '/proc/1/uid_map']
      return (await node.runtime.exec({ uid, container: 'main', command })).output.trim()
    }),
  )
  expect(new Set(maps).size).toBe(2)
  for (const uid of both) {
    await node.runtime.stopContainer({ uid, container: 'main', attempt: 0, graceMs: 0 })
    await node.runtime.removePod(uid)
  }
})

test('a restarted container of a pod with users of its own has a fresh root of its own', async () => {
  const uid = await node.start(['sh', '-c', 'touch /fresh; exec sleep 60'], {}, { userNamespace: true })
  const exec = async (...command: string[]) => await node.runtime.exec({ uid, container: 'main', command })
  await exec('touch', '/mark')
  await exec('kill', '-KILL', '1')
  const kill = await node.container(uid)
  if (kill.attempt === 0) await node.runtime.stopContainer({ uid, container: 'main', attempt: 0, graceMs: 0 })
  await node.until(uid, ({ attempt, state }) => attempt === 1 && state.kind === 'running')
  expect((await exec('sh', '-c', 'ls /mark 2>/dev/null; stat -c %u /fresh')).output.trim()).toBe('0')
  await node.runtime.disarm(uid)
  await node.runtime.stopContainer({ uid, container: 'main', attempt: 1, graceMs: 0 })
  await node.runtime.removePod(uid)
})

test('with a strict policy the image’s groups do not count', async () => {
  const security = { ...SECURITY, runAsUser: 0, supplementalGroups: [4000], strictGroups: true }
  expect(await said('id -G', { security })).toBe('0 4000')
})

test('a frozen pod stands still and is told to; thawed it goes on', async () => {
  const uid = await node.start(['sh', '-c', 'n=0; while :; do n=$((n+1)); echo $n >/count; done'])
  const paths = await rootPaths(node.transport, node.root)
  const state = containerPaths(podPaths(paths, uid), uid, 'main').id
  const status = () =>
    execFileSync(
      'sh',
      ['-c', `$(command -v runc || command -v crun) --root ${paths.runtimeState} state ${state}`],
      {
        encoding: 'utf8',
      },
    )
  await node.runtime.freezePod(uid)
  await node.runtime.freezePod(uid)
  expect((await node.listing(uid)).frozenSince).toMatch(/^20\d\d-/)
  expect(JSON.parse(status())).toMatchObject({ status: 'paused' })
  await node.runtime.thawPod(uid)
  await node.runtime.thawPod(uid)
  expect((await node.listing(uid)).frozenSince).toBeUndefined()
  expect(JSON.parse(status())).toMatchObject({ status: 'running' })
  expect((await node.container(uid)).attempt).toBe(0)
  await node.runtime.freezePod(uid)
  // As for its deletion: it goes on, so that it can be asked to end.
  await node.runtime.disarm(uid)
  expect((await node.listing(uid)).frozenSince).toBeUndefined()
  await node.runtime.stopContainer({ uid, container: 'main', attempt: 0, graceMs: 0 })
  await node.runtime.removePod(uid)
})

test('in a frozen pod nothing is started, by the engine or by the hook that waits to restart it', async () => {
  const restart = { policy: 'Always', delaysSeconds: [3600], resetAfterSeconds: 600 } as const
  const uid = await node.start(['false'], { restart })
  const { directory } = containerPaths(podPaths(await rootPaths(node.transport, node.root), uid), uid, 'main')
  const waiting = join(directory, '0/restart')
  await node.until(uid, () => existsSync(waiting) && readFileSync(waiting, 'utf8').endsWith('end=1\n'))
  await node.runtime.freezePod(uid)
  // Its time has come.
  const [, waiter = ''] = /^waiter=(\d+)$/m.exec(readFileSync(waiting, 'utf8')) ?? []
  await node.until(uid, () => sleepOf(waiter) !== '')
  process.kill(Number(sleepOf(waiter)))
  await node.until(uid, () => !existsSync(`/proc/${waiter}`))
  expect(existsSync(join(directory, '1'))).toBe(false)
  const next = node.runtime.startContainer(containerRequest(uid, ['sleep', '60'], { attempt: 1 }))
  await expect(next).rejects.toThrow('the pod is frozen')
  await node.runtime.thawPod(uid)
  await node.runtime.startContainer(containerRequest(uid, ['sleep', '60'], { attempt: 1 }))
  expect((await node.container(uid)).state.kind).toBe('running')
  await node.remove(uid)
})

/** What the hook waits with; empty: it does not yet. */
function sleepOf(waiter: string): string {
  return readFileSync(`/proc/${waiter}/task/${waiter}/children`, 'utf8').trim()
}
