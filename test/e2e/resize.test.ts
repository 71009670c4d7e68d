import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import type { World } from '../support/engine.ts'
import { rootIdOf } from '../support/machine.ts'
import { ownWorld } from '../support/ownWorld.ts'

let world: World

ownWorld((own) => {
  world = own
})

const RESTARTS = 'resizePolicy: [{resourceName: memory, restartPolicy: RestartContainer}]'

function pod(cpu: string, memory: string, image = 'reconcile/web:1', anew = '500m'): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: sized}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: live
      image: ${image}
      resources: {limits: {cpu: ${cpu}, memory: 64Mi}, requests: {cpu: 50m, memory: 32Mi}}
    - name: anew
      image: ${image}
      command: [sleep, infinity]
      ${RESTARTS}
      resources: {limits: {cpu: ${anew}, memory: ${memory}}, requests: {cpu: 50m, memory: 32Mi}}
`
}

const FILES = { cpu: ['cpu.cfs_quota_us', 'cpu.max'], memory: ['memory.limit_in_bytes', 'memory.max'] }

/** What the kernel says of a container's group, or of its pod's; the first word is the limit in both versions. */
async function limit(what: keyof typeof FILES, container: string, pod = 'sized'): Promise<string> {
  const args = container === '' ? [] : ['-c', container]
  // As this machine sees it: in a container its group is the top.
  const { stdout } = await world.run('exec', pod, ...args, '--', 'readlink', '/proc/self/ns/mnt')
  const own = readFileSync(`/proc/${processIn(stdout.trim())}/cgroup`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, , controllers = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? []
      return controllers === '' || controllers.split(',').includes(what) ? [`${controllers}${path}`] : []
    })
  const groups = own.map((path) => `/sys/fs/cgroup/${container === '' ? dirname(path) : path}`)
  const paths = groups.flatMap((group) => FILES[what].map((name) => `${group}/${name}`))
  const path = paths.find((one) => existsSync(one))
  if (path === undefined) throw new Error(`none of ${paths.join(', ')} is there`)
  expect(path).toContain(rootIdOf(world.root))
  return readFileSync(path, 'utf8').split(/\s/, 1)[0] ?? ''
}

/** One that has these mounts. */
function processIn(mounts: string): string {
  const found = readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && mountsOf(pid) === mounts)
  if (found === undefined) throw new Error(`no process has ${mounts}`)
  return found
}

/** Undefined: it has ended. */
function mountsOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`)
  } catch {
    return undefined
  }
}

async function counts(): Promise<readonly unknown[]> {
  const { metadata, status } = await world.pod('sized')
  return [metadata.uid, ...(status.containerStatuses ?? []).map(({ restartCount }) => restartCount)]
}

function greedy(memory: string): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: greedy}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: app
      image: reconcile/web:1
      resources: {limits: {memory: ${memory}}, requests: {memory: 8Mi}}
`
}

test('a container gets other limits under its running process; one whose policy says so starts anew for them, alone', async () => {
  await world.commit({ 'a.yaml': pod('200m', '64Mi') })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const [uid] = await counts()
  expect([await limit('cpu', 'live'), await limit('memory', 'anew')]).toEqual(['20000', '67108864'])

  await world.commit({ 'a.yaml': pod('300m', '64Mi') })
  const { exitCode, stderr } = await world.once()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  expect(await limit('cpu', 'live')).toBe('30000')
  expect(await counts()).toEqual([uid, 0, 0])

  await world.commit({ 'a.yaml': pod('100m', '48Mi') })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  expect([await limit('cpu', 'live'), await limit('memory', 'anew')]).toEqual(['10000', '50331648'])
  expect(await limit('cpu', 'anew')).toBe('50000')
  expect(await limit('memory', '')).toBe(String(112 * 1024 ** 2))
  expect(await counts()).toEqual([uid, 0, 1])
  const { status } = await world.pod('sized')
  expect(status.containerStatuses?.[0]).toMatchObject({
    resources: { limits: { cpu: '100m', memory: '64Mi' }, requests: { cpu: '50m', memory: '32Mi' } },
    allocatedResources: { cpu: '50m', memory: '32Mi' },
  })
  expect(status.conditions?.map(({ type }) => type)).not.toContain('PodResizeInProgress')
  await world.commit({ 'a.yaml': pod('100m', '48Mi', 'reconcile/web:1', '700m') })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  expect(await limit('cpu', 'anew')).toBe('70000')
  expect(await counts()).toEqual([uid, 0, 1])
}, 120_000)

test('less memory than is in use is waited for, and comes when it is free', async () => {
  await world.commit({ 'b.yaml': greedy('64Mi') })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  await world.exec('greedy', 'dd', 'if=/dev/zero', 'of=/dev/shm/held', 'bs=1M', 'count=30')
  await world.commit({ 'b.yaml': greedy('16Mi') })
  const { exitCode, stderr } = await world.once('--timeout', '3s')
  expect(exitCode).not.toBe(0)
  expect(stderr).toMatch(/memory limit \(16777216\) below current usage/)
  expect((await world.pod('greedy')).status.conditions).toContainEqual(
    expect.objectContaining({ type: 'PodResizeInProgress', status: 'True', reason: 'Error' }),
  )
  await world.exec('greedy', 'rm', '/dev/shm/held')
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  expect(await limit('memory', 'app', 'greedy')).toBe('16777216')
  expect((await world.pod('greedy')).status.containerStatuses?.[0]?.restartCount).toBe(0)
}, 120_000)
