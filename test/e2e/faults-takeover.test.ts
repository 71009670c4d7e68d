import { execa } from 'execa'
import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runningContainers } from '../support/containers.ts'
import { DaemonProcess } from '../support/daemon.ts'
import { type World, eventually } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { rootIdOf } from '../support/machine.ts'
import { containerOf, files, logs, pod, scriptPod, sh } from '../support/pods.ts'

let world: World
let run: string

const SOURCES = new URL('../../', import.meta.url).pathname
const ALWAYS = { restartPolicy: 'Always' }

ownWorld(
  (own) => {
    world = own
    run = `/run/reconcile/${rootIdOf(world.root)}`
  },
  { cluster: 'takeover', sync: { maxDeletePercent: 100 } },
)

/** Another version: its hook is another one, too. */
function anotherVersion(name: string): string {
  const folder = join(world.folder, name)
  for (const each of ['engine', 'package.json'])
    cpSync(join(SOURCES, each), join(folder, each), { recursive: true })
  symlinkSync(join(SOURCES, 'node_modules'), join(folder, 'node_modules'))
  appendFileSync(join(folder, 'engine/runtimes/oci/hook/hook.sh'), `# ${name}\n`)
  return join(folder, 'engine/main.ts')
}

/** Those that have come as far as their own command: until then it is the runtime's process. */
async function pids(): Promise<readonly number[]> {
  const running = await runningContainers(world.root)
  return running.filter(({ command }) => command.includes('sleep')).map(({ pid }) => pid)
}

test('a new version takes over without touching a container, and what an older one has started is still restarted by its hook', async () => {
  await world.commit(
    files(scriptPod('one', 'sleep 3600', {}, ALWAYS), scriptPod('two', 'sleep 3600', {}, ALWAYS)),
  )
  await using before = new DaemonProcess(world)
  await before.until(({ message }) => message.includes('is healthy'))
  const running = await pids()
  expect(running).toHaveLength(2)
  await before.end('SIGKILL')
  world.engine = anotherVersion('next')
  await using after = new DaemonProcess(world)
  await after.until(({ message }) => message.includes('is healthy'))
  expect(await pids()).toEqual(running)
  await eventually(
    async () => readdirSync(join(world.root, 'hook')),
    (hooks) => hooks.length === 2,
  )
  // Its monitor was given the older version's hook.
  const [victim = 0, other = 0] = running
  process.kill(victim, 'SIGKILL')
  const now = await eventually(pids, (all) => all.length === 2 && !all.includes(victim))
  expect(now).toContain(other)
  expect(await after.end()).toBe(0)
  expect(await pids()).toEqual(now)
  // And back.
  world.engine = join(SOURCES, 'engine/main.ts')
  expect((await world.once()).stdout).toContain('nothing changed')
  expect(await pids()).toEqual(now)
}, 120_000)

/**
 * What a reboot does to a machine, as far as it can be done to one root: no process, mount, link or address is left, nor anything on the tmpfs, and
 * the records speak of another boot.
 */
async function reboot(): Promise<void> {
  const conmons = (await execa('pgrep', ['-f', `conmon.*${world.root}`])).stdout.split('\n').map(Number)
  for (const pid of conmons) process.kill(pid, 'SIGKILL')
  for (const { pid } of await runningWithout(conmons)) process.kill(pid, 'SIGKILL')
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .filter((path) => path === run || path.startsWith(`${run}/`) || path.startsWith(`${world.root}/`))
  await execa('umount', ['--lazy', ...mounted.toReversed()])
  rmSync(run, { recursive: true, force: true })
  await execa('ip', ['link', 'delete', `rc-${rootIdOf(world.root)}`])
  await execa('nft', ['delete', 'table', 'ip', `reconcile-${rootIdOf(world.root)}`])
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  const started = (await execa('grep', ['-rl', `boot=${boot}`, join(world.root, 'pods')])).stdout.split('\n')
  for (const file of started) writeFileSync(file, readFileSync(file, 'utf8').replace(boot, 'before'))
}

/** Processes in the groups of the root's pods. */
async function runningWithout(monitors: readonly number[]) {
  const group = `/reconcile-${rootIdOf(world.root)}/pod`
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && !monitors.includes(Number(name)))
    .filter(
      (pid) =>
        existsSync(`/proc/${pid}/cgroup`) && readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(group),
    )
    .map((pid) => ({ pid: Number(pid) }))
}

test('after a reboot everything comes back by itself: claims and disks with their data, init containers again, what must not run twice failed', async () => {
  const volume = { name: 'data', persistentVolumeClaim: { claimName: 'data' } }
  const mount = { volumeMounts: [{ name: 'data', mountPath: '/data' }] }
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  }
  const stateful = pod('stateful', {
    ...ALWAYS,
    volumes: [volume],
    initContainers: [sh('echo init >> /data/log', { name: 'setup', ...mount })],
    containers: [sh('cat /data/log; sleep 3600', mount)],
  })
  const commit = files(claim, stateful, scriptPod('once', 'sleep 3600'))
  await world.commit(commit)
  expect((await world.once()).exitCode).toBe(0)
  const before = (await world.pod('stateful')).metadata.uid
  await reboot()
  expect(await pids()).toEqual([])
  await using daemon = new DaemonProcess(world)
  await daemon.until(({ message }) => message.includes('pod default/stateful is ready'))
  const stateful2 = await world.pod('stateful')
  expect(stateful2.metadata.uid).toBe(before)
  expect(containerOf(stateful2).lastState?.['terminated']).toMatchObject({
    exitCode: 255,
    message: 'the node was restarted while the container ran',
  })
  expect(await logs(world, 'stateful')).toBe('init\ninit')
  const once = await eventually(
    () => world.pod('once'),
    ({ status }) => status.phase === 'Failed',
  )
  expect(once.status.message).toContain('lost its sandbox')
  expect(await pids()).toHaveLength(1)
  expect(await daemon.end()).toBe(0)
}, 120_000)

test('layers of an image removed under a running container: they are pulled again, and it is started anew', async () => {
  await world.commit(files(scriptPod('layered', 'sleep 3600', {}, ALWAYS)))
  await using daemon = new DaemonProcess(world)
  await daemon.until(({ message }) => message.includes('pod default/layered is ready'))
  const before = await pids()
  const layers = join(world.root, 'layers')
  for (const name of readdirSync(layers)) rmSync(join(layers, name), { recursive: true })
  daemon.signal('SIGTERM')
  await eventually(
    async () => daemon.isRunning,
    (isRunning) => !isRunning,
  )
  await using next = new DaemonProcess(world)
  await next.until(({ message }) => /layers of image .* are gone: it was pulled again/.test(message))
  const after = await eventually(pids, (all) => all.length === 1 && all[0] !== before[0])
  expect(readdirSync(layers)).not.toEqual([])
  expect((await world.run('exec', 'layered', '--', 'ls', '/bin/busybox')).exitCode).toBe(0)
  expect(await pids()).toEqual(after)
  expect(await next.end()).toBe(0)
}, 120_000)
