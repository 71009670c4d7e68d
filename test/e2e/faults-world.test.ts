import { execa } from 'execa'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { runningContainers } from '../support/containers.ts'
import { DaemonProcess } from '../support/daemon.ts'
import { World } from '../support/engine.ts'
import { sleeperYaml } from '../support/manifests.ts'
import type { BuiltImage } from '../../scripts/images/build.ts'
import { busyboxLayer } from '../../scripts/images/busybox.ts'
import { buildImage, type Registry, startRegistry } from '../support/registry.ts'
import { startUnreliable, type Unreliable, type Weather } from '../support/unreliable.ts'

let registry: Registry
let way: Unreliable

beforeAll(async () => {
  registry = await startRegistry()
  await registry.push('library/large:1', largeImage())
  way = await startUnreliable(registry.url)
})

afterAll(async () => {
  await way[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

/** Longer than what goes through in one piece. */
function largeImage(): BuiltImage {
  const content = randomBytes(1024 * 1024)
  const entries = [...busyboxLayer(), { path: 'large', kind: 'file', mode: 0o644, content } as const]
  return buildImage({ layers: [{ entries }], config: {} })
}

const PROBED = { more: ', readinessProbe: {exec: {command: ["true"]}, periodSeconds: 1}' }

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'reconcile-faults-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function pids(world: World): Promise<readonly number[]> {
  return (await runningContainers(world.root)).map(({ pid }) => pid)
}

test('with a full disk what runs goes on and is told so; with room again everything comes to be', async () => {
  const small = folder()
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'reconcile-test', small])
  onTestFinished(async () => void (await execa('umount', ['--lazy', small])))
  const world = await World.create({
    registry: registry.url,
    root: join(small, 'root'),
    sync: { resyncIntervalSeconds: 5 },
  })
  const filler = join(small, 'filler')
  try {
    const first = await world.commit({
      'a.yaml': sleeperYaml('a', PROBED),
    })
    await using daemon = new DaemonProcess(world)
    await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === first)
    const before = await pids(world)

    await execa('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k'], { reject: false })
    const from = daemon.lines.length
    const second = await world.commit({
      'a.yaml': sleeperYaml('a', PROBED),
      'b.yaml': sleeperYaml('b'),
    })
    await daemon.until(({ message }) => /no space left on device|disk is full/.test(message), { from })
    expect(await pids(world)).toEqual(before)
    expect(daemon.lines.slice(from).filter(({ message }) => message.includes('a bug'))).toEqual([])

    rmSync(filler)
    await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === second, { from })
    expect(await pids(world)).toEqual(expect.arrayContaining([...before]))
    expect(
      daemon.lines.slice(from).filter(({ reason, pod }) => reason === 'NotReady' && pod === 'default/a'),
    ).toEqual([])
  } finally {
    rmSync(filler, { force: true })
    await world[Symbol.asyncDispose]()
  }
})

const BAD: readonly (readonly [weather: Weather, image: string, reason: string])[] = [
  ['down', 'reconcile/web:1', 'RegistryUnavailable'],
  ['failing', 'reconcile/stopsignal:latest', 'RegistryUnavailable'],
  ['truncating', 'large:1', 'RegistryUnavailable'],
]

test('while the registry is down, failing, slow or cuts layers short, only what needs it waits, and says why; then it is pulled', async () => {
  const world = await World.create({ registry: way.url })
  const first = await world.commit({ 'steady.yaml': sleeperYaml('steady') })
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === first)
  const before = await pids(world)
  way.weather.set('reconcile/user', 'slow')
  for (const [weather, image] of BAD) way.weather.set(image.split(':')[0] ?? '', weather)
  const from = daemon.lines.length
  const commit = await world.commit({
    'steady.yaml': sleeperYaml('steady'),
    'beside.yaml': sleeperYaml('beside'),
    'slow.yaml': sleeperYaml('slow', { image: 'reconcile/user' }),
    ...Object.fromEntries(BAD.map(([name, image]) => [`${name}.yaml`, sleeperYaml(name, { image })])),
  })
  for (const [name, , reason] of BAD) {
    const failed = await daemon.until(
      ({ level, pod: about }) => level !== 'info' && about === `default/${name}`,
      { from },
    )
    expect(failed.reason, failed.message).toBe(reason)
  }
  const readyAt = async (name: string): Promise<number> =>
    daemon.lines.indexOf(
      await daemon.until((line) => line.pod === `default/${name}` && line.reason === 'Ready', { from }),
    )
  // What is here already is not held up by what is far away.
  expect(await readyAt('beside')).toBeLessThan(await readyAt('slow'))
  way.weather.clear()
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === commit, { from })
  expect(await pids(world)).toEqual(expect.arrayContaining([...before]))
})

/** Debian's faketime moves the clock of one process by what stands in a file. */
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'

test('when the clock is stepped an hour forth and back, no pod is restarted or made unready, and commits and restarts go on', async () => {
  const offset = join(folder(), 'offset')
  writeFileSync(offset, '+0\n')
  const world = await World.create({
    registry: registry.url,
    sync: { resyncIntervalSeconds: 5 },
    within: [
      'env',
      `LD_PRELOAD=${FAKETIME}`,
      `FAKETIME_TIMESTAMP_FILE=${offset}`,
      'FAKETIME_NO_CACHE=1',
      'FAKETIME_DONT_FAKE_MONOTONIC=1',
    ],
  })
  const probed = sleeperYaml('probed', PROBED)
  const files: Record<string, string> = { 'probed.yaml': probed, 'plain.yaml': sleeperYaml('plain') }
  const first = await world.commit(files)
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === first)
  const before = await pids(world)
  const from = daemon.lines.length
  for (const [step, hours] of ['+1h', '-1h', '+0'].entries()) {
    writeFileSync(offset, `${hours}\n`)
    files[`step${step}.yaml`] = sleeperYaml(`step${step}`)
    const commit = await world.commit(files)
    await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === commit, { from })
    const here = daemon.lines.length
    const mine = (await runningContainers(world.root)).at(-1)
    if (mine === undefined || before.includes(mine.pid)) throw new Error('the new pod does not run')
    process.kill(mine.pid, 'SIGKILL')
    await daemon.until((line) => line.reason === 'Started' && line.pod === `default/step${step}`, {
      from: here,
    })
  }
  expect(await pids(world)).toEqual(expect.arrayContaining([...before]))
  const unready = daemon.lines
    .slice(from)
    .filter(({ pod: name, reason }) => reason === 'NotReady' && /probed|plain/.test(name ?? ''))
  expect(unready).toEqual([])
})
