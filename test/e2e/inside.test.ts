import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type World, eventually } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'

let world: World

const PODS = `apiVersion: v1
kind: Pod
metadata: {name: pair}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: server
      image: busybox:1.36
      command: ["sh", "-c", "echo from the server > /tmp/index.html; exec httpd -f -p 8080 -h /tmp"]
      readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
    - {name: client, image: "busybox:1.36", command: ["sleep", "3600"]}
---
apiVersion: v1
kind: Pod
metadata: {name: other}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - {name: main, image: "busybox:1.36", command: ["sleep", "3600"]}
---
apiVersion: v1
kind: Pod
metadata: {name: busy}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: busybox:1.36
      command: ["sh", "-c", "while true; do :; done"]
      resources: {limits: {cpu: 200m, memory: 32Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: greedy}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: busybox:1.36
      command: ["sh", "-c", "sleep 1; exec tail /dev/zero"]
      resources: {limits: {memory: 16Mi}}
`

ownWorld(async (own) => {
  world = own
  await world.commit({ 'pods.yaml': PODS })
  await world.once()
})

describe('inside a pod', () => {
  test('a container sees its own process as 1, and no other', async () => {
    const ps = await world.exec('other', 'ps')
    const lines = ps.split('\n').slice(1)
    expect(lines[0]).toMatch(/^\s*1 .*sleep 3600/)
    // The second is ps itself.
    expect(lines).toHaveLength(2)
  })

  test('the hostname is the pod name', async () => {
    expect(await world.exec('other', 'hostname')).toBe('other')
  })

  test('two containers of a pod reach each other on localhost and do not see each other’s files', async () => {
    const run = await world.run(
      'exec',
      'pair',
      '-c',
      'client',
      '--',
      'wget',
      '-qO-',
      'http://localhost:8080/',
    )
    expect(run).toMatchObject({ exitCode: 0, stdout: 'from the server' })
    const file = await world.run('exec', 'pair', '-c', 'client', '--', 'ls', '/tmp/index.html')
    expect(file.exitCode).not.toBe(0)
  })

  test('two pods of one image do not see each other’s writes', async () => {
    await world.exec('other', 'sh', '-c', 'echo mine > /etc/mine')
    const run = await world.run('exec', 'pair', '-c', 'client', '--', 'cat', '/etc/mine')
    expect(run.exitCode).not.toBe(0)
    expect(await world.exec('other', 'cat', '/etc/mine')).toBe('mine')
  })

  test('the default seccomp filter is in force', async () => {
    expect(await world.exec('other', 'grep', 'Seccomp:', '/proc/self/status')).toMatch(/Seccomp:\s+2/)
  })

  test('exec hands on the exit status of the command', async () => {
    expect((await world.run('exec', 'other', '--', 'sh', '-c', 'exit 7')).exitCode).toBe(7)
  })
})

describe('limits', () => {
  test('a busy loop limited to 200m uses a fifth of a core', async () => {
    const inside = await world.exec('busy', 'cat', '/proc/self/cgroup')
    const use = cpuUse(inside)
    const before = use()
    // The quota is handed out anew every 100 ms, and used up each time that the machine has so much to give.
    const after = await eventually(
      () => Promise.resolve(use()),
      ({ throttled }) => throttled >= before.throttled + 30,
    )
    const usedMs = (after.nanoseconds - before.nanoseconds) / 1e6
    expect(usedMs / (after.throttled - before.throttled)).toBeGreaterThan(18)
    expect(usedMs / (after.periods - before.periods)).toBeLessThan(22)
  })

  test('a container that allocates past its limit is OOMKilled and says so', async () => {
    const pod = await eventually(
      () => world.pod('greedy'),
      (p) => p.status.phase === 'Failed',
    )
    expect(pod.status.containerStatuses?.[0]?.state['terminated']).toMatchObject({
      reason: 'OOMKilled',
      exitCode: 137,
    })
  })
})

test('a pod that is deleted by hand is gone, the others stay, and the next run makes it again', async () => {
  const uids = async () => new Map((await world.pods()).map(({ metadata }) => [metadata.name, metadata.uid]))
  const before = await uids()
  const deleted = await world.run('delete', 'other')
  expect(deleted).toMatchObject({
    exitCode: 0,
    stdout:
      'pod default/other is gone; it is made again if the repository still has it, with the next reconcile --once',
  })
  await world.once()
  const after = await uids()
  expect(after.get('other')).toMatch(/^[0-9a-f-]{36}$/)
  expect(after.get('other')).not.toBe(before.get('other'))
  expect(after.get('pair')).toBe(before.get('pair'))
})

interface CpuUse {
  readonly nanoseconds: number
  /** In which something ran, and in which all that was allowed was used up. */
  readonly periods: number
  readonly throttled: number
}

/** Of a cgroup, from the lines of /proc/PID/cgroup. */
function cpuUse(cgroups: string): () => CpuUse {
  const v1 = /^\d+:[^:]*cpuacct[^:]*:(.*)$/m.exec(cgroups)?.[1]
  const v2 = /^0::(.*)$/m.exec(cgroups)?.[1] ?? ''
  return () => {
    const stat = readFileSync(`/sys/fs/cgroup${v1 === undefined ? v2 : `/cpu${v1}`}/cpu.stat`, 'utf8')
    const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1])
    const nanoseconds =
      v1 === undefined
        ? value('usage_usec') * 1000
        : Number(readFileSync(`/sys/fs/cgroup/cpuacct${v1}/cpuacct.usage`, 'utf8'))
    return { nanoseconds, periods: value('nr_periods'), throttled: value('nr_throttled') }
  }
}
