import { execa } from 'execa'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { PodRecord } from '../../engine/api/records.ts'
import { runningContainers } from '../support/containers.ts'
import { DaemonProcess } from '../support/daemon.ts'
import { World, eventually } from '../support/engine.ts'
import { rootIdOf } from '../support/machine.ts'
import { containerOf, files, pod, scriptPod, sh } from '../support/pods.ts'
import { addressIn } from '../support/ranges.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

let registry: Registry
let world: World
let daemon: DaemonProcess
let run: string
/** Of the pod that nothing is done to. */
let bystander: string

const LONG = 'sleep 3600 & wait'
const READY = { exec: { command: ['true'] }, periodSeconds: 1 }

beforeAll(async () => {
  registry = await startRegistry()
  world = await World.create({
    registry: registry.url,
  })
  await world.commit(commitOf())
  daemon = new DaemonProcess(world)
  run = `/run/reconcile/${rootIdOf(world.root)}`
  bystander = await stillStands()
})

afterAll(async () => {
  await daemon[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

afterEach(async () => {
  expect(await stillStands()).toBe(bystander)
})

function commitOf(...more: readonly Readonly<Record<string, unknown>>[]) {
  const always = { restartPolicy: 'Always' }
  const pods = [
    scriptPod('bystander', LONG, { readinessProbe: READY }, always),
    scriptPod('victim', LONG, {}, always),
  ]
  const cluster = `apiVersion: reconcile.dev/v1
kind: Cluster
metadata: {name: e2e}
spec:
  podCIDR: ${world.ranges.podCIDR}
  registries: {mirrors: {docker.io: ["${registry.url}"]}}
  sync: {resyncIntervalSeconds: 1}
  podPidsLimit: 256
`
  return { ...files(...pods, ...more), 'cluster.yaml': cluster }
}

/** What is on record of a pod; undefined: nothing yet, or for a moment nothing. */
function recorded(name: string) {
  const folder = join(world.root, 'pods')
  if (!existsSync(folder)) return undefined
  const records = readdirSync(folder).flatMap((uid) => {
    const file = join(folder, uid, 'pod.json')
    return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8')) as PodRecord] : []
  })
  const found = records.find(({ pod: { metadata } }) => metadata.name === name)
  if (found === undefined) return undefined
  const uid = found.pod.metadata.uid ?? ''
  return { uid, since: found.conditions.find(({ status, type }) => type === 'Ready' && status === 'True') }
}

async function ready(name: string) {
  const found = await eventually(
    async () => recorded(name),
    (each) => each?.since !== undefined,
  )
  if (found === undefined) throw new Error(`no pod ${name}`)
  return found
}

/** Its record, processes, restarts, address and since when it has been ready. */
async function stillStands(): Promise<string> {
  const { since, uid } = await ready('bystander')
  const pids = (await containersOf(uid)).map(({ pid }) => pid)
  return JSON.stringify([uid, pids, startedOf(uid), sandboxOf(uid).ip, since?.lastTransitionTime])
}

async function containersOf(uid: string) {
  return (await runningContainers(world.root)).filter(({ id }) => id.startsWith(uid))
}

async function victim() {
  const { uid } = await ready('victim')
  const [container] = await containersOf(uid)
  if (container === undefined) throw new Error('the victim does not run')
  return { uid, ip: sandboxOf(uid).ip, ...startedOf(uid) }
}

function sandboxOf(uid: string): { readonly ip: string; readonly link: { readonly name: string } } {
  return JSON.parse(readFileSync(`${run}/pods/${uid}/sandbox.json`, 'utf8')) as ReturnType<typeof sandboxOf>
}

function startedOf(uid: string) {
  const folder = join(world.root, 'pods', uid, 'containers/main')
  const attempt = Math.max(...readdirSync(folder).map(Number).filter(Number.isInteger))
  const text = readFileSync(join(folder, String(attempt), 'started'), 'utf8')
  const number = (key: string) => Number(new RegExp(`^${key}=(\\d+)$`, 'm').exec(text)?.[1])
  return { attempt, pid: number('pid'), monitor: number('monitor') }
}

function reaches(address: string) {
  const pid = String(startedOf(recorded('victim')?.uid ?? '').pid)
  return execa('nsenter', ['--net', '--target', pid, 'busybox', 'ping', '-c1', '-W1', address], {
    reject: false,
  })
}

/** A line that is told after this was called. */
function told(pattern: RegExp) {
  return daemon.until(({ message }) => pattern.test(message), { from: daemon.lines.length })
}

test('a monitor that was stopped goes on, and the container does not notice', async () => {
  const before = await victim()
  const said = told(/the monitor of container main was stopped/)
  process.kill(before.monitor, 'SIGSTOP')
  expect(await said).toMatchObject({ pod: 'default/victim' })
  await eventually(
    async () => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${before.monitor}/status`, 'utf8'))?.[1],
    (state) => state !== 'T',
  )
  expect(await victim()).toEqual(before)
})

test('a container whose monitor was killed is started anew, and its status says why', async () => {
  const before = await victim()
  const said = told(/its monitor has ended/)
  process.kill(before.monitor, 'SIGKILL')
  await said
  await eventually(
    () => victim().catch(() => before),
    ({ pid }) => pid !== before.pid,
  )
  const container = containerOf(await world.pod('victim'))
  expect(container.restartCount).toBe(before.attempt + 1)
  expect(container.lastState?.['terminated']).toMatchObject({
    exitCode: 137,
    message: expect.stringContaining('monitor'),
  })
  // Its parent is gone: the machine's first process clears what is left of it when it comes to that.
  expect(stateOf(before.pid)).toMatch(/^(gone|Z)$/)
})

/** The letter that the kernel shows for it. */
function stateOf(pid: number): string {
  try {
    return /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
  } catch {
    return 'gone'
  }
}

test('the bridge removed: all pods reach each other again, and none was restarted', async () => {
  const before = await victim()
  const { ip } = sandboxOf((await ready('bystander')).uid)
  const said = told(/bridge rc-\w+ is gone/)
  await execa('ip', ['link', 'delete', `rc-${rootIdOf(world.root)}`])
  await said
  await eventually(
    async () => await reaches(ip),
    ({ exitCode }) => exitCode === 0,
  )
  expect(await victim()).toEqual(before)
})

test('the link of a pod removed: it has another one with the same address', async () => {
  const before = await victim()
  const { link } = sandboxOf(before.uid)
  const said = told(/network link veth\w+ is gone/)
  await execa('ip', ['link', 'delete', link.name])
  await said
  await eventually(
    async () => await reaches(addressIn(world.ranges.podCIDR, 1)),
    ({ exitCode }) => exitCode === 0,
  )
  expect(await victim()).toEqual(before)
})

test('a pod whose folder was removed is made again, with nothing left of what ran', async () => {
  const before = await victim()
  const said = told(/lost its folder on the disk/)
  rmSync(join(world.root, 'pods', before.uid), { recursive: true })
  await said
  const after = await eventually(
    () => victim().catch(() => before),
    ({ pid }) => pid !== before.pid,
  )
  expect(after.uid).toBe(before.uid)
  expect(stateOf(before.pid)).toMatch(/^(gone|Z)$/)
})

test('a pod of which nothing tells any more is ended before another takes its place', async () => {
  const before = await victim()
  const said = told(/of pod .* \(hostname victim\), which has no record: it was ended and cleared away/)
  rmSync(`${run}/pods/${before.uid}/pod.json`)
  rmSync(join(world.root, 'pods', before.uid), { recursive: true })
  await said
  const after = await eventually(
    () => victim().catch(() => before),
    ({ uid }) => uid !== before.uid,
  )
  expect(stateOf(before.pid)).toMatch(/^(gone|Z)$/)
  expect(readdirSync(join(world.root, 'pods'))).toContain(after.uid)
  expect(existsSync(`${run}/pods/${before.uid}`)).toBe(false)
})

test('the folder on the tmpfs removed while everything runs: all is made again, each pod once', async () => {
  const before = await victim()
  const left = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .filter((path) => path === run || path.startsWith(`${run}/`))
  await execa('umount', ['--lazy', ...left.toReversed()])
  rmSync(run, { recursive: true, force: true })
  const after = await eventually(
    () => victim().catch(() => before),
    ({ pid }) => pid !== before.pid,
  )
  expect(after.uid).toBe(before.uid)
  expect(stateOf(before.pid)).toMatch(/^(gone|Z)$/)
  await eventually(
    () => runningContainers(world.root),
    (running) => running.length === 2,
  )
  bystander = await stillStands()
})

test('a fork bomb under a limit of processes ends at its own pod', async () => {
  const bomb = 'bomb() { bomb | bomb & }; bomb; sleep 3600'
  await world.commit(commitOf(scriptPod('bomb', bomb, {}, { restartPolicy: 'Always' })))
  const { uid } = await eventually(
    async () => recorded('bomb') ?? { uid: '' },
    (each) => existsSync(join(world.root, 'pods', each.uid, 'containers/main/0/started')),
  )
  const group = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup']
    .map((path) => `${path}/reconcile-${rootIdOf(world.root)}/pod${uid}`)
    .find((path) => existsSync(`${path}/pids.max`))
  await eventually(
    async () => Number(readFileSync(`${group}/pids.current`, 'utf8')),
    (count) => count > 200,
  )
  expect(readFileSync(`${group}/pids.max`, 'utf8').trim()).toBe('256')
  // Beside it, another pod begins; and it goes when it is not wanted any more, however fast it forks.
  await world.commit(commitOf(scriptPod('next', LONG)))
  await ready('next')
  await eventually(
    async () => recorded('bomb'),
    (each) => each === undefined,
  )
  expect(await containersOf(uid)).toEqual([])
})

test('a container that ignores SIGTERM is killed when its grace is over, and holds up nothing else', async () => {
  const spec = { terminationGracePeriodSeconds: 3 }
  await world.commit(commitOf(scriptPod('deaf', "trap '' TERM; while :; do sleep 1; done", {}, spec)))
  await ready('deaf')
  await world.commit(commitOf(scriptPod('other', LONG)))
  await ready('other')
  await eventually(
    async () => recorded('deaf'),
    (each) => each === undefined,
  )
})

test('a pod of 50 containers comes and goes', async () => {
  const containers = Array.from({ length: 50 }, (_, index) => sh('sleep 3600', { name: `c${index}` }))
  await world.commit(commitOf(pod('many', { containers })))
  const { uid } = await ready('many')
  expect(await containersOf(uid)).toHaveLength(50)
  await world.commit(commitOf())
  await eventually(
    () => runningContainers(world.root),
    (running) => running.length === 2,
  )
}, 120_000)
