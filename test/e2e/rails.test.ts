import { expect, test } from 'vitest'
import { runningContainers } from '../support/containers.ts'
import { DaemonProcess } from '../support/daemon.ts'
import type { World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'

let world: World

ownWorld(
  (own) => {
    world = own
  },
  { sync: { rollback: true } },
)

function pod(name: string, seconds = 1000, annotations = '{}'): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, annotations: ${annotations}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: "busybox:1.36", command: [sleep, "${seconds}"]}]
`
}

function deployment(name: string, image: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  progressDeadlineSeconds: 4
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: "${image}", command: [sleep, "2000"]}]
`
}

async function pids(): Promise<readonly number[]> {
  return (await runningContainers(world.root)).map(({ pid }) => pid).toSorted((a, b) => a - b)
}

/** As people call it: without anything that lets a commit pass. */
function once() {
  return world.run('--once', '--repo', world.repo)
}

async function applied(): Promise<void> {
  const run = await once()
  expect(run, run.stderr).toMatchObject({ exitCode: 0 })
}

/** What the history of Events knows of this object. */
async function reasonsOf(object: string): Promise<readonly string[]> {
  const { stdout } = await world.run('events', '-o', 'json', '--for', object)
  return JSON.parse(stdout).items.map(({ reason }: { readonly reason: string }) => reason)
}

test('deleting every manifest deletes nothing until it is approved, and then what may be pruned', async () => {
  await world.commit({
    'a.yaml': pod('a'),
    'b.yaml': pod('b'),
    'kept.yaml': pod('kept', 1000, '{reconcile.dev/prune: "false"}'),
  })
  await applied()
  const before = await pids()
  expect(before).toHaveLength(3)

  const empty = await world.commit({})
  const held = await once()
  expect(held, held.stderr).toMatchObject({ exitCode: 1 })
  expect(held.stderr).toContain('the commit has no objects at all')
  expect(held.stderr).toContain('it would delete 2 objects:\n  Pod default/a\n  Pod default/b\n')
  expect(await pids()).toEqual(before)
  const plan = await world.run('plan', '--repo', world.repo)
  expect(plan.stdout).toContain(`commit ${empty.slice(0, 12)} is held`)
  const json = await world.run('--once', '--repo', world.repo, '-o', 'json')
  expect(json.exitCode).toBe(1)
  expect(JSON.parse(json.stdout)).toMatchObject({
    outcome: 'held',
    commit: empty,
    objects: ['Pod/default/a', 'Pod/default/b'],
  })

  const wrong = await world.run('approve', 'ffffffff')
  expect(wrong).toMatchObject({ exitCode: 1 })
  expect(wrong.stderr).toContain(`the one that is held is ${empty.slice(0, 12)}`)
  const approved = await world.run('approve', empty.slice(0, 8))
  expect(approved, approved.stderr).toMatchObject({ exitCode: 0 })
  expect(await pids()).toEqual(before)
  expect(await reasonsOf('cluster/e2e')).toEqual(expect.arrayContaining(['CommitHeld', 'CommitApproved']))
  await applied()
  const after = await pids()
  expect(after).toHaveLength(1)
  expect(before).toEqual(expect.arrayContaining([...after]))
  const status = await world.run('status', '--repo', world.repo)
  expect(status.stdout).toContain(
    'Pod default/kept: no longer in the repository, kept because of reconcile.dev/prune: "false"',
  )
})

test('--approve allows at once what the rails hold, and says what it deletes', async () => {
  await world.commit({ 'a.yaml': pod('a'), 'kept.yaml': pod('kept') })
  await applied()
  await world.commit({})
  const allowed = await world.run('--once', '--approve', '--repo', world.repo)
  expect(allowed, allowed.stderr).toMatchObject({ exitCode: 0 })
  expect(allowed.stderr).toContain('--approve: deletes Pod default/a')
  expect(await pids()).toEqual([])
})

test('what is suspended is left alone while others follow the repository, until it is resumed', async () => {
  await world.commit({ 'a.yaml': pod('a', 1001), 'b.yaml': pod('b', 1001) })
  await applied()
  const before = await runningContainers(world.root)
  const suspended = await world.run('suspend', 'pod/a')
  expect(suspended, suspended.stderr).toMatchObject({ exitCode: 0 })
  expect((await world.run('suspend', 'pod/other')).stderr).toContain('there is no Pod default/other')

  await world.commit({ 'a.yaml': pod('a', 1002), 'b.yaml': pod('b', 1002) })
  const run = await once()
  expect(run, run.stderr).toMatchObject({ exitCode: 0 })
  const now = await runningContainers(world.root)
  expect(now.map(({ command }) => command).toSorted()).toEqual(['sleep 1001', 'sleep 1002'])
  const stayed = now.find(({ command }) => command === 'sleep 1001')
  expect(before.map(({ pid }) => pid)).toContain(stayed?.pid)
  const status = await world.run('status', '--repo', world.repo)
  expect(status.stdout).toMatch(/^Pod default\/a: suspended .* ago; would /m)

  expect((await world.run('resume', 'pod/a')).exitCode).toBe(0)
  expect(await reasonsOf('pod/a')).toEqual(expect.arrayContaining(['Suspended', 'Resumed']))
  await applied()
  const commands = (await runningContainers(world.root)).map(({ command }) => command)
  expect(commands).toEqual(['sleep 1002', 'sleep 1002'])
})

test('a rollout that is out of time keeps the old pods, and the engine goes back and stays until the branch moves', async () => {
  const good = await world.commit({ 'web.yaml': deployment('web', 'busybox:1.36'), 'b.yaml': pod('b', 1002) })
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === good, { limitMs: 40_000 })
  const before = await pids()
  const bad = await world.commit({ 'web.yaml': deployment('web', 'nothing:1'), 'b.yaml': pod('b', 1003) })
  await daemon.until(
    (line) => line.message.includes('ROLLED BACK') && line.message.includes(bad.slice(0, 12)),
  )
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === good, {
    from: daemon.lines.findIndex((line) => line.message.includes('ROLLED BACK')),
  })
  const containers = await runningContainers(world.root)
  expect(containers.map(({ command }) => command).toSorted()).toEqual(['sleep 1002', 'sleep 2000'])
  const web = containers.find(({ command }) => command === 'sleep 2000')
  expect(before).toContain(web?.pid)

  const beside = await once()
  expect(beside.exitCode).toBe(1)
  expect(await pids()).toEqual(containers.map(({ pid }) => pid).toSorted((a, b) => a - b))
  const next = await world.commit({ 'web.yaml': deployment('web', 'busybox:1.36'), 'b.yaml': pod('b', 1004) })
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === next)
  expect(await daemon.end()).toBe(0)
})
