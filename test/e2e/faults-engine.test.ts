import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { processesOf, runningContainers } from '../support/containers.ts'
import { DaemonProcess, lineText } from '../support/daemon.ts'
import { eventually, type World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { machineTraces, rootIdOf } from '../support/machine.ts'
import { sleeper, sleeperYaml, workload } from '../support/manifests.ts'
import { files } from '../support/pods.ts'
import { Random } from '../support/random.ts'

let world: World

ownWorld(
  (own) => {
    world = own
  },
  { sync: { resyncIntervalSeconds: 5, pollIntervalSeconds: 5 } },
)

/** RECONCILE_KILLS=200 runs it at length, RECONCILE_SEED=N at the same moments again. */
const KILLS = Number(process.env['RECONCILE_KILLS'] ?? 12)
const SEED = Number(process.env['RECONCILE_SEED'] ?? 20261121)
/** A start and most of a rollout; the kills are spread over it. */
const SPREAD_MS = 2_500
const REPLICAS = 3

function web(version: number): Readonly<Record<string, string>> {
  const ready = { readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 } }
  const containers = [sleeper(10_000 + version, ready)]
  return files(workload('Deployment', 'web', { containers }, { replicas: REPLICAS }))
}

function pod(name: string, seconds: number): string {
  return sleeperYaml(name, { seconds })
}

async function pidOf(command: string): Promise<number> {
  const found = (await runningContainers(world.root)).find((one) => one.command === command)
  if (found === undefined) throw new Error(`${command} does not run`)
  return found.pid
}

test(
  'an engine that is killed at random moments under a repository that changes loses nothing, starts nothing twice and disturbs nobody',
  async () => {
    const random = new Random(SEED)
    await world.commit({ 'steady.yaml': pod('steady', 50_000), ...web(0) })
    const first = await world.once()
    expect(first, first.stderr).toMatchObject({ exitCode: 0 })
    const steady = await pidOf('sleep 50000')
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const daemon = new DaemonProcess(world)
      if (random.next() < 0.7) await world.commit({ 'steady.yaml': pod('steady', 50_000), ...web(kill) })
      await new Promise((resolve) => setTimeout(resolve, random.next() * SPREAD_MS))
      await daemon.end('SIGKILL')
    }
    const last = await world.commit({ 'steady.yaml': pod('steady', 50_000), ...web(9_999) })
    await using daemon = new DaemonProcess(world)
    await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === last)
    const expected = [...Array.from({ length: REPLICAS }, () => 'sleep 19999'), 'sleep 50000']
    await eventually(
      async () => processesOf(world.root).filter((command) => command.startsWith('sleep ')),
      (commands) => JSON.stringify(commands) === JSON.stringify(expected),
    )
    expect(await pidOf('sleep 50000'), `seed ${SEED}`).toBe(steady)
    const pods = await world.pods()
    expect(pods.map(({ status }) => status.containerStatuses?.[0]?.restartCount)).toEqual([0, 0, 0, 0])
    expect(nothingLeft(REPLICAS + 1), `seed ${SEED}`).toEqual({})
    expect(daemon.lines.filter(({ message }) => message.includes('a bug'))).toEqual([])
  },
  KILLS * 4_000 + 120_000,
)

/** What there is more of than so many pods account for. */
function nothingLeft(pods: number): Readonly<Record<string, number>> {
  const run = `/run/reconcile/${rootIdOf(world.root)}`
  const { cgroups, links, mounts } = machineTraces(world.root)
  const counts = {
    overlays: [mounts.filter((mount) => mount.includes('overlay')).length, pods],
    namespaces: [mounts.filter((mount) => mount.includes(' nsfs ')).length, 3 * pods],
    links: [links.length, 1 + pods],
    runFolders: [readdirSync(join(run, 'pods')).length, pods],
    runtimeStates: [readdirSync(join(run, 'runtime')).length, pods],
    folders: [readdirSync(join(world.root, 'pods')).length, pods],
    groups: [
      Math.max(...cgroups.map((group) => readdirSync(group).filter((name) => name.startsWith('pod')).length)),
      pods,
    ],
  } as const
  return Object.fromEntries(
    Object.entries(counts).flatMap(([what, [found, expected]]) =>
      found === expected ? [] : [[what, found - expected]],
    ),
  )
}

test('500 manifests broken in one commit change nothing, the first of them are in the log and all in validate, and the next commit is applied', async () => {
  await world.commit({ 'steady.yaml': pod('steady', 50_001) })
  // It has less than half of what ran before, which is meant so.
  const first = await world.once()
  expect(first, first.stderr).toMatchObject({ exitCode: 0 })
  await using daemon = new DaemonProcess(world)
  const before = await pidOf('sleep 50001')
  const broken = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [
      `many/${index}.yaml`,
      pod(`p${index}`, index).replace('image:', 'imgae:'),
    ]),
  )
  const commit = await world.commit({ 'steady.yaml': pod('steady', 50_001), ...broken })
  await daemon.until((line) => line.reason === 'CommitRefused' && line.commit === commit)
  const told = await daemon.until(({ message }) => message.includes('unknown field'))
  expect(told.message).toMatch(/many\/0\.yaml:7:\d+: .*imgae/)
  // A log is no place for a thousand lines of one kind.
  await daemon.until(({ message }) => /^and \d+ more; reconcile validate shows all$/.test(message))
  const validated = await world.run('validate', '--repo', world.repo, '-o', 'json')
  expect(validated.exitCode).toBe(3)
  for (let index = 0; index < 500; index += 1) expect(validated.stdout).toContain(`"many/${index}.yaml"`)
  expect(await pidOf('sleep 50001')).toBe(before)
  const status = await world.run('status', '--repo', world.repo)
  expect(status.stdout + status.stderr).toContain(`REFUSED: commit ${commit.slice(0, 12)}`)

  const next = await world.commit({ 'steady.yaml': pod('steady', 50_001), 'more.yaml': pod('more', 50_002) })
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === next)
  expect(await pidOf('sleep 50001')).toBe(before)
})

test('a repository that is corrupt, or gone, stops nothing; what is killed meanwhile comes back; and it is followed again', async () => {
  const one = await world.commit({ 'steady.yaml': pod('steady', 50_003), 'more.yaml': pod('more', 50_004) })
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === one)

  const two = await world.commit({ 'steady.yaml': pod('steady', 50_003), 'more.yaml': pod('more', 50_005) })
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === two)
  // The object that the branch is at next is not one: as after a crash of the machine.
  const from = daemon.lines.length
  const next = await world.commit({ 'steady.yaml': pod('steady', 50_003) })
  const object = join(world.repo, '.git/objects', next.slice(0, 2), next.slice(2))
  const good = readFileSync(object)
  rmSync(object)
  writeFileSync(object, 'no object')
  await daemon.until((line) => line.level !== 'info' && /repository/.test(line.message), { from })

  const steady = await pidOf('sleep 50003')
  process.kill(steady, 'SIGKILL')
  await daemon.until((line) => line.reason === 'Started' && line.pod === 'default/steady', { from })

  rmSync(object)
  writeFileSync(object, good)
  const then = await world.commit({ 'steady.yaml': pod('steady', 50_003), 'more.yaml': pod('more', 50_006) })
  const last = await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === then)
  expect(lineText(last)).toContain(then.slice(0, 12))
  expect(await pidOf('sleep 50006')).toBeGreaterThan(0)
})
