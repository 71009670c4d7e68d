import { expect, onTestFinished, test } from 'vitest'
import { syncMemory } from '../../engine/api/sync.ts'
import { calm } from '../../engine/runtimes/simulated/weather.ts'
import { workload } from '../support/manifests.ts'
import { Place, podYaml, type Running, start } from './simulated.ts'

function begin(place: Place): Running {
  const running = start(place)
  onTestFinished(() => running.end().catch(() => undefined))
  return running
}

const CLUSTER = `apiVersion: reconcile.dev/v1
kind: Cluster
metadata: {name: default}
spec: {sync: {rollback: true}}
`

/** So many cores are on no node: a rollout to it ends with its deadline. */
const FAR_TOO_MUCH = '1000'

function web(cpu: string): string {
  const container = { name: 'main', image: 'busybox:1', command: ['sleep', '1000'] }
  const containers = [{ ...container, resources: { requests: { cpu } } }]
  return JSON.stringify(workload('Deployment', 'web', { containers }, { progressDeadlineSeconds: 60 }))
}

function files(cpu: string, ...pods: readonly string[]): Record<string, string> {
  const others = pods.map((name) => [`${name}.yaml`, podYaml(name)])
  return { 'cluster.yaml': CLUSTER, 'web.yaml': web(cpu), ...Object.fromEntries(others) }
}

/** A healthy commit, and one whose rollout is out of time. */
async function failing(
  place: Place,
  more: readonly string[] = [],
): Promise<{ readonly running: Running; readonly good: string; readonly bad: string }> {
  const good = place.repository.commit(files('10m', 'a'))
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy' && event.commit === good)
  const bad = place.repository.commit(files(FAR_TOO_MUCH, 'a', ...more))
  running.daemon.nudge()
  return { running, good, bad }
}

test('a commit whose rollout is out of time is gone back from, with words, and what it brought goes with it', async () => {
  const place = new Place()
  const { running, good, bad } = await failing(place, ['b'])
  const event = await running.until(({ kind }) => kind === 'rolledBack')
  expect(event).toMatchObject({ from: bad, to: good, objects: ['Deployment/default/web'] })
  expect(event).toHaveProperty('reason', expect.stringContaining('ProgressDeadlineExceeded'))
  await running.until((later) => later.kind === 'commitHealthy' && later.at > event.at)
  expect(running.pods()).toEqual(['a', expect.stringMatching(/^web-/)])
  expect(running.daemon.state()).toMatchObject({
    applied: { commit: good },
    seen: { commit: bad },
    rollback: { from: bad, to: good },
  })
  expect(running.daemon.standing()).toMatchObject({ kind: 'rolledBack' })
  expect(place.record()?.appliedCommit).toBe(good)
})

test('it stays there, also through a restart, until the branch moves', async () => {
  const place = new Place()
  const { running, good, bad } = await failing(place)
  await running.until(({ kind }) => kind === 'rolledBack')
  const pods = running.pods()
  await running.end()
  const next = begin(place)
  await next.until((event) => event.kind === 'looked' && event.commit === bad)
  await place.world.clock.runFor(1_000_000)
  expect(next.told()).not.toContain('commitApplied 2')
  expect(next.events.map(({ kind }) => kind)).not.toContain('rolledBack')
  expect(next.daemon.standing()).toMatchObject({ kind: 'rolledBack' })
  expect(place.record()?.appliedCommit).toBe(good)
  expect(next.pods()).toEqual(expect.arrayContaining([...pods].filter((name) => name === 'a')))

  const mended = place.repository.commit(files('20m', 'a'))
  next.daemon.nudge()
  await next.until((event) => event.kind === 'commitHealthy' && event.commit === mended)
  expect(next.daemon.state().rollback).toBeUndefined()
})

test('an engine that is killed while it goes back goes back again', async () => {
  const place = new Place()
  const { running, good, bad } = await failing(place)
  await running.until((event) => event.kind === 'commitApplied' && event.commit === bad)
  place.notReady = new Error('the disk is full')
  await place.world.clock.runFor(100_000)
  expect(running.events.map(({ kind }) => kind)).not.toContain('rolledBack')
  expect(place.world.log.map(({ message }) => message).join('\n')).toContain('the disk is full')
  await running.end()
  place.notReady = undefined
  const next = begin(place)
  await next.until(({ kind }) => kind === 'rolledBack')
  expect(place.record()?.appliedCommit).toBe(good)
})

test('going back that would delete too much is not done, and told once with what it would delete', async () => {
  const place = new Place()
  const { running } = await failing(place, ['b', 'c', 'd', 'e', 'f'])
  await place.world.clock.runFor(600_000)
  expect(running.events.map(({ kind }) => kind)).not.toContain('rolledBack')
  const told = place.world.log.filter(({ message }) => message.includes('would delete too much'))
  expect(told).toHaveLength(1)
  expect(told[0]?.message).toContain('Pod default/b')
  expect(running.pods()).toHaveLength(7)
})

test('without the setting a rollout that is out of time stays as it is, with the old pod', async () => {
  const place = new Place()
  const good = place.repository.commit({
    ...files('10m', 'a'),
    'cluster.yaml': CLUSTER.replace('true', 'false'),
  })
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy' && event.commit === good)
  const pods = running.pods()
  const bad = place.repository.commit({
    ...files(FAR_TOO_MUCH, 'a'),
    'cluster.yaml': CLUSTER.replace('true', 'false'),
  })
  running.daemon.nudge()
  await running.until((event) => event.kind === 'commitApplied' && event.commit === bad)
  await place.world.clock.runFor(600_000)
  expect(place.record()?.appliedCommit).toBe(bad)
  expect(running.pods()).toEqual(pods)
})

test('what was held once cannot be approved any more when the branch has moved on, to whatever', async () => {
  const place = new Place()
  place.repository.commit(files('10m', 'a'))
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  const empty = place.repository.commit({ 'cluster.yaml': CLUSTER })
  running.daemon.nudge()
  await running.until((event) => event.kind === 'commitHeld' && event.commit === empty)
  place.repository.commit({ 'x.yaml': 'kind: Pod' })
  running.daemon.nudge()
  await running.until((event) => event.kind === 'commitRefused')
  const answer = place.world.clock.runUntil(running.daemon.approve(empty))
  expect(await answer).toEqual({ kind: 'refused', message: 'no commit is held' })
  expect(running.pods()).toHaveLength(2)
})

test('which commit was healthy last comes on record also where the disk was full when it became so', async () => {
  const place = new Place()
  const commit = place.repository.commit({ 'cluster.yaml': CLUSTER, 'a.yaml': podYaml('a') })
  const running = begin(place)
  await running.until((event) => event.kind === 'commitApplied')
  place.weather = (verb) => ({ latencyMs: 1, fault: verb === 'writeObjectRecord' ? 'refused' : 'none' })
  const lastHealthy = () => syncMemory(place.world.node.objectRecords).lastHealthy?.commit
  await running.until((event) => event.kind === 'commitHealthy')
  await place.world.clock.runFor(120_000)
  expect(lastHealthy()).toBeUndefined()
  const said = place.world.log.filter(({ message }) => message.includes('is healthy is not on record yet'))
  expect(said).toHaveLength(1)
  place.weather = calm
  await place.world.clock.runFor(60_000)
  expect(lastHealthy()).toBe(commit)
  expect(running.told().filter((event) => event.startsWith('commitHealthy'))).toHaveLength(1)
})
