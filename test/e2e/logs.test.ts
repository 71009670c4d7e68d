import { execa } from 'execa'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { DaemonProcess } from '../support/daemon.ts'
import { eventually, type World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import type { Registry } from '../support/registry.ts'

let registry: Registry
let world: World

function cluster(): string {
  return `apiVersion: reconcile.dev/v1
kind: Cluster
metadata: {name: e2e}
spec:
  podCIDR: ${world.ranges.podCIDR}
  registries: {mirrors: {docker.io: ["${registry.url}"]}}
  sync: {maxDeletePercent: 100}
  containerLogMaxSize: 1536Ki
  containerLogMaxFiles: 4
`
}

function pod(name: string, command: string, more = ''): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name.split('-')[0] ?? ''}}}
spec:
  terminationGracePeriodSeconds: 0
${more}  containers:
    - name: main
      image: busybox:1.36
      command: ["sh", "-c", ${JSON.stringify(command)}]
`
}

/** 100 lines every hundredth of a second. */
const CHATTER =
  'i=0; while :; do i=$((i+1)); echo "line $i some text, as long as that of a program that tells all it does"; [ $((i % 100)) != 0 ] || usleep 10000; done'

const STEADY = `${pod('steady', 'echo up > /tmp/index.html; exec httpd -f -p 8080 -h /tmp')}      readinessProbe: {httpGet: {port: 8080, path: /}, periodSeconds: 1, failureThreshold: 1}
`

ownWorld((own, its) => {
  world = own
  registry = its
})

function logBytes(uid: string): number {
  const attempt = join(world.root, 'pods', uid, 'containers/main/0')
  const files = readdirSync(attempt).flatMap((name) => {
    const status = name.startsWith('log')
      ? statSync(join(attempt, name), { throwIfNoEntry: false })
      : undefined
    return status === undefined ? [] : [[status.ino, status.size] as const]
  })
  return [...new Map(files).values()].reduce((sum, size) => sum + size, 0)
}

function residentKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/** Lines of a command as they come; the command goes on until it is ended. */
class Following {
  readonly lines: string[] = []
  readonly #process: ReturnType<World['start']>

  constructor(...args: readonly string[]) {
    this.#process = world.start('logs', '-f', ...args)
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.lines.push(line))
  }

  async until(satisfies: (lines: readonly string[]) => boolean): Promise<void> {
    await eventually(async () => this.lines, satisfies)
  }

  async end(signal?: 'SIGINT') {
    if (signal !== undefined) this.#process.kill(signal)
    const { exitCode, stderr } = await this.#process
    return { exitCode, stderr }
  }
}

test('10,000 lines a second are followed without a gap, and disturb neither the pod beside nor the engine', async () => {
  await world.commit({ 'cluster.yaml': cluster(), 'steady.yaml': STEADY })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  await using daemon = new DaemonProcess(world)
  await world.commit({
    'cluster.yaml': cluster(),
    'steady.yaml': STEADY,
    'chatter.yaml': pod('chatter', CHATTER),
  })
  await eventually(
    () => world.run('logs', '--tail', '1', 'chatter'),
    ({ exitCode }) => exitCode === 0,
  )
  const before = (await world.pod('steady')).status.conditions
  const following = new Following('chatter')
  await following.until((lines) => lines.length > 1000)
  const resident = residentKib(daemon.pid ?? 0)
  await following.until((lines) => lines.length > 40_000)
  expect(residentKib(daemon.pid ?? 0)).toBeLessThan(resident + 32 * 1024)
  await following.end('SIGINT')
  const numbers = following.lines.map((line) => Number(line.split(' ', 2)[1]))
  const [first = 0] = numbers
  expect(numbers).toEqual(numbers.map((_number, index) => first + index))
  const { metadata, status } = await world.pod('chatter')
  expect(logBytes(metadata.uid)).toBeLessThanOrEqual(5 * 1536 * 1024)
  expect(status.containerStatuses?.[0]?.restartCount).toBe(0)
  expect((await world.pod('steady')).status.conditions).toEqual(before)
  expect(daemon.lines.filter(({ level }) => level === 'error')).toEqual([])
}, 60_000)

test('a log is followed from one run to the next, and what was written before can be asked for', async () => {
  // What docker reads from both pipes at the same time may change places.
  const command = 'echo begun; sleep 0.2; echo oops >&2; sleep 0.5; exit 3'
  await world.commit({ 'cluster.yaml': cluster(), 'restless.yaml': pod('restless', command) })
  await using _daemon = new DaemonProcess(world)
  await eventually(
    () => world.run('logs', 'restless'),
    ({ exitCode }) => exitCode === 0,
  )
  const following = new Following('restless')
  await following.until((lines) => lines.filter((line) => line === 'begun').length === 2)
  const previous = await world.run('logs', '--previous', '--timestamps', '--tail', '1', 'restless')
  expect(previous.stdout).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z oops$/)
  expect((await world.run('logs', '--previous', '--since', '1ms', 'restless')).stdout).toBe('')
  // The attempt that runs now may have begun just now.
  await eventually(
    () => world.run('logs', '--since-time', '2020-01-01T00:00:00Z', 'restless'),
    ({ stdout }) => stdout.includes('oops'),
  )
  await world.commit({ 'cluster.yaml': cluster(), 'other.yaml': pod('other', 'exec sleep 1000') })
  const { exitCode, stderr } = await following.end()
  expect(exitCode).toBe(0)
  expect(stderr).toContain('ended with exit code 3: what follows is its run ')
  expect(stderr).toMatch(/has gone|has ended/)
}, 60_000)

test('logs of several pods have a prefix each, pods that come are followed too, and a reader that leaves ends it quietly', async () => {
  const talk = (name: string) => pod(name, `echo hello from ${name}; exec sleep 1000`)
  const ticker = { 'ticker.yaml': pod('ticker', 'while :; do echo tick; sleep 0.2; done') }
  await world.commit({ 'cluster.yaml': cluster(), ...ticker, 'one.yaml': talk('web-one') })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  await using _daemon = new DaemonProcess(world)
  const following = new Following('-l', 'app=web', '--prefix')
  await following.until((lines) => lines.includes('[pod/web-one/main] hello from web-one'))
  await world.commit({
    'cluster.yaml': cluster(),
    ...ticker,
    'one.yaml': talk('web-one'),
    'two.yaml': talk('web-two'),
  })
  await following.until((lines) => lines.includes('[pod/web-two/main] hello from web-two'))
  expect(following.lines).toHaveLength(2)
  expect(await following.end('SIGINT')).toMatchObject({ exitCode: 130 })
  const both = await world.run('logs', '-l', 'app=web')
  expect(both.stdout).toBe('hello from web-one\nhello from web-two')
  const main = new URL('../../engine/main.ts', import.meta.url).pathname
  const piped = await execa('bash', [
    '-c',
    'set -o pipefail; "$0" --root "$1" logs -f ticker | head -n 1',
    main,
    world.root,
  ])
  expect([piped.stdout, piped.stderr]).toEqual(['tick', ''])
}, 60_000)
