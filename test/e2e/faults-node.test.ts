import { execa } from 'execa'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { runningContainers } from '../support/containers.ts'
import { DaemonProcess } from '../support/daemon.ts'
import { type ShownPod, World, eventually } from '../support/engine.ts'
import { rootIdOf } from '../support/machine.ts'
import { containerOf, files, pod, scriptPod, sh } from '../support/pods.ts'
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
    podCIDR: '10.237.0.0/16',
    registry: registry.url,
    sync: { resyncIntervalSeconds: 1 },
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
  return files(
    scriptPod('bystander', LONG, { readinessProbe: READY }, always),
    scriptPod('victim', LONG, {}, always),
    ...more,
  )
}

/** It may not be there yet, or for a moment not be. */
async function shown(name: string, satisfies: (pod: ShownPod) => boolean): Promise<ShownPod> {
  const found = await eventually(
    () => world.pod(name).catch(() => undefined),
    (each) => each !== undefined && satisfies(each),
  )
  if (found === undefined) throw new Error(`no pod ${name}`)
  return found
}

/** Its processes, restarts, address and since when it has been ready. */
async function stillStands(): Promise<string> {
  const found = await shown('bystander', ({ status }) => isReady(status.conditions))
  const pids = (await containersOf(found.metadata.uid)).map(({ pid }) => pid)
  const since = found.status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime
  return JSON.stringify([
    found.metadata.uid,
    pids,
    containerOf(found).restartCount,
    found.status.podIP,
    since,
  ])
}

function isReady(conditions: readonly { readonly type: string; readonly status: string }[] = []): boolean {
  return conditions.some(({ status, type }) => type === 'Ready' && status === 'True')
}

async function containersOf(uid: string) {
  return (await runningContainers(world.root)).filter(({ id }) => id.startsWith(uid))
}

async function victim() {
  const found = await shown('victim', ({ status }) => isReady(status.conditions))
  const [container] = await containersOf(found.metadata.uid)
  if (container === undefined) throw new Error('the victim does not run')
  const { attempt, ...numbers } = startedOf(found.metadata.uid)
  return { uid: found.metadata.uid, ip: found.status.podIP ?? '', attempt, ...numbers }
}

function startedOf(uid: string) {
  const folder = join(world.root, 'pods', uid, 'containers/main')
  const attempt = Math.max(...readdirSync(folder).map(Number).filter(Number.isInteger))
  const text = readFileSync(join(folder, String(attempt), 'started'), 'utf8')
  const number = (key: string) => Number(new RegExp(`^${key}=(\\d+)$`, 'm').exec(text)?.[1])
  return { attempt, pid: number('pid'), monitor: number('monitor') }
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
  const found = await shown('victim', (now) => containerOf(now).restartCount === before.attempt + 1)
  expect(containerOf(found).lastState?.['terminated']).toMatchObject({
    exitCode: 137,
    message: expect.stringContaining('monitor'),
  })
  await eventually(
    () => victim(),
    ({ pid }) => pid !== before.pid,
  )
  expect(existsSync(`/proc/${before.pid}`)).toBe(false)
})

test('the bridge removed: all pods reach each other again, and none was restarted', async () => {
  const before = await victim()
  const [standing = ''] = [JSON.parse(bystander) as readonly unknown[]].map((all) => String(all[3]))
  const said = told(/bridge rc-\w+ is gone/)
  await execa('ip', ['link', 'delete', `rc-${rootIdOf(world.root)}`])
  await said
  const ping = () => world.run('exec', 'victim', '--', 'ping', '-c1', '-W1', standing)
  await eventually(ping, ({ exitCode }) => exitCode === 0)
  expect(await victim()).toEqual(before)
})

test('the link of a pod removed: it has another one with the same address', async () => {
  const before = await victim()
  const text = readFileSync(`${run}/pods/${before.uid}/sandbox.json`, 'utf8')
  const { link } = JSON.parse(text) as { readonly link: { readonly name: string } }
  const said = told(/network link veth\w+ is gone/)
  await execa('ip', ['link', 'delete', link.name])
  await said
  const ping = () => world.run('exec', 'victim', '--', 'ping', '-c1', '-W1', '10.237.0.1')
  await eventually(ping, ({ exitCode }) => exitCode === 0)
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
  expect(existsSync(`/proc/${before.pid}`)).toBe(false)
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
  expect(existsSync(`/proc/${before.pid}`)).toBe(false)
  expect(readdirSync(join(world.root, 'pods'))).toContain(after.uid)
  expect(existsSync(`${run}/pods/${before.uid}`)).toBe(false)
})

test('a container that ignores SIGTERM is killed when its grace is over, and holds up nothing else', async () => {
  const deaf = scriptPod(
    'deaf',
    "trap '' TERM; while :; do sleep 1; done",
    {},
    { terminationGracePeriodSeconds: 3 },
  )
  await world.commit(commitOf(deaf))
  await shown('deaf', ({ status }) => status.phase === 'Running')
  const next = scriptPod('next', LONG)
  await world.commit(commitOf(next))
  await shown('next', ({ status }) => status.phase === 'Running')
  await eventually(
    () => world.pods(),
    (pods) => !pods.some(({ metadata }) => metadata.name === 'deaf'),
  )
})

test('a pod of 50 containers comes and goes', async () => {
  const containers = Array.from({ length: 50 }, (_, index) => sh('sleep 3600', { name: `c${index}` }))
  await world.commit(commitOf(pod('many', { containers })))
  const found = await shown('many', ({ status }) => isReady(status.conditions))
  expect(await containersOf(found.metadata.uid)).toHaveLength(50)
  await world.commit(commitOf())
  await eventually(
    () => runningContainers(world.root),
    (running) => running.length === 2,
  )
}, 120_000)
